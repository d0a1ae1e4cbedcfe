"""Draft 7 as the jsonschema library applies it, with bounds and with formats of our own."""

import datetime
import ipaddress
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from jsonschema import Draft7Validator, FormatChecker, ValidationError, validators
from referencing import Registry

from runwright.errors import Problem
from runwright.rules.schemas.messages import demand
from runwright.rules.schemas.patterns import matches, must_compile
from runwright.rules.shapes import is_object
from runwright.rules.templates import is_template
from runwright.rules.wording import child, quoted, suggestion

_MOST_REFERENCES: Final = 5_000
_NO_ADDRESSES: Final[Registry[Any]] = Registry()
"""Nothing is known beyond the schema itself, and nothing fetched."""
_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+]\d\d:\d\d)")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


class _ExhaustedError(Exception):
    """A schema refers to schemas so often that it cannot be applied in reasonable time."""


class _Formats(FormatChecker):
    """The formats that are checked, and how many references one validation may still follow.

    It is the one object that a validation carries into all of its parts.
    """

    def __init__(self) -> None:
        super().__init__(formats=())
        self.references = _MOST_REFERENCES
        for name, read in _READERS.items():
            self.checks(name, raises=ValueError)(_accepting(read))


def problems_of_definition(schema: Any, path: str) -> list[Problem]:
    """Return where a schema is not one, by the schema of schemas."""
    return _problems(_STRICT, Draft7Validator.META_SCHEMA, schema, path)


def problems_of_value(schema: Any, value: Any, path: str, *, templates: bool) -> list[Problem]:
    """Return where a value does not fit a schema that is known to be one."""
    return _problems(_LENIENT if templates else _STRICT, schema, value, path)


def _problems(dialect: Any, schema: Any, value: Any, path: str) -> list[Problem]:
    validator = dialect(schema, registry=_NO_ADDRESSES, format_checker=_Formats())
    try:
        errors = list(validator.iter_errors(value))
    except _ExhaustedError:
        return [Problem(path, "the schema follows too many references to be applied")]
    except RecursionError:
        return [Problem(path, "objects and lists lie within each other too deep to be checked")]
    errors.sort(key=_position)
    return [Problem(_place(path, error), demand(error)) for error in errors]


def _position(error: ValidationError) -> list[tuple[bool, int, str]]:
    return [
        (isinstance(key, int), key if isinstance(key, int) else 0, str(key))
        for key in error.absolute_path
    ]


def _place(path: str, error: ValidationError) -> str:
    for key in error.absolute_path:
        path = child(path, key)
    return path


def _ref(validator: Any, reference: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    formats = cast("_Formats", validator.format_checker)
    formats.references -= 1
    if formats.references < 0:
        raise _ExhaustedError
    yield from Draft7Validator.VALIDATORS["$ref"](validator, reference, instance, schema) or ()


def _required(_: Any, names: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if is_object(instance):
        for name in names:
            if name not in instance:
                yield ValidationError("is required", path=[name], validator="present")


def _additional_properties(
    validator: Any, allowed: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if not is_object(instance):
        return
    known: Mapping[str, Any] = schema.get("properties", {})
    patterns: Mapping[str, Any] = schema.get("patternProperties", {})
    for name, value in instance.items():
        if name in known or any(matches(pattern, name) for pattern in patterns):
            continue
        if allowed is False:
            message = f"there is no field {quoted(name)}{suggestion(name, known)}"
            yield ValidationError(message, path=[name], validator="known")
        else:
            yield from validator.descend(value, allowed, path=name)


def _pattern(_: Any, pattern: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not matches(pattern, instance):
        yield ValidationError("does not match")


def _pattern_properties(
    validator: Any, patterns: Any, instance: Any, _: Any
) -> Iterator[ValidationError]:
    if not is_object(instance):
        return
    for pattern, rule in patterns.items():
        for name, value in instance.items():
            if matches(pattern, name):
                yield from validator.descend(value, rule, path=name, schema_path=pattern)


def _sparing_templates(keyword: _Keyword) -> _Keyword:
    """Return the keyword, blind to texts that are templates: they become something else later."""

    def spared(
        validator: Any, expected: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        if not (isinstance(instance, str) and is_template(instance)):
            yield from keyword(validator, expected, instance, schema) or ()

    return spared


def _nothing(*_: Any) -> None:
    """Judge nothing: with templates inside, nobody knows yet."""


def _date_time(text: str) -> None:
    if _DATE_TIME.fullmatch(text) is None:
        raise ValueError
    datetime.datetime.fromisoformat(text.upper())


def _email(text: str) -> None:
    if _EMAIL.fullmatch(text) is None:
        raise ValueError


def _accepting(read: Callable[[str], object]) -> Callable[[object], bool]:
    def accepts(value: object) -> bool:
        if isinstance(value, str):
            read(value)
        return True

    return accepts


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "date": datetime.date.fromisoformat,
    "date-time": _date_time,
    "email": _email,
    "ipv4": ipaddress.IPv4Address,
    "ipv6": ipaddress.IPv6Address,
    "regex": must_compile,
    "uuid": uuid.UUID,
}


def _dialect(keywords: Mapping[str, Any]) -> Any:
    library: Any = validators  # which leaves the function untyped
    return library.extend(Draft7Validator, keywords)


_KEYWORDS: Final[Mapping[str, Any]] = {
    **Draft7Validator.VALIDATORS,
    "$ref": _ref,
    "additionalProperties": _additional_properties,
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "required": _required,
}
_STRICT: Final = _dialect(_KEYWORDS)
_LENIENT: Final = _dialect(
    {
        **{name: _sparing_templates(keyword) for name, keyword in _KEYWORDS.items()},
        # Which alternatives hold, and whether one does not, shows when the templates are resolved.
        "oneOf": _sparing_templates(_KEYWORDS["anyOf"]),
        "not": _nothing,
        "if": _nothing,
        "uniqueItems": _nothing,
    },
)
