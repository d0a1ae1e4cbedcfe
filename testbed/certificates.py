"""Keys and certificates: one authority that lives as long as the testbed."""

from pathlib import Path
from typing import Final, NamedTuple

from testbed.commands import run
from testbed.layout import FIRST_SERVICE, HOST_ADDRESS, LOOPBACK, NODE, certificates

AUTHORITY: Final = "authority"
SERVER: Final = "server"
"""Everything that serves: the API server, the kubelet and etcd."""
API_CLIENT: Final = "api-server"
"""The API server, to etcd and to the kubelet."""
ACCOUNTS: Final = "service-accounts"
"""The key that signs the tokens of ServiceAccounts."""

_DAYS: Final = "90"
_NAMES: Final = ("localhost", NODE, "kubernetes.default.svc", "kubernetes.default", "kubernetes")
_ADDRESSES: Final = (LOOPBACK, HOST_ADDRESS, FIRST_SERVICE)
_OF_AUTHORITY: Final = (
    "basicConstraints=critical,CA:TRUE",
    "keyUsage=critical,keyCertSign,cRLSign",
    "subjectKeyIdentifier=hash",
)
_OF_OTHERS: Final = ("basicConstraints=critical,CA:FALSE", "authorityKeyIdentifier=keyid")
_CONFIGURATION: Final = "[req]\ndistinguished_name=name\n[name]\n"
"""The distribution's own would add extensions that contradict ours."""


class Identity(NamedTuple):
    """Who somebody is to the API server."""

    user: str
    group: str = ""


CLIENTS: Final = {
    "admin": Identity("admin", "system:masters"),
    API_CLIENT: Identity("kube-apiserver", "system:masters"),
    "kube-controller-manager": Identity("system:kube-controller-manager"),
    "kube-scheduler": Identity("system:kube-scheduler"),
    "kubelet": Identity(f"system:node:{NODE}", "system:nodes"),
    "kube-proxy": Identity("system:kube-proxy"),
}


def certificate(name: str) -> Path:
    """Return the file of somebody's certificate."""
    return certificates() / f"{name}.crt"


def key(name: str) -> Path:
    """Return the file of somebody's private key."""
    return certificates() / f"{name}.key"


def issue_all() -> None:
    """Make a new authority, and what it signs."""
    certificates().mkdir(mode=0o700)
    _configuration().write_text(_CONFIGURATION)
    _make(AUTHORITY, "/CN=testbed authority", *_OF_AUTHORITY)
    alternatives = [f"DNS:{name}" for name in _NAMES] + [f"IP:{it}" for it in _ADDRESSES]
    _issue(SERVER, "/CN=testbed", f"subjectAltName={','.join(alternatives)}")
    for name, identity in CLIENTS.items():
        group = f"/O={identity.group}" if identity.group else ""
        _issue(name, f"{group}/CN={identity.user}")
    _make(ACCOUNTS, "/CN=service-accounts")


def _issue(name: str, subject: str, *extensions: str) -> None:
    signed = ("-CA", certificate(AUTHORITY), "-CAkey", key(AUTHORITY))
    _make(name, subject, *_OF_OTHERS, *extensions, signed=signed)


def _make(name: str, subject: str, *extensions: str, signed: tuple[str | Path, ...] = ()) -> None:
    added = [word for extension in extensions for word in ("-addext", extension)]
    run(
        *("openssl", "req", "-x509", "-config", _configuration(), "-days", _DAYS, "-nodes"),
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-keyout", key(name), "-out", certificate(name), "-subj", subject),
        *added,
        *signed,
    )


def _configuration() -> Path:
    return certificates() / "openssl.cnf"
