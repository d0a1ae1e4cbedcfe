"""Functions about objects.

Source: Sprig, dictionary functions. Ours: `keys` and `values` are in the order of the keys, where
Go's is another one each time.
"""

from collections.abc import Mapping
from typing import Any, Final

from runwright.rules.templates.functions.conversion import text_from
from runwright.rules.templates.functions.registry import Functions, Surroundings, function
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.kinds import StringMap, Strings
from runwright.rules.templates.values.printing import in_order, type_name

_Object = Mapping[str, Any]


def _make(*pairs: Any) -> dict[str, Any]:
    keys = [text_from(key) for key in pairs[::2]]
    values = [*pairs[1::2], ""]
    return dict(zip(keys, values, strict=False))


def _get(value: _Object, key: str) -> Any:
    return value.get(key, "")


def _has_key(value: _Object, key: str) -> bool:
    return key in value


def _pluck(key: str, *values: _Object) -> list[Any]:
    return [value[key] for value in values if key in value]


def _keys(surroundings: Surroundings, *values: _Object) -> Strings:
    surroundings.allowance.spend(sum(map(len, values)))
    return Strings([key for value in values for key, _ in in_order(value)])


def _values(surroundings: Surroundings, value: _Object) -> list[Any]:
    surroundings.allowance.spend(len(value))
    return [entry for _, entry in in_order(value)]


def _pick(value: _Object, *keys: str) -> dict[str, Any]:
    return {key: value[key] for key in keys if key in value}


def _omit(value: _Object, *keys: str) -> dict[str, Any]:
    return {key: entry for key, entry in value.items() if key not in keys}


def _dig(*arguments: Any) -> Any:
    """Return what lies under several keys, else the default, which stands before the object."""
    if len(arguments) < 3:
        message = "at least a key, a default and an object are needed"
        raise ExpressionError(message)
    *keys, default, value = arguments
    for key in keys:
        if not isinstance(key, str):
            message = f"the key of an object is a string, not of type {type_name(key)}"
            raise ExpressionError(message)
    for key in keys:
        _must_be_object(value)
        if key not in value:
            return default
        value = value[key]
    return value


def _must_be_object(value: Any) -> None:
    if not isinstance(value, Mapping) or isinstance(value, StringMap):
        message = f"a value of type {type_name(value)} is no object"
        raise ExpressionError(message)


OBJECTS: Final[Functions] = {
    "dict": function(_make, "any..."),
    "get": function(_get, "object text"),
    "hasKey": function(_has_key, "object text"),
    "pluck": function(_pluck, "text object..."),
    "keys": function(_keys, "object...", asks=True),
    "values": function(_values, "object", asks=True),
    "pick": function(_pick, "object text..."),
    "omit": function(_omit, "object text...", slow=True),
    "dig": function(_dig, "any..."),
}
