"""Values as Go's print prints them, without a format."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from runwright.rules.templates.values.dates import month_name, weekday_name, written
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.floats import formatted, shortest
from runwright.rules.templates.values.kinds import (
    Kind,
    Month,
    Weekday,
    go_type,
    kind_of,
    number,
)
from runwright.rules.templates.values.moments import Moment
from runwright.rules.templates.values.text import bytes_of, joined
from runwright.rules.templates.values.versions import Version

DEEPEST: Final = 128
"""How many lists and mappings may lie within each other in a value that is looked into."""


def shown(value: Any, depth: int = 0) -> str:
    """Return a value as `%v` prints it: `map[a:1 b:[x y]]`, `<nil>`.

    Raises:
        ExpressionError: it nests too deep, or holds a number beyond float64.
    """
    if isinstance(value, str):
        return value
    match kind_of(value):
        case Kind.SLICE:
            inside = [shown(one, deeper(depth)) for one in value]
            return f"[{' '.join(inside)}]"
        case Kind.MAP:
            return f"map[{' '.join(_pairs(value, deeper(depth)))}]"
        case _:
            return _scalar(value)


def deeper(depth: int) -> int:
    """Return the depth within a value at that depth.

    Raises:
        ExpressionError: it is too deep.
    """
    if depth >= DEEPEST:
        message = f"lists and objects lie within each other more than {DEEPEST} deep"
        raise ExpressionError(message)
    return depth + 1


def in_order(mapping: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return keys and values of a mapping in the order that Go goes through them."""
    if all(map(str.isascii, mapping)):
        return sorted(mapping.items(), key=lambda pair: pair[0])
    return sorted(mapping.items(), key=lambda pair: bytes_of(pair[0]))


def printed(values: Sequence[Any]) -> str:
    """Return values one after the other, with a space between two that are no texts.

    Source: Go, fmt, Sprint.
    """
    pieces: list[str] = []
    text_before = True
    for value in values:
        is_text = isinstance(value, str)
        if not is_text and not text_before:
            pieces.append(" ")
        pieces.append(shown(value))
        text_before = is_text
    return joined(pieces)


def as_text(value: Any) -> str | None:
    """Return what a value says of itself; None: it says nothing.

    Source: Go, fmt, Stringer.
    """
    if isinstance(value, Moment):
        return written(value)
    if isinstance(value, Version):
        return str(value)
    if isinstance(value, Month):
        return month_name(value)
    return weekday_name(value) if isinstance(value, Weekday) else None


def _pairs(mapping: Mapping[str, Any], depth: int) -> list[str]:
    return [f"{key}:{shown(value, depth)}" for key, value in in_order(mapping)]


def _scalar(value: Any) -> str:
    match kind_of(value):
        case Kind.INVALID:
            return "<nil>"
        case Kind.BOOL:
            return "true" if value else "false"
        case Kind.FLOAT:
            return shortest(number(value))
        case Kind.COMPLEX:
            return _complex(cast("complex", value))
        case _:
            said = as_text(value)
            return str(int(value)) if said is None else said


def _complex(value: complex) -> str:
    imaginary = formatted(value.imag, "g", -1)
    sign = "" if imaginary[0] in "+-" else "+"
    return f"({formatted(value.real, 'g', -1)}{sign}{imaginary}i)"


def type_name(value: object) -> str:
    """Return the name of a value's type in Go."""
    return go_type(value).name
