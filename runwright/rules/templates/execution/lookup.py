"""What lies in a value under a name or a number."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, Final

from runwright.rules.shapes import is_object
from runwright.rules.templates.values.faults import ExpressionError, StoredValueError
from runwright.rules.templates.values.kinds import Kind, StringMap, Uint8, kind_of
from runwright.rules.templates.values.printing import type_name
from runwright.rules.templates.values.text import bytes_of
from runwright.rules.wording import quoted

STORED: Final = "$bubuStorageRef"
"""The field of an object that stands for something in a store."""


class Missing(Enum):
    """What a key that an object lacks comes to."""

    ZERO = auto()
    """The zero of the object's entries: null, or the empty text."""
    ERROR = auto()
    NOTHING = auto()
    """Something that all fields can be taken from, without end."""


class Absent:
    """The value that is not even null."""


ABSENT: Final = Absent()


def field(value: Any, name: str, missing: Missing) -> Any:
    """Return what an object has under a name; ABSENT where that is nothing at all.

    Raises:
        ExpressionError: it is no object, or lacks the name and must not.

    Source: Go, text/template, evalField.
    """
    if is_object(value):
        return value[name] if name in value else _lacking(value, name, missing)
    if value is ABSENT:
        if missing is Missing.ERROR:
            message = f"there is no value to take {quoted(name)} from"
            raise ExpressionError(message)
        return ABSENT
    if value is None:
        message = f"null has no field {quoted(name)}"
        raise ExpressionError(message)
    message = f"a value of type {type_name(value)} has no field {quoted(name)}"
    raise ExpressionError(message)


def _lacking(value: Mapping[str, Any], name: str, missing: Missing) -> Any:
    if STORED in value:
        raise offloaded(value)
    if missing is Missing.ERROR:
        message = f"the object has no field {quoted(name)}"
        raise ExpressionError(message)
    if missing is Missing.NOTHING:
        return ABSENT
    return "" if isinstance(value, StringMap) else None


def offloaded(value: Mapping[str, Any]) -> StoredValueError:
    """Return the error for looking into what lies in a store."""
    where = value[STORED]
    return StoredValueError(f"the value lies in a store, at {quoted(str(where))}, and not here")


def entry(value: Any, key: Any) -> Any:
    """Return what lies under a key or an index; the zero of the entries where nothing does.

    Raises:
        ExpressionError: it is nothing that has entries, or the key is none for it.

    Source: Go, text/template, index.
    """
    match kind_of(value):
        case Kind.MAP:
            return _under(value, key)
        case Kind.SLICE:
            return value[position(key, len(value))]
        case Kind.STRING:
            content = bytes_of(value)
            return Uint8(content[position(key, len(content))])
        case Kind.INVALID:
            message = "null has no entries"
            raise ExpressionError(message)
        case _:
            message = f"a value of type {type_name(value)} has no entries"
            raise ExpressionError(message)


def _under(value: Mapping[str, Any], key: Any) -> Any:
    if not isinstance(key, str):
        message = f"the key of an object is a string, not of type {type_name(key)}"
        raise ExpressionError(message)
    return value[key] if key in value else _lacking(value, key, Missing.ZERO)


def position(index: Any, length: int, *, is_end: bool = False) -> int:
    """Return an index as a number within a list or text of that length.

    Raises:
        ExpressionError: it is none, or beyond the end.
    """
    if kind_of(index) not in {Kind.INT, Kind.UINT}:
        hint = ": convert it with int" if kind_of(index) is Kind.FLOAT else ""
        message = f"an index is an int, not of type {type_name(index)}{hint}"
        raise ExpressionError(message)
    if not 0 <= index < length + is_end:
        message = f"there is no [{int(index)}], the length is {length}"
        raise ExpressionError(message)
    return int(index)
