"""What the testbed needs of the distribution."""

import os
import shutil
from contextlib import suppress
from typing import Final

from testbed.commands import run, search_path
from testbed.errors import CommandError

PLUGINS: Final = "/usr/lib/cni"
"""Where Debian keeps network plugins."""
_CONTROL_PLANE: Final = {"openssl": "openssl"}
_NODE: Final = {
    "busybox": "busybox-static",
    "containerd": "containerd",
    "ip": "iproute2",
    "nft": "nftables",
    "runc": "runc",
    f"{PLUGINS}/ptp": "containernetworking-plugins",
}
"""The program that tells that a package is there, and the package."""


def missing(*, node: bool) -> list[str]:
    """Return the packages that are not there, after an attempt to install them; empty if none.

    Only root installs, and only where there is apt-get.
    """
    wanted = _CONTROL_PLANE | (_NODE if node else {})
    absent = _absent(wanted)
    if not absent or os.geteuid() or not shutil.which("apt-get"):
        return absent
    with suppress(CommandError):  # no network, perhaps: what is still missing is told
        _install(absent)
    return _absent(wanted)


def _absent(wanted: dict[str, str]) -> list[str]:
    path = search_path()
    return [package for program, package in wanted.items() if not shutil.which(program, path=path)]


def _install(packages: list[str]) -> None:
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    patient = "--option=DPkg::Lock::Timeout=120"
    install = ("apt-get", "install", "--yes", patient, "--no-install-recommends", *packages)
    try:
        run(*install, environ=quiet)
    except CommandError:  # most often the lists are old, or were never fetched
        run("apt-get", "update", environ=quiet)
        run(*install, environ=quiet)
