"""Where the testbed lives on this machine: folders, ports and addresses."""

import os
from enum import IntEnum
from pathlib import Path
from typing import Final

HOST_ADDRESS: Final = "10.98.0.1"
"""The machine as pods see it, on the interface `lo` while a node runs; no other reaches it."""
LOOPBACK: Final = "127.0.0.1"
SERVICES: Final = "10.97.0.0/24"
FIRST_SERVICE: Final = "10.97.0.1"
"""Where pods find the API server."""
DNS_SERVICE: Final = "10.97.0.10"
"""Nobody answers there; a kubelet without such an address warns about every pod."""
PODS: Final = "10.99.0.0/16"
NODE: Final = "testbed"


class Port(IntEnum):
    """The ports, all on addresses that no other machine reaches; none is a default of its part."""

    ETCD = 26379
    ETCD_PEER = 26380
    API_SERVER = 26443
    KUBELET = 26250
    PROXY_METRICS = 26249


def project() -> Path:
    """Return the folder of the checkout."""
    return Path(__file__).parents[1]


def cache_folder() -> Path:
    """Return where what is made once is kept: `TESTBED_CACHE`, or a folder of the user's cache."""
    if chosen := os.environ.get("TESTBED_CACHE"):
        return Path(chosen).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "runwright" / "testbed"


def state_folder() -> Path:
    """Return where a running testbed keeps everything: one per machine for root, one per user."""
    if os.geteuid() == 0:
        return Path("/var/lib/runwright-testbed")
    base = os.environ.get("XDG_RUNTIME_DIR") or Path.home()
    return Path(base) / ".runwright-testbed"


def kubeconfig() -> Path:
    """Return the kubeconfig of our own admin."""
    return state_folder() / "kubeconfigs" / "admin"


def certificates() -> Path:
    """Return the folder of keys and certificates."""
    return state_folder() / "certificates"


def audit_log() -> Path:
    """Return the file of the API server's audit events, one JSON object a line."""
    return state_folder() / "audit.log"


def containerd_socket() -> Path:
    """Return the socket of our own containerd."""
    return state_folder() / "containerd.sock"
