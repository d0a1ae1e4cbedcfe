"""Names of objects, made of other names."""

import hashlib
import re
from typing import Final

_OTHER: Final = re.compile(r"[^a-z0-9]+")
_LONGEST: Final = 63
_PREFIX: Final = 50
_DIGEST: Final = 12


def compose(*parts: str) -> str:
    """Return one DNS label made of the parts: readable, and unique also when it must be cut.

    Source: BubuStack core, runtime/naming (the digest is SHA-256 over the parts as given).
    """
    clean = (_OTHER.sub("-", part.lower()).strip("-") for part in parts)
    name = "-".join(filter(None, clean)) or "resource"
    if len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(b"".join(part.encode() + b"\0" for part in parts)).hexdigest()
    return f"{name[:_PREFIX].removesuffix('-')}-{digest[:_DIGEST]}"
