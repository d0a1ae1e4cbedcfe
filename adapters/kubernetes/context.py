"""Which namespace is meant where none is named: that of kubectl's context, or of the pod."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from runwright.rules.shapes import is_list, is_object

_IN_A_POD: Final = "KUBERNETES_SERVICE_HOST"
_OF_THE_POD: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def current_namespace(environ: Mapping[str, str], of_the_pod: Path = _OF_THE_POD) -> str:
    """Return the namespace that kubectl would use; empty if nothing names one that can be.

    It is read without the client library, which takes longer to import than most commands take. A
    file that cannot be read names nothing: whoever connects says what is wrong with it.
    """
    if not environ.get("KUBECONFIG") and environ.get(_IN_A_POD):
        named = _text_of(of_the_pod).strip()
    else:
        named = _of_the_context(_files(environ))
    return named if _LABEL.fullmatch(named) else ""


def _files(environ: Mapping[str, str]) -> list[Path]:
    given = environ.get("KUBECONFIG", "") or f"{environ.get('HOME', os.sep)}/.kube/config"
    return [Path(file) for file in given.split(os.pathsep) if file]


def _of_the_context(files: list[Path]) -> str:
    read = [_read(file) for file in files]
    chosen = next((name for one in read if (name := one.get("current-context"))), None)
    for context in _contexts(read):
        if context.get("name") == chosen:
            said = context.get("context")
            return str(said.get("namespace") or "") if is_object(said) else ""
    return ""


def _contexts(read: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the contexts of all files: of several with one name the first counts."""
    for one in read:
        listed = one.get("contexts")
        if is_list(listed):
            yield from filter(is_object, listed)


def _read(file: Path) -> Mapping[str, Any]:
    try:
        content: object = yaml.load(_text_of(file), Loader=_LOADER)  # noqa: S506 - a safe one
    except yaml.YAMLError:
        return {}
    return content if is_object(content) else {}


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
