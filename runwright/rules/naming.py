"""Names of objects, made of other names."""

import hashlib
import re
from typing import Final

_OTHER: Final = re.compile(r"[^a-z0-9]+")
_NO_LABEL: Final = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST: Final = 63
_PREFIX: Final = 50
_DIGEST: Final = 12
_LABEL_PREFIX: Final = 52
_LABEL_DIGEST: Final = 10


def compose(*parts: str) -> str:
    """Return one DNS label made of the parts: readable, and unique also when it must be cut.

    Source: BubuStack core, runtime/naming (the digest is SHA-256 over the parts as given).
    """
    clean = (_OTHER.sub("-", part.lower()).strip("-") for part in parts)
    name = "-".join(filter(None, clean)) or "resource"
    if len(name) <= _LONGEST:
        return name
    return f"{name[:_PREFIX].removesuffix('-')}-{_digest(*parts)}"


def _digest(*parts: str) -> str:
    digest = hashlib.sha256(b"".join(part.encode() + b"\0" for part in parts)).hexdigest()
    return digest[:_DIGEST]


def compose_ending(suffix: str, *parts: str) -> str:
    """Return one DNS label made of the parts that keeps its suffix also when it must be cut.

    Source: BubuStack core, runtime/naming.
    """
    name = compose(*parts)
    whole = f"{name}-{suffix}"
    if len(whole) <= _LONGEST:
        return whole
    digest = _digest(*parts, suffix)
    room = _LONGEST - len(suffix) - len(digest) - 2
    return f"{name[:room].rstrip('-')}-{digest}-{suffix}"


def label_value(text: str) -> str:
    """Return the text as the value of a label: as it is where that is allowed.

    Source: BubuStack core, runtime/naming.
    """
    clean = _NO_LABEL.sub("-", text).strip("-_.")
    if len(clean) <= _LONGEST:
        return clean
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{clean[:_LABEL_PREFIX].rstrip('-_.')}-{digest[:_LABEL_DIGEST]}"
