"""containerd, the kubelet and the service proxy: how they are started."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from testbed import binaries, kubeconfigs
from testbed.certificates import AUTHORITY, SERVER, certificate, key
from testbed.commands import run, search_path
from testbed.components import Component
from testbed.errors import CommandError
from testbed.layout import (
    DNS_SERVICE,
    HOST_ADDRESS,
    LOOPBACK,
    NODE,
    PODS,
    Port,
    containerd_socket,
    state_folder,
)
from testbed.packages import PLUGINS

CONTAINERD: Final = "containerd"
KUBELET: Final = "kubelet"
PROXY: Final = "kube-proxy"
RUNTIME_NAMESPACE: Final = "k8s.io"
"""containerd's own namespace for what a kubelet asks for."""

_CONTAINERD: Final = """\
version = 2
root = "{state}/containerd"
state = "{state}/containerd-state"
# These leave folders of their own behind, or complain of a file system that is not there.
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
address = "{socket}"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
netns_mounts_under_state_dir = true
# Not everywhere may root make a process less likely to be killed than its parent.
restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
discard_unpacked_layers = true

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = "{state}/runc"

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{plugins}"
conf_dir = "{state}/network"
"""


def components() -> dict[str, Component]:
    """Return the parts by name, in the order of their start."""
    return {
        CONTAINERD: Component(CONTAINERD, _containerd_answers),
        KUBELET: Component(KUBELET),
        PROXY: Component(PROXY),
    }


def containerd(*words: str | Path) -> str:
    """Return what our containerd's client says, in the namespace of pods.

    Raises:
        CommandError: it refused, or is not there.
    """
    return run("ctr", "--address", containerd_socket(), "--namespace", RUNTIME_NAMESPACE, *words)


def set_up(parts: Mapping[str, Component], pause: str) -> None:
    """Write what the parts read, and note their commands; `pause` is the image of a pod itself."""
    kubernetes, path = binaries.kubernetes(), search_path()
    _write_network()
    configuration = state_folder() / "containerd.toml"
    configuration.write_text(
        _CONTAINERD.format(
            state=state_folder(), socket=containerd_socket(), pause=pause, plugins=PLUGINS
        )
    )
    runtime = shutil.which(CONTAINERD, path=path) or CONTAINERD
    parts[CONTAINERD].set_up(runtime, "--config", configuration)
    kubelet = _written(KUBELET, _kubelet())
    credentials = kubeconfigs.for_certificate(KUBELET, HOST_ADDRESS)
    parts[KUBELET].set_up(
        *(kubernetes, KUBELET, f"--config={kubelet}", f"--kubeconfig={credentials}"),
        *(f"--hostname-override={NODE}", f"--node-ip={HOST_ADDRESS}"),
        f"--root-dir={state_folder() / 'kubelet'}",
    )
    parts[PROXY].set_up(kubernetes, PROXY, f"--config={_written(PROXY, _proxy())}")


def _containerd_answers() -> bool:
    try:
        containerd("version")
    except CommandError:
        return False
    return True


def _write_network() -> None:
    folder = state_folder() / "network"
    folder.mkdir(exist_ok=True)
    addresses = {
        "type": "host-local",
        "dataDir": str(state_folder() / "addresses"),
        "ranges": [[{"subnet": PODS}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    content = {
        "cniVersion": "0.4.0",
        "name": "runwright-testbed",
        "plugins": [{"type": "ptp", "ipam": addresses}],
    }
    (folder / "pods.conflist").write_text(json.dumps(content))


def _written(name: str, content: dict[str, Any]) -> Path:
    path = state_folder() / f"{name}.json"
    path.write_text(json.dumps(content))
    return path


def _kubelet() -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": HOST_ADDRESS,
        "port": Port.KUBELET,
        "healthzPort": 0,
        "tlsCertFile": str(certificate(SERVER)),
        "tlsPrivateKeyFile": str(key(SERVER)),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(certificate(AUTHORITY))},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": f"unix://{containerd_socket()}",
        "podLogsDir": str(state_folder() / "pod-logs"),
        "volumePluginDir": str(state_folder() / "volume-plugins"),
        "clusterDNS": [DNS_SERVICE],
        "maxPods": 500,
        # A guest on this machine: it owns neither its cgroups nor its packet filter.
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%"},
        # No registry could bring back an image that was cleared away.
        "imageGCHighThresholdPercent": 100,
    }


def _proxy() -> dict[str, Any]:
    credentials = kubeconfigs.for_certificate(PROXY, HOST_ADDRESS)
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        # All rules are in tables of the proxy's own name, so they go without touching others.
        "mode": "nftables",
        "clientConnection": {"kubeconfig": str(credentials)},
        "hostnameOverride": NODE,
        "clusterCIDR": PODS,
        "healthzBindAddress": "",
        "metricsBindAddress": f"{LOOPBACK}:{Port.PROXY_METRICS:d}",
        # Zero: the machine's own limits stay as they are.
        "conntrack": {
            "maxPerCore": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
    }
