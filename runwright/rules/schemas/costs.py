"""How much it takes to apply a keyword of a schema to a value, in steps."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final

from runwright.rules.shapes import inside, is_list, is_object

_Price = Callable[[Any, Any, Any], int]
_ALTERNATIVE: Final = 8
"""Why none of them fits is made into words."""
_QUICK: Final = 3
"""Names that are only looked up: so many make a step, as a power of two."""
_TEXT: Final = 6
"""The same of characters."""


def cost_of(name: str, expected: Any, instance: Any, schema: Any) -> int:
    """Return how many steps a keyword takes: its own, and what it looks at.

    What is inside the value, the schemas inside the keyword are applied to: they count themselves.
    """
    return 1 + _PRICES.get(name, _usual)(expected, instance, schema)


def _usual(expected: Any, instance: Any, _: Any) -> int:
    characters = len(instance) if isinstance(instance, str) else 0
    return (_length(expected) >> _QUICK) + (characters >> _TEXT)


def _of_entries(_: Any, instance: Any, __: Any) -> int:
    return _length(instance)


def _of_alternatives(expected: Any, _: Any, __: Any) -> int:
    return _length(expected) * _ALTERNATIVE


def _of_the_whole(_: Any, instance: Any, __: Any) -> int:
    return _nodes(instance)


def _of_enum(expected: Any, instance: Any, _: Any) -> int:
    return _length(expected) * _nodes(instance)


def _of_patterns(expected: Any, instance: Any, _: Any) -> int:
    return _length(expected) * _length(instance)


def _of_others(_: Any, instance: Any, schema: Any) -> int:
    return _length(instance) * (1 + _length(schema.get("patternProperties")))


_PRICES: Final[Mapping[str, _Price]] = {
    "additionalProperties": _of_others,
    "allOf": _of_alternatives,
    "anyOf": _of_alternatives,
    "const": _of_the_whole,
    "contains": _of_entries,
    "enum": _of_enum,
    "items": _of_entries,
    "oneOf": _of_alternatives,
    "patternProperties": _of_patterns,
    "propertyNames": _of_entries,
    "uniqueItems": _of_the_whole,
}


def _length(value: Any) -> int:
    return len(value) if is_object(value) or is_list(value) else 0


def _nodes(value: Any) -> int:
    """Return of how many values a value is made, itself among them."""
    count, layer = 0, [value]
    while layer:
        count += len(layer)
        layer = [inner for outer in layer for inner in inside(outer)]
    return count


def identity_of(value: Any) -> Hashable:
    """Return something that is equal for JSON values that are equal, and for no others.

    A number is equal to another one of the same value; true and false are no numbers.
    """
    if is_object(value):
        return frozenset((key, identity_of(inner)) for key, inner in value.items())
    if is_list(value):
        return tuple(identity_of(inner) for inner in value)
    return isinstance(value, bool), value
