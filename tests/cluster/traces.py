"""What a testbed could leave on a machine."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from testbed.commands import search_path
from testbed.layout import cache_folder, state_folder

_FOLDERS: Final = (
    "/etc/cni",
    "/opt/containerd",
    "/run/containerd",
    "/run/netns",
    "/usr/libexec/kubernetes",
    "/var/lib/cni",
    "/var/lib/containerd",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
)
_SETTINGS: Final = (
    "kernel/panic",
    "kernel/panic_on_oops",
    "net/ipv4/conf/all/route_localnet",
    "net/ipv4/ip_forward",
    "vm/overcommit_memory",
)
_RULES: Final = (("nft", "list", "ruleset"), ("iptables-save",), ("ip6tables-save",))


class Traces(NamedTuple):
    """What can be seen of a testbed, and of others like it, at one moment."""

    processes: frozenset[str]
    mounts: frozenset[str]
    addresses: frozenset[tuple[str, str]]
    """The interface and its address; an interface without one has an empty one."""
    rules: str
    control_groups: frozenset[str]
    files: frozenset[str]
    settings: tuple[str, ...]


def traces() -> Traces:
    """Return what can be seen now."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return Traces(
        processes=frozenset(_processes()),
        mounts=frozenset(line.split()[4] for line in mounts),
        addresses=frozenset(_addresses()),
        rules="".join(_said(*words) for words in _RULES),
        control_groups=frozenset(map(str, Path("/sys/fs/cgroup").glob("**/k8s.io/**/"))),
        files=frozenset(_files()),
        settings=tuple(Path("/proc/sys", name).read_text() for name in _SETTINGS),
    )


def _processes() -> list[str]:
    ours = (str(state_folder()), f"{cache_folder()}/")
    seen = (process.info for process in psutil.process_iter(["cmdline"]))
    lines = (" ".join(it["cmdline"] or ()) for it in seen)
    return [line for line in lines if any(folder in line for folder in ours)]


def _addresses() -> list[tuple[str, str]]:
    links = json.loads(_said("ip", "-json", "address"))
    named = {(link["ifname"], it["local"]) for link in links for it in link["addr_info"]}
    return [*named, *((link["ifname"], "") for link in links)]


def _files() -> list[str]:
    roots = [Path(name) for name in (*_FOLDERS, str(state_folder()))]
    return [str(path) for root in roots if root.exists() for path in (root, *root.glob("**/*"))]


def _said(*words: str) -> str:
    program = shutil.which(words[0], path=search_path())
    if program is None:
        return ""
    command = (program, *words[1:])
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return "\n".join(line for line in said.splitlines() if not line.startswith("#"))
