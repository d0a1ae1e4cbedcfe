"""What kind of JSON value something is, in terms that type checkers follow."""

from collections.abc import Mapping
from typing import Any, TypeGuard


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Return whether the value is a JSON object."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Return whether the value is a JSON list; a tuple is one of ours."""
    return isinstance(value, list | tuple)
