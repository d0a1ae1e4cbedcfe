"""The types that Go would see in a template's values.

What JSON knows is itself: `None`, `bool`, `str`, a list, a mapping, and a number, which Go reads
from JSON as float64 whether it is an `int` or a `float` here. What a template makes is typed.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, Final, NamedTuple, TypeVar

from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.moments import Moment
from runwright.rules.templates.values.versions import Version

_BITS: Final = 64
_Integer = TypeVar("_Integer", bound=int)


class Int(int):
    """A number of Go's type int: what a template writes without a decimal point."""


class Int64(int):
    """A number of Go's type int64: what most functions that calculate return."""


class Uint8(int):
    """A byte of a text."""


class Uint64(int):
    """A part of a version."""


class Month(int):
    """A month of a time."""


class Weekday(int):
    """A day of the week of a time; Sunday is 0."""


class Strings(list[str]):
    """A list that holds texts only, which Go tells from a list of anything."""


class StringMap(dict[str, str]):
    """A mapping to texts only, which Go tells from a mapping to anything."""


class NilList(list[Any]):
    """A list that was never made: it is empty, and JSON has null for it."""


class Kind(Enum):
    """What can be done with a value."""

    INVALID = auto()
    BOOL = auto()
    INT = auto()
    UINT = auto()
    FLOAT = auto()
    COMPLEX = auto()
    STRING = auto()
    SLICE = auto()
    MAP = auto()
    STRUCT = auto()
    POINTER = auto()


class GoType(NamedTuple):
    """A type: its kind, and the names that Go has for both."""

    kind: Kind
    kind_name: str
    name: str


_FLOAT: Final = GoType(Kind.FLOAT, "float64", "float64")
_STRING: Final = GoType(Kind.STRING, "string", "string")
_SLICE: Final = GoType(Kind.SLICE, "slice", "[]interface {}")
_MAP: Final = GoType(Kind.MAP, "map", "map[string]interface {}")
_TYPES: Final[Mapping[type, GoType]] = {
    type(None): GoType(Kind.INVALID, "invalid", "<nil>"),
    bool: GoType(Kind.BOOL, "bool", "bool"),
    int: _FLOAT,
    float: _FLOAT,
    complex: GoType(Kind.COMPLEX, "complex128", "complex128"),
    Int: GoType(Kind.INT, "int", "int"),
    Int64: GoType(Kind.INT, "int64", "int64"),
    Uint8: GoType(Kind.UINT, "uint8", "uint8"),
    Uint64: GoType(Kind.UINT, "uint64", "uint64"),
    Month: GoType(Kind.INT, "int", "time.Month"),
    Weekday: GoType(Kind.INT, "int", "time.Weekday"),
    str: _STRING,
    list: _SLICE,
    tuple: _SLICE,
    NilList: _SLICE,
    Strings: GoType(Kind.SLICE, "slice", "[]string"),
    dict: _MAP,
    StringMap: GoType(Kind.MAP, "map", "map[string]string"),
    Moment: GoType(Kind.STRUCT, "struct", "time.Time"),
    Version: GoType(Kind.POINTER, "ptr", "*semver.Version"),
}
_DERIVED: Final[tuple[tuple[type, GoType], ...]] = (
    (str, _STRING),
    (int, _FLOAT),
    (float, _FLOAT),
    (Mapping, _MAP),
    (list, _SLICE),
    (tuple, _SLICE),
)


def go_type(value: object) -> GoType:
    """Return the type that Go would have for a value.

    Raises:
        ExpressionError: it is nothing that JSON knows.
    """
    found = _TYPES.get(type(value))
    return found if found is not None else _derived(value)


def kind_of(value: object) -> Kind:
    """Return what can be done with a value."""
    return go_type(value).kind


def class_of(value: object) -> type[Any]:
    """Return the class of a value, which is exactly that of what it was made as."""
    return type(value)


def _derived(value: object) -> GoType:
    for base, known in _DERIVED:
        if isinstance(value, base):
            return known
    message = f"a {type(value).__name__} is no JSON value"
    raise ExpressionError(message)


def number(value: float) -> float:
    """Return a JSON number as the float64 that Go reads.

    Raises:
        ExpressionError: it is beyond that.
    """
    try:
        return float(value)
    except OverflowError:
        message = "a number is too large for float64"
        raise ExpressionError(message) from None


def wrapped(value: int, make: type[_Integer]) -> _Integer:
    """Return an integer as 64 bits hold it: what is beyond them comes back from the other side."""
    span = 1 << _BITS
    low = value % span
    return make(low - span if low >= span >> 1 else low)


def is_true(value: object) -> bool:
    """Return whether a value counts as true: whether it is not the zero of its type.

    Source: Go, text/template, IsTrue.
    """
    kind = kind_of(value)
    if kind is Kind.FLOAT and isinstance(value, int):
        return value != 0
    return kind in {Kind.STRUCT, Kind.POINTER} or bool(value)
