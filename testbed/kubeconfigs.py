"""Kubeconfigs for the testbed's own API server."""

from pathlib import Path
from typing import Any

import yaml

from testbed import certificates
from testbed.layout import Port, state_folder


def for_certificate(name: str, address: str) -> Path:
    """Write the kubeconfig of one of our own clients, and return its file."""
    user = {
        "client-certificate": str(certificates.certificate(name)),
        "client-key": str(certificates.key(name)),
    }
    return _write(name, address, user)


def for_token(name: str, address: str, token: str) -> Path:
    """Write the kubeconfig of somebody who has a token, and return its file."""
    return _write(name, address, {"token": token})


def _write(name: str, address: str, user: dict[str, str]) -> Path:
    cluster = {
        "server": f"https://{address}:{Port.API_SERVER:d}",
        "certificate-authority": str(certificates.certificate(certificates.AUTHORITY)),
    }
    content: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "testbed",
        "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": name}}],
        "clusters": [{"name": "testbed", "cluster": cluster}],
        "users": [{"name": name, "user": user}],
    }
    folder = state_folder() / "kubeconfigs"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    path.chmod(0o600)
    return path
