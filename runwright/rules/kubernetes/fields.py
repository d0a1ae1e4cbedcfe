"""Reading objects as the API server sends them, of which any field may be missing."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from runwright.rules.shapes import is_list, is_object

Object = Mapping[str, Any]
"""A whole object or a part of one, as JSON."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""What a container runtime says of a container that never started."""


def field(found: object, *path: str) -> Any:
    """Return what lies under the path; None where any part of it is missing."""
    for name in path:
        if not is_object(found):
            return None
        found = found.get(name)
    return found


def text(found: object, *path: str) -> str:
    """Return the text under the path, without white space around it; empty where there is none."""
    value = field(found, *path)
    return value.strip() if isinstance(value, str) else ""


def entries(found: object, *path: str) -> tuple[Object, ...]:
    """Return the objects in the list under the path."""
    value = field(found, *path)
    return tuple(entry for entry in value if is_object(entry)) if is_list(value) else ()


def moment(found: object, *path: str) -> datetime | None:
    """Return the moment under the path."""
    with suppress(ValueError):
        at = datetime.fromisoformat(text(found, *path))
        if at.tzinfo is not None and at != _EPOCH:
            return at
    return None


def condition(found: object, *types: str) -> Object | None:
    """Return the first condition of one of these types that holds, in the order of the types."""
    conditions = entries(found, "status", "conditions")
    for kind in types:
        for entry in conditions:
            if entry.get("type") == kind and entry.get("status") == "True":
                return entry
    return None
