"""Removing every trace of a testbed, whatever state it is in."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from testbed.commands import run
from testbed.components import Component
from testbed.errors import CommandError, TestbedError
from testbed.layout import HOST_ADDRESS, containerd_socket, state_folder
from testbed.node import RUNTIME_NAMESPACE
from testbed.processes import wait_for_end

_ENDS_WITHIN: Final = 15.0
_CGROUPS: Final = Path("/sys/fs/cgroup")
_NETWORK_RESULTS: Final = Path("/var/lib/cni/results")
_LOG_LINKS: Final = Path("/var/log/containers")
_DEVICE_PLUGINS: Final = Path("/var/lib/kubelet/device-plugins")
_SHIM_SOCKETS: Final = Path("/run/containerd/s")
_PROXY_TABLES: Final = (("ip", "kube-proxy"), ("ip6", "kube-proxy"))
_SETTINGS: Final = (
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
    "net/netfilter/nf_conntrack_tcp_be_liberal",
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)
"""What the kubelet, the service proxy and the network plugins set for the whole machine."""
_KERNEL: Final = Path("/proc/sys")


def note_settings() -> None:
    """Write down the kernel's settings, for `sweep` to bring them back."""
    before = {name: _KERNEL.joinpath(name).read_text() for name in _SETTINGS if _has(name)}
    _settings().write_text(json.dumps(before))


def sweep(parts: Iterable[Component]) -> None:
    """End the parts and the pods, and remove what they left on the machine.

    Idempotent: what is gone already is passed over. The lock of the testbed must be held.

    Raises:
        TestbedError: something is still mounted below our folder, which was therefore left.
    """
    for part in parts:
        part.kill()
    if not state_folder().exists():
        return
    if os.geteuid() == 0:
        _sweep_node()
    shutil.rmtree(state_folder())


def _sweep_node() -> None:
    containers = list(_containers())
    _end_pods()
    _unmount()
    _remove_network()
    _remove_left_by(containers)
    _bring_back_settings()


def _end_pods() -> None:
    # A shim outlives its containerd by design. Its children first: it would report their end.
    mark = str(containerd_socket())
    for shim in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            command = shim.cmdline()
            if command and "containerd-shim" in command[0] and mark in command:
                _kill([shim, *shim.children(recursive=True)])


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    wait_for_end(processes, _ENDS_WITHIN)


def _containers() -> Iterator[Path]:
    tasks = "containerd-state/io.containerd.runtime.v2.task/*/*"
    yield from state_folder().glob(tasks)


def _unmount() -> None:
    for point in reversed(list(_mounts())):
        with suppress(CommandError):
            run("umount", "--lazy", point)
    if left := list(_mounts()):
        message = f"remove {state_folder()}: {left[0]} is still mounted"
        raise TestbedError(message)


def _mounts() -> Iterator[str]:
    ours = f"{state_folder()}/"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = line.split()[4]
        if point.startswith(ours):
            yield point


def _remove_network() -> None:
    with suppress(CommandError):
        run("ip", "address", "delete", f"{HOST_ADDRESS}/32", "dev", "lo")
    for table in _PROXY_TABLES:
        with suppress(CommandError):
            run("nft", "delete", "table", *table)


def _remove_left_by(containers: Iterable[Path]) -> None:
    for container in containers:
        with suppress(OSError):
            socket = (container / "address").read_text().removeprefix("unix://")
            Path(socket).unlink()
            Path(socket + ".lock").unlink()
        for group in _groups(f"{container.parent.name}/{container.name}"):
            _remove_empty(*sorted(group.glob("**/"), reverse=True))
    (_DEVICE_PLUGINS / "kubelet.sock").unlink(missing_ok=True)
    for result in _NETWORK_RESULTS.glob("*"):
        if str(state_folder()) in result.read_text():
            result.unlink()
    for link in _LOG_LINKS.glob("*"):
        if link.is_symlink() and link.readlink().is_relative_to(state_folder()):
            link.unlink()
    _remove_empty(_NETWORK_RESULTS, _NETWORK_RESULTS.parent, _LOG_LINKS)
    _remove_empty(
        _DEVICE_PLUGINS,
        _DEVICE_PLUGINS.parent,
        _SHIM_SOCKETS,
        _SHIM_SOCKETS.parent,
        *_groups(RUNTIME_NAMESPACE),
    )


def _groups(name: str) -> list[Path]:
    # One hierarchy of control groups, or one for each controller.
    return [*_CGROUPS.glob(name), *_CGROUPS.glob(f"*/{name}")]


def _remove_empty(*folders: Path) -> None:
    for folder in folders:
        with suppress(OSError):  # somebody else's things are in it, or it is gone
            folder.rmdir()


def _bring_back_settings() -> None:
    if not _settings().exists():
        return
    for name, value in json.loads(_settings().read_text()).items():
        if _has(name) and _KERNEL.joinpath(name).read_text() != value:
            _KERNEL.joinpath(name).write_text(value)


def _has(name: str) -> bool:
    return _KERNEL.joinpath(name).exists()


def _settings() -> Path:
    return state_folder() / "kernel-settings.json"
