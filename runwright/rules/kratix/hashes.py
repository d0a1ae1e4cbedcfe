"""What tells whether a workflow was run for the specs as they are."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from runwright.rules.templates.values.documents import write_json
from runwright.rules.templates.values.faults import ExpressionError


def spec_hash(manifest: Mapping[str, Any]) -> str:
    """Return the hash of an object's spec: all of it, and nothing else of the object.

    Upstream makes a Promise into a Go struct and back before it hashes it; the object here is as
    the API server has it. So the first look at a Promise that upstream ran finds another hash.

    Source: Kratix, hash of an object.
    """
    spec = manifest.get("spec")
    try:
        return _digest(write_json(spec))
    except ExpressionError:  # deeper than anything of a template may be, and still somebody's spec
        return _digest(json.dumps(spec, sort_keys=True))


def request_hash(promise: Mapping[str, Any], request: Mapping[str, Any]) -> str:
    """Return the hash of a request: of its own spec, and of its Promise's.

    Source: Kratix, hash of a resource request.
    """
    return joined_hash(spec_hash(promise), spec_hash(request))


def joined_hash(promise: str, request: str) -> str:
    """Return the hash of a request from that of its Promise's spec and that of its own."""
    return _digest(f"{promise}-{request}")


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
