"""What a schema demands, in words."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from jsonschema import ValidationError

from runwright.rules.wording import excerpt, listed, written

_TYPES: Final = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "text",
}


_Phrase = Callable[[Any, ValidationError], str]


def demand(error: ValidationError) -> str:
    """Return what is wrong, without a value longer than 80 characters."""
    if error.schema is False:
        return "nothing is allowed here"
    word = _DEMANDS.get(str(error.validator))
    if word is None:
        return error.message
    return word(error.validator_value, error)


def _type(expected: Any, error: ValidationError) -> str:
    names = [expected] if isinstance(expected, str) else expected
    wanted = listed([_TYPES.get(name, name) for name in names], "or")
    return f"must be {wanted}, not {written(error.instance)}"


def _alternatives(_: Any, error: ValidationError) -> str:
    if not error.context:
        return "fits more than one of the alternatives, of which it must fit one"
    messages = dict.fromkeys(demand(cause) for cause in error.context if not cause.relative_path)
    if messages:
        return ", or ".join(messages)
    deepest = max(error.context, key=lambda cause: len(cause.relative_path))
    where = "".join(f"[{json.dumps(key)}]" for key in deepest.relative_path)
    return f"fits none of the alternatives; at {where}: {demand(deepest)}"


def _counted(words: str, unit: str) -> _Phrase:
    def phrase(expected: Any, error: ValidationError) -> str:
        found: Any = error.instance
        plural = unit if expected == 1 else f"{unit}s".replace("entrys", "entries")
        return f"must have {words} {expected} {plural}, has {len(found)}"

    return phrase


def _number(words: str) -> _Phrase:
    return lambda expected, error: f"must be {words} {expected}, not {written(error.instance)}"


def _fixed(words: str) -> _Phrase:
    return lambda _, __: words


_DEMANDS: Final[Mapping[str, _Phrase]] = {
    "anyOf": _alternatives,
    "const": lambda expected, _error: f"must be {written(expected)}",
    "contains": _fixed("no entry is of the kind that one must be"),
    "dependencies": _fixed("lacks a field that another one of its fields demands"),
    "enum": lambda expected, error: (
        f"must be {listed([written(value) for value in expected], 'or')},"
        f" not {written(error.instance)}"
    ),
    "exclusiveMaximum": _number("less than"),
    "exclusiveMinimum": _number("more than"),
    "format": lambda expected, error: (
        f"must be of the form {expected}, not {written(error.instance)}"
    ),
    "maxItems": _counted("at most", "entry"),
    "maxLength": _counted("at most", "character"),
    "maxProperties": _counted("at most", "field"),
    "maximum": _number("at most"),
    "minItems": _counted("at least", "entry"),
    "minLength": _counted("at least", "character"),
    "minProperties": _counted("at least", "field"),
    "minimum": _number("at least"),
    "multipleOf": _number("a multiple of"),
    "not": _fixed("must not be of this kind"),
    "oneOf": _alternatives,
    "pattern": lambda expected, error: (
        f"must match the pattern {excerpt(str(expected))}, not {written(error.instance)}"
    ),
    "type": _type,
    "uniqueItems": _fixed("holds an entry twice"),
}
