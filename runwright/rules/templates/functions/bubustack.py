"""The functions that BubuStack adds, and those that it takes from Sprig.

Source: BubuStack core, package templating.
"""

from typing import Any, Final

from runwright.rules.templates.execution.lookup import STORED
from runwright.rules.templates.functions.builtins import BUILTINS, length
from runwright.rules.templates.functions.chance import CHANCE
from runwright.rules.templates.functions.dates import DATES, NOW
from runwright.rules.templates.functions.encodings import ENCODINGS, sha256
from runwright.rules.templates.functions.file_paths import FILE_PATHS
from runwright.rules.templates.functions.lists import LISTS
from runwright.rules.templates.functions.logic import LOGIC
from runwright.rules.templates.functions.numbers import NUMBERS
from runwright.rules.templates.functions.objects import OBJECTS
from runwright.rules.templates.functions.registry import Functions, function
from runwright.rules.templates.functions.texts import TEXTS
from runwright.rules.templates.functions.versions import VERSIONS
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.kinds import Int, Kind, kind_of
from runwright.rules.templates.values.printing import type_name

STORED_PATH: Final = "$bubuStoragePath"
_TYPES: Final = {
    Kind.INVALID: "null",
    Kind.BOOL: "bool",
    Kind.INT: "number",
    Kind.UINT: "number",
    Kind.FLOAT: "number",
    Kind.STRING: "string",
    Kind.SLICE: "array",
    Kind.MAP: "object",
    Kind.STRUCT: "object",
    Kind.POINTER: "object",
}


def _length(value: Any) -> Int:
    return Int(0) if value is None else length(value)


def _type(value: Any) -> str:
    if kind_of(value) is Kind.MAP and STORED in value:
        path = value.get(STORED_PATH) or ""
        separator = "" if path[:1] in {"", ".", "["} else "."
        return f"offloaded({value[STORED]}{separator}{path})"
    return _TYPES.get(kind_of(value), "complex128")


def _hash(value: Any) -> str:
    if not isinstance(value, str):
        message = f"a value of type {type_name(value)} has no hash: a string has one"
        raise ExpressionError(message)
    return sha256(value)


def _exists(value: Any) -> bool:
    return value is not None


def _sample(value: Any) -> Any:
    return value


SPRIG: Final[Functions] = {
    **TEXTS,
    **NUMBERS,
    **LISTS,
    **OBJECTS,
    **LOGIC,
    **ENCODINGS,
    **FILE_PATHS,
    **DATES,
    **VERSIONS,
}
"""What Sprig has that comes to the same every time."""
BUBUSTACK: Final[Functions] = {
    **BUILTINS,
    **SPRIG,
    **NOW,
    **CHANCE,
    "len": function(_length, "any"),
    "hash_of": function(_hash, "any"),
    "type_of": function(_type, "any", takes_offloaded=True),
    "exists": function(_exists, "any", takes_offloaded=True),
    "sample": function(_sample, "any"),
}
