"""Bringing the testbed up and down."""

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from testbed import (
    binaries,
    certificates,
    control_plane,
    kubeconfigs,
    layout,
    node,
    packages,
    sweeping,
)
from testbed.cluster import Reach, Testbed, components, given, load
from testbed.commands import run
from testbed.errors import TestbedError, UnavailableError
from testbed.images import contents
from testbed.locking import locked

_NOTE: Final = "testbed.json"
"""Written when all is up; a folder without it was left by somebody who was interrupted."""


def up() -> Testbed:
    """Return the cluster, started now if it does not run; what ended by itself is started again.

    Safe to call from several processes at once: they all get the same one.

    Raises:
        UnavailableError: not even a control plane can be had here.
    """
    if found := given():
        return found
    with _alone():
        return _repaired() or _started()


def down() -> None:
    """End the cluster and remove every trace of it but the cache; idempotent."""
    with _alone():
        sweeping.sweep(components(Reach.NODE).values())


def running() -> Testbed | None:
    """Return our cluster if it was brought up and something of it runs."""
    note = layout.state_folder() / _NOTE
    if not note.exists():
        return None
    noted = json.loads(note.read_text())
    found = Testbed(Reach(noted["reach"]), layout.kubeconfig(), noted["shortfall"])
    return found if any(part.pid for part in found.components.values()) else None


@contextmanager
def _alone() -> Generator[None]:
    # The folder itself goes, and a lock file beside it would stay: the folder above is locked.
    above = layout.state_folder().parent
    above.mkdir(parents=True, exist_ok=True)
    with locked(above):
        yield


def _repaired() -> Testbed | None:
    if found := running():
        for part in found.components.values():
            part.start()
        found.wait()
    return found


def _started() -> Testbed:
    shortfall = _why_no_node()
    for build in binaries.ALL:
        build()
    sweeping.sweep(components(Reach.NODE).values())
    if not shortfall:
        try:
            return _attempted(Reach.NODE, "")
        except TestbedError as error:  # in a container, perhaps, that may not make networks
            shortfall = f"with a node it did not start: {error}"
    return _attempted(Reach.CONTROL_PLANE, shortfall)


def _attempted(reach: Reach, shortfall: str) -> Testbed:
    try:
        return _brought_up(Testbed(reach, layout.kubeconfig(), shortfall))
    except BaseException:  # an interrupt, too, must not leave half a cluster behind
        sweeping.sweep(components(Reach.NODE).values())
        raise


def _why_no_node() -> str:
    """Return what stands against a node here; nothing if there is nothing."""
    if lacking := packages.missing(node=False):
        message = f"packages are missing, and only root can install them: {' '.join(lacking)}"
        raise UnavailableError(message)
    if sys.platform != "linux":
        return "a node needs Linux"
    if os.geteuid():
        return "a node needs root"
    lacking = packages.missing(node=True)
    return f"packages are missing: {' '.join(lacking)}" if lacking else ""


def _brought_up(testbed: Testbed) -> Testbed:
    layout.state_folder().mkdir(mode=0o700)
    certificates.issue_all()
    kubeconfigs.for_certificate("admin", testbed.address)
    parts = testbed.components
    control_plane.set_up(parts, testbed.address)
    if testbed.reach is Reach.NODE:
        _prepare_node(testbed)
    parts[control_plane.ETCD].start()
    parts[control_plane.API_SERVER].spawn()
    if testbed.reach is Reach.NODE:
        parts[node.CONTAINERD].wait()
        for image in (contents.busybox(), contents.pipeline_adapter()):
            load(image)
    for part in parts.values():
        part.start()
    testbed.wait()
    noted = {"reach": testbed.reach, "shortfall": testbed.shortfall}
    (layout.state_folder() / _NOTE).write_text(json.dumps(noted))
    return testbed


def _prepare_node(testbed: Testbed) -> None:
    sweeping.note_settings()
    run("ip", "address", "replace", f"{layout.HOST_ADDRESS}/32", "dev", "lo")
    node.set_up(testbed.components, contents.BUSYBOX)
    testbed.components[node.CONTAINERD].spawn()
