"""Where a schema holds other schemas."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from runwright.rules.shapes import is_list, is_object

_BY_NAME: Final = frozenset(
    {"$defs", "definitions", "dependencies", "patternProperties", "properties"}
)
_IN_LISTS: Final = frozenset({"allOf", "anyOf", "items", "oneOf"})
_ALONE: Final = frozenset(
    {
        "additionalItems",
        "additionalProperties",
        "contains",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
    }
)
_OF_THE_SAME_VALUE: Final = frozenset(
    {"allOf", "anyOf", "dependencies", "else", "if", "not", "oneOf", "then"}
)


class Part(NamedTuple):
    """A schema within a schema."""

    keys: tuple[str | int, ...]
    """From the schema that holds it."""
    schema: Any

    @property
    def judges_the_same_value(self) -> bool:
        """Whether it is applied to the value itself, not to something inside."""
        return self.keys[0] in _OF_THE_SAME_VALUE


def parts(schema: Mapping[str, Any]) -> Iterator[Part]:
    """Yield the schemas that a schema holds directly, in the order written."""
    for keyword, value in schema.items():
        if keyword in _BY_NAME and is_object(value):
            for name, part in value.items():
                if isinstance(part, dict | bool):
                    yield Part((keyword, name), part)
        elif keyword in _IN_LISTS and is_list(value):
            for index, part in enumerate(value):
                yield Part((keyword, index), part)
        elif keyword in _ALONE:
            yield Part((keyword,), value)


def mapped(schema: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a copy of a schema with every schema that it holds directly changed."""
    result = {keyword: copy.copy(value) for keyword, value in schema.items()}
    for part in parts(schema):
        *way, last = part.keys
        holder: Any = result[str(way[0])] if way else result
        holder[last] = change(part.schema)
    return result


def resolve(root: Any, reference: Any) -> Any:
    """Return what a reference of the form `#/definitions/x` points to.

    Raises:
        LookupError: it points nowhere, or out of the schema.
    """
    if not isinstance(reference, str) or not reference.startswith("#"):
        message = "leads out of the schema; only references such as #/definitions/x are followed"
        raise LookupError(message)
    value: Any = root
    for token in reference.removeprefix("#").split("/")[1:] if reference != "#" else ():
        key = token.replace("~1", "/").replace("~0", "~")
        if is_list(value) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif is_object(value) and key in value:
            value = value[key]
        else:
            message = "leads nowhere"
            raise LookupError(message)
    if isinstance(value, bool) or is_object(value):
        return value
    message = "does not lead to a schema"
    raise LookupError(message)
