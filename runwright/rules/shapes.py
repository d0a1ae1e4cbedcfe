"""What kind of JSON value something is, in terms that type checkers follow."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Return whether the value is a JSON object."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Return whether the value is a JSON list; a tuple is one of ours."""
    return isinstance(value, list | tuple)


def is_deeper_than(levels: int, value: object) -> bool:
    """Return whether objects and lists lie within each other deeper than that."""
    layer = [value]
    for _ in range(levels + 1):
        layer = [inner for outer in layer for inner in inside(outer)]
        if not layer:
            return False
    return True


def inside(value: object) -> Iterable[object]:
    """Return what lies directly within a value."""
    if is_object(value):
        return value.values()
    return value if is_list(value) else ()
