"""Draft 7 as the jsonschema library applies it, with bounds and with formats of our own."""

import datetime
import ipaddress
import itertools
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from jsonschema import Draft7Validator, FormatChecker, ValidationError, validators
from referencing import Registry

from runwright.errors import Problem
from runwright.rules import effort
from runwright.rules.schemas.costs import cost_of, identity_of
from runwright.rules.schemas.messages import demand
from runwright.rules.schemas.patterns import matches, must_compile
from runwright.rules.schemas.references import is_reference
from runwright.rules.shapes import is_list, is_object
from runwright.rules.templates import WRAPPED, is_template
from runwright.rules.wording import child, quoted, suggestion

_MOST_REFERENCES: Final = 5_000
_MOST_STEPS: Final = 100_000
"""Of one validation; a step is a keyword that is applied, which takes some microseconds."""
_MOST_PROBLEMS: Final = 1_000
"""Nobody reads more of them, and to word each takes time."""
_STEP: Final = 2
"""What a step of a validation counts as among those of other rules."""
_NO_ADDRESSES: Final[Registry[Any]] = Registry()
"""Nothing is known beyond the schema itself, and nothing fetched."""
_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+]\d\d:\d\d)")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


class _ExhaustedError(Exception):
    """A schema cannot be applied to a value in reasonable time."""


class _Formats(FormatChecker):
    """The formats that are checked, and how much one validation may still do.

    It is the one object that a validation carries into all of its parts.
    """

    def __init__(self) -> None:
        super().__init__(formats=())
        self.references = _MOST_REFERENCES
        self.steps = _MOST_STEPS
        for name, read in _READERS.items():
            self.checks(name, raises=ValueError)(_accepting(read))

    def refer(self) -> None:
        """Count a reference that is followed."""
        self.references -= 1
        if self.references < 0:
            message = "the schema follows too many references to be applied"
            raise _ExhaustedError(message)

    def spend(self, steps: int) -> None:
        """Count steps."""
        self.steps -= steps
        if self.steps < 0:
            message = f"to hold it against the schema takes more than {_MOST_STEPS} steps"
            raise _ExhaustedError(message)


def problems_of_definition(schema: Any, path: str) -> list[Problem]:
    """Return where a schema is not one, by the schema of schemas."""
    return _problems(_DEFINING, Draft7Validator.META_SCHEMA, schema, path)


def problems_of_value(schema: Any, value: Any, path: str, *, templates: bool) -> list[Problem]:
    """Return where a value does not fit a schema that is known to be one.

    A reference into a store fits everywhere: it stands for what nobody has fetched yet.
    """
    return _problems(_LENIENT if templates else _STRICT, schema, value, path)


def _problems(dialect: Any, schema: Any, value: Any, path: str) -> list[Problem]:
    formats = _Formats()
    validator = dialect(schema, registry=_NO_ADDRESSES, format_checker=formats)
    try:
        found: Iterator[ValidationError] = validator.iter_errors(value)
        errors = sorted(itertools.islice(found, _MOST_PROBLEMS), key=_position)
    except _ExhaustedError as error:
        return [Problem(path, str(error))]
    except RecursionError:
        return [Problem(path, "objects and lists lie within each other too deep to be checked")]
    finally:
        effort.note((_MOST_STEPS - formats.steps) * _STEP)
    return list(dict.fromkeys(Problem(_place(path, error), demand(error)) for error in errors))


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
    cast("_Formats", validator.format_checker).refer()
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


def _unique_items(_: Any, wanted: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    """Find an entry that is there twice, without comparing each with all others."""
    if wanted and is_list(instance) and len(set(map(identity_of, instance))) < len(instance):
        yield ValidationError("holds an entry twice")


def _counted(name: str, keyword: _Keyword) -> _Keyword:
    """Return the keyword, counting what it takes to apply it."""

    def counted(
        validator: Any, expected: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        formats = cast("_Formats", validator.format_checker)
        formats.spend(cost_of(name, expected, instance, schema))
        yield from keyword(validator, expected, instance, schema) or ()

    return counted


def _is_open(value: Any) -> bool:
    """Return whether a value becomes something else later: a template, or what is in a store."""
    if isinstance(value, str):
        return is_template(value)
    return is_reference(value) or (is_object(value) and WRAPPED in value)


def _sparing(is_spared: Callable[[Any], bool], keyword: _Keyword) -> _Keyword:
    """Return the keyword, blind to values of that kind."""

    def spared(
        validator: Any, expected: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        if not is_spared(instance):
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


_OURS: Final[Mapping[str, _Keyword]] = {
    "$ref": _ref,
    "additionalProperties": _additional_properties,
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "required": _required,
    "uniqueItems": _unique_items,
}
_KEYWORDS: Final[Mapping[str, Any]] = {
    name: _counted(name, keyword)
    for name, keyword in {**Draft7Validator.VALIDATORS, **_OURS}.items()
}
_DEFINING: Final = _dialect(_KEYWORDS)
"""For schemas, which are not in stores."""
_STRICT: Final = _dialect(
    {name: _sparing(is_reference, keyword) for name, keyword in _KEYWORDS.items()}
)
_LENIENT: Final = _dialect(
    {
        **{name: _sparing(_is_open, keyword) for name, keyword in _KEYWORDS.items()},
        # Which alternatives hold, and whether one does not, shows when the templates are resolved.
        "oneOf": _sparing(_is_open, _KEYWORDS["anyOf"]),
        "not": _nothing,
        "if": _nothing,
        "uniqueItems": _nothing,
    },
)
