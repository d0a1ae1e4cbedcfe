"""An image as a file that containerd imports."""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_OCI: Final = "application/vnd.oci.image"
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Image:
    """What an image is made of; the first layer is the lowest."""

    reference: str
    """Its full name, as `testbed.local/busybox:1`."""
    layers: Sequence[Path]
    settings: Mapping[str, Any]
    """How its containers start: `Env`, `Cmd`, `User`."""


def write(image: Image, target: Path) -> None:
    """Write an image as an OCI layout in a tar file."""
    with tarfile.open(target, "w") as tar:
        layers = [_add_file(tar, path) for path in image.layers]
        settings = _add(tar, _encoded(_configuration(image, layers)), "config.v1+json")
        manifest: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": f"{_OCI}.manifest.v1+json",
            "config": settings,
            "layers": layers,
        }
        named = {"io.containerd.image.name": image.reference}
        entry = _add(tar, _encoded(manifest), "manifest.v1+json") | {"annotations": named}
        _member(tar, "index.json", _encoded({"schemaVersion": 2, "manifests": [entry]}))
        _member(tar, "oci-layout", _encoded({"imageLayoutVersion": "1.0.0"}))


def _configuration(image: Image, layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    machine = platform.machine()
    return {
        "architecture": _ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": dict(image.settings),
        # A layer that is not compressed has one digest for both.
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
    }


def _add_file(tar: tarfile.TarFile, path: Path) -> dict[str, Any]:
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        content.seek(0)
        entry = tarfile.TarInfo(f"blobs/sha256/{digest}")
        entry.size = path.stat().st_size
        tar.addfile(entry, content)
    return _descriptor("layer.v1.tar", digest, entry.size)


def _add(tar: tarfile.TarFile, content: bytes, kind: str) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    _member(tar, f"blobs/sha256/{digest}", content)
    return _descriptor(kind, digest, len(content))


def _descriptor(kind: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": f"{_OCI}.{kind}", "digest": f"sha256:{digest}", "size": size}


def _member(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def _encoded(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True).encode()
