"""etcd, the API server, the controllers and the scheduler: how they are started."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from testbed import asking, binaries, kubeconfigs
from testbed.certificates import ACCOUNTS, API_CLIENT, AUTHORITY, SERVER, certificate, key
from testbed.components import Component
from testbed.layout import HOST_ADDRESS, LOOPBACK, SERVICES, Port, audit_log, state_folder

ETCD: Final = "etcd"
API_SERVER: Final = "kube-apiserver"
CONTROLLERS: Final = "kube-controller-manager"
SCHEDULER: Final = "kube-scheduler"

_ADMISSION: Final = ("NodeRestriction", "OwnerReferencesPermissionEnforcement")
"""The second is not everywhere: what owns something must be within the rights of who says so."""
_AUDIT_MEGABYTES: Final = 2000
"""Measurements read one file, so it is turned over late."""


def components(address: str) -> dict[str, Component]:
    """Return the parts by name, in the order of their start; the API server is at `address`."""
    api_answers = partial(asking.is_ready, address, Port.API_SERVER, "/readyz")
    return {
        ETCD: Component(ETCD, partial(asking.is_ready, LOOPBACK, Port.ETCD, "/health")),
        API_SERVER: Component(API_SERVER, api_answers),
        CONTROLLERS: Component(CONTROLLERS),
        SCHEDULER: Component(SCHEDULER),
    }


def set_up(parts: Mapping[str, Component], address: str) -> None:
    """Write what the parts read, and note their commands."""
    kubernetes = binaries.kubernetes()
    parts[ETCD].set_up(binaries.etcd(), *_etcd_flags())
    parts[API_SERVER].set_up(kubernetes, API_SERVER, *_api_server_flags(address))
    for name, flags in ((CONTROLLERS, _controllers_flags()), (SCHEDULER, [])):
        credentials = kubeconfigs.for_certificate(name, address)
        own = (f"--kubeconfig={credentials}", "--leader-elect=false", "--secure-port=0")
        parts[name].set_up(kubernetes, name, *own, *flags)


def _etcd_flags() -> list[str]:
    client = f"https://{LOOPBACK}:{Port.ETCD:d}"
    peer = f"http://{LOOPBACK}:{Port.ETCD_PEER:d}"
    return [
        f"--data-dir={state_folder() / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        f"--cert-file={certificate(SERVER)}",
        f"--key-file={key(SERVER)}",
        f"--trusted-ca-file={certificate(AUTHORITY)}",
        "--client-cert-auth",
        "--unsafe-no-fsync",  # it outlives a crash of itself, and no more is asked of it
        "--log-level=warn",
    ]


def _api_server_flags(address: str) -> list[str]:
    # On the loopback address no pod could reach it, and nobody may be told to.
    endpoints = "none" if address == LOOPBACK else "lease"
    issuer = "https://kubernetes.default.svc"
    return [
        f"--etcd-servers=https://{LOOPBACK}:{Port.ETCD:d}",
        f"--etcd-cafile={certificate(AUTHORITY)}",
        f"--etcd-certfile={certificate(API_CLIENT)}",
        f"--etcd-keyfile={key(API_CLIENT)}",
        f"--bind-address={address}",
        f"--advertise-address={HOST_ADDRESS}",
        f"--endpoint-reconciler-type={endpoints}",
        f"--secure-port={Port.API_SERVER:d}",
        f"--tls-cert-file={certificate(SERVER)}",
        f"--tls-private-key-file={key(SERVER)}",
        f"--client-ca-file={certificate(AUTHORITY)}",
        f"--kubelet-certificate-authority={certificate(AUTHORITY)}",
        f"--kubelet-client-certificate={certificate(API_CLIENT)}",
        f"--kubelet-client-key={key(API_CLIENT)}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--service-account-issuer={issuer}",
        f"--service-account-key-file={certificate(ACCOUNTS)}",
        f"--service-account-signing-key-file={key(ACCOUNTS)}",
        f"--service-cluster-ip-range={SERVICES}",
        "--authorization-mode=Node,RBAC",
        f"--enable-admission-plugins={','.join(_ADMISSION)}",
        "--allow-privileged=true",
        f"--audit-policy-file={_audit_policy()}",
        f"--audit-log-path={audit_log()}",
        f"--audit-log-maxsize={_AUDIT_MEGABYTES}",
    ]


def _controllers_flags() -> list[str]:
    return [
        f"--root-ca-file={certificate(AUTHORITY)}",
        f"--service-account-private-key-file={key(ACCOUNTS)}",
        f"--flex-volume-plugin-dir={state_folder() / 'volume-plugins'}",
        "--use-service-account-credentials=true",
    ]


def _audit_policy() -> Path:
    content: dict[str, Any] = {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata"}],
    }
    path = state_folder() / "audit-policy.json"
    path.write_text(json.dumps(content))
    return path
