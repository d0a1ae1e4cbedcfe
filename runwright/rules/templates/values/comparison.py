"""Which values are equal, and which comes first, by the rules of Go's templates."""

import math
from collections.abc import Mapping
from typing import Any, Final

from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.kinds import Kind, NilList, go_type, kind_of, number
from runwright.rules.templates.values.moments import Moment
from runwright.rules.templates.values.printing import deeper, type_name
from runwright.rules.templates.values.text import bytes_of

_WHOLE: Final = frozenset({Kind.INT, Kind.UINT})
_SIMPLE: Final = _WHOLE | {Kind.BOOL, Kind.COMPLEX, Kind.FLOAT, Kind.STRING}
_ORDERED: Final = _WHOLE | {Kind.FLOAT, Kind.STRING}


def equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal; whole numbers of any type can be, and null to nothing.

    Raises:
        ExpressionError: Go does not compare values of their types.

    Source: Go, text/template, eq.
    """
    mine, yours = kind_of(one), kind_of(other)
    if mine is Kind.INVALID or yours is Kind.INVALID:
        return _is_nil(one) and _is_nil(other)
    if mine is not yours and not {mine, yours} <= _WHOLE and {mine, yours} & _SIMPLE:
        raise _incompatible(one, other)
    if mine is Kind.FLOAT:
        return number(one) == number(other)
    if mine in _SIMPLE:
        return bool(one == other)
    return _same_thing(one, other)


def _same_thing(one: Any, other: Any) -> bool:
    """Return whether two values that are not simple are equal."""
    if kind_of(one) is not kind_of(other):
        raise _incompatible(one, other)
    if _is_nil(one) or _is_nil(other):
        return _is_nil(one) and _is_nil(other)
    if kind_of(one) in {Kind.SLICE, Kind.MAP}:
        message = f"values of type {type_name(other)} cannot be compared"
        raise ExpressionError(message)
    return bool(one == other) if isinstance(one, Moment) else one is other


def precedes(one: Any, other: Any) -> bool:
    """Return whether one value is less than another.

    Raises:
        ExpressionError: Go does not order values of their types.

    Source: Go, text/template, lt.
    """
    mine, yours = kind_of(one), kind_of(other)
    if mine is not yours and not {mine, yours} <= _WHOLE:
        raise _incompatible(one, other)
    if mine not in _ORDERED:
        message = f"values of type {type_name(one)} have no order"
        raise ExpressionError(message)
    if mine is Kind.STRING:
        return bytes_of(one) < bytes_of(other)
    return bool(number(one) < number(other)) if mine is Kind.FLOAT else bool(one < other)


def deep_equal(one: Any, other: Any, depth: int = 0) -> bool:
    """Return whether two values are of one type and equal in every part.

    Source: Go, reflect, DeepEqual.
    """
    if go_type(one) != go_type(other) or isinstance(one, NilList) is not isinstance(other, NilList):
        return False
    match kind_of(one):
        case Kind.FLOAT:
            left, right = number(one), number(other)
            return left == right and not math.isnan(left)
        case Kind.SLICE:
            return len(one) == len(other) and all(
                deep_equal(*pair, deeper(depth)) for pair in zip(one, other, strict=True)
            )
        case Kind.MAP:
            return _equal_mappings(one, other, deeper(depth))
        case _:
            return bool(one == other)


def _equal_mappings(one: Mapping[str, Any], other: Mapping[str, Any], depth: int) -> bool:
    return one.keys() == other.keys() and all(
        deep_equal(value, other[key], depth) for key, value in one.items()
    )


def _is_nil(value: Any) -> bool:
    return value is None or isinstance(value, NilList)


def _incompatible(one: Any, other: Any) -> ExpressionError:
    return ExpressionError(
        f"{type_name(one)} and {type_name(other)} cannot be compared{_hint(one, other)}"
    )


def _hint(one: Any, other: Any) -> str:
    if {kind_of(one), kind_of(other)} == {Kind.FLOAT, Kind.INT}:
        return (
            ": a number from inputs or outputs is a float64, so write the other with a decimal"
            " point, 3.0, or make it whole with int"
        )
    return ""
