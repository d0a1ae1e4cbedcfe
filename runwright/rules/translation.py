"""What pydantic finds wrong with a document, in the words of whoever wrote the document."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from runwright.errors import InvalidManifestError, Problem
from runwright.rules.wording import child, listed, quoted, suggestion, written

_Phrase = Callable[[Mapping[str, Any], Any], str]
_M = TypeVar("_M", bound=BaseModel)
_OPTION: Final = re.compile(r"'([^']*)'")
_NAME_WITH_DOTS: Final = r"(\.[a-z0-9]"
_NAME: Final = "[-a-z0-9]*"


def read_object(model: type[_M], manifest: Mapping[str, Any]) -> _M:
    """Return an object of a cluster, read.

    Raises:
        InvalidManifestError: every problem, each with the object's kind and name.
    """
    try:
        return model.model_validate(manifest)
    except ValidationError as error:
        named = f"{manifest['kind']}/{manifest['metadata']['name']}"
        problems = [one._replace(object=named) for one in problems_in(error)]
        raise InvalidManifestError(problems) from error


def problems_in(error: ValidationError, path: str = "", known: Iterable[str] = ()) -> list[Problem]:
    """Return every problem that a validation found.

    `path` is where the document stands, `known` what an unknown field may have been meant to be.
    """
    problems: list[Problem] = []
    for detail in error.errors(include_url=False):
        hint = suggestion(str(detail["loc"][-1]), known) if _is_unknown(detail) else ""
        problems.append(Problem(place(detail["loc"], path), f"{complaint(detail)}{hint}"))
    return problems


def place(location: Iterable[str | int], path: str = "") -> str:
    """Return the path of a location as pydantic gives it, below `path`."""
    for key in location:
        path = child(path, key)
    return path


def complaint(detail: ErrorDetails) -> str:
    """Return what is wrong with one field."""
    kind, found = detail["type"], detail.get("input")
    phrase = _PHRASES.get(kind)
    if phrase is not None:
        return phrase(detail.get("ctx", {}), found)
    for family, wanted in _KINDS.items():
        if kind.startswith(family):
            return f"must be {wanted}, not {written(found)}"
    return f"{detail['msg'].removeprefix('Input ')}, not {written(found)}"


def _is_unknown(detail: ErrorDetails) -> bool:
    return detail["type"] == "extra_forbidden"


def _options(context: Mapping[str, Any], found: Any) -> str:
    options: list[str] = _OPTION.findall(str(context.get("expected", "")))
    hint = suggestion(found, options) if isinstance(found, str) else ""
    wanted = listed([quoted(option) for option in options], "or")
    return f"must be {wanted}, not {written(found)}{hint}"


def _pattern(context: Mapping[str, Any], found: Any) -> str:
    pattern = str(context.get("pattern", ""))
    if _NAME in pattern:
        also = ", hyphens and dots" if _NAME_WITH_DOTS in pattern else " and hyphens"
        return (
            f"must consist of lower case letters, digits{also},"
            f" with a letter or digit at both ends, not {written(found)}"
        )
    return f"must match the pattern {pattern}, not {written(found)}"


def _length(words: str, bound: str, unit: str) -> _Phrase:
    def phrase(context: Mapping[str, Any], found: Any) -> str:
        if context.get(bound) == 1 and not found:
            return "must not be empty"
        return f"must have {words} {context.get(bound)} {unit}, has {len(found)}"

    return phrase


def _bound(words: str, name: str) -> _Phrase:
    return lambda context, found: f"must be {words} {context.get(name)}, not {written(found)}"


_KINDS: Final = {
    "bool_": "true or false",
    "date": "a time such as 2024-01-31T10:00:00Z",
    "dict_": "an object",
    "float_": "a number",
    "int_": "a whole number",
    "list_": "a list",
    "mapping_": "an object",
    "model_": "an object",
    "string_": "text",
    "timezone_": "a time with a zone such as 2024-01-31T10:00:00Z",
    "tuple_": "a list",
}
_PHRASES: Final[Mapping[str, _Phrase]] = {
    "enum": _options,
    "extra_forbidden": lambda _, __: "there is no such field",
    "greater_than": _bound("more than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than": _bound("less than", "lt"),
    "less_than_equal": _bound("at most", "le"),
    "literal_error": _options,
    "missing": lambda _, __: "is required",
    "string_pattern_mismatch": _pattern,
    "string_too_long": _length("at most", "max_length", "characters"),
    "string_too_short": _length("at least", "min_length", "characters"),
    "too_long": _length("at most", "max_length", "entries"),
    "too_short": _length("at least", "min_length", "entries"),
    "value_error": lambda context, _: str(context.get("error", "is invalid")),
}
