"""What templates come to."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final

from runwright.errors import OffloadedError, TemplateError, UnresolvedError
from runwright.rules import effort
from runwright.rules.shapes import is_list, is_object
from runwright.rules.templates.dialects import BUBUSTACK, Dialect, Reading
from runwright.rules.templates.execution.allowance import MOST_STEPS, Allowance
from runwright.rules.templates.execution.machine import execute
from runwright.rules.templates.execution.settings import Settings
from runwright.rules.templates.paths import described, follow
from runwright.rules.templates.scope import STEPS
from runwright.rules.templates.values.documents import read_result
from runwright.rules.templates.values.faults import (
    ExpressionError,
    MissingPathError,
    StoredValueError,
)
from runwright.rules.wording import child, quoted

WRAPPED: Final = "$bubuTemplate"
"""The key of an object that stands for what its template comes to."""
WRAPPED_VARIABLES: Final = "$bubuTemplateVars"
"""The key beside it, with more roots for that template."""
DEEPEST: Final = 128
"""How many objects and lists may lie within each other."""
_VERDICTS: Final = {
    "true": True,
    "1": True,
    "yes": True,
    "y": True,
    "false": False,
    "0": False,
    "no": False,
    "n": False,
    "": False,
}


def is_template(text: str) -> bool:
    """Return whether the text is more than a literal."""
    return "{{" in text


def evaluate(
    value: Any,
    scope: Mapping[str, Any],
    *,
    dialect: Dialect = BUBUSTACK,
    now: datetime | None = None,
    random: Random | None = None,
) -> Any:
    """Return a JSON value with every template in it replaced by what it comes to.

    A text that is one plain path becomes the value it leads to, whatever its type. A text that is
    one action becomes the JSON value that its text writes, else that text. Everything else becomes
    a text. An object with `$bubuTemplate` becomes what that template comes to. Keys are left alone.
    `now` and `random` are what the functions of time and of chance use.

    Raises:
        UnresolvedError: a plain path leads to something of a step that is not there.
        OffloadedError: a template looks into what lies in a store.
        TemplateError: a template cannot be read, refers to what is not there, or does too much.

    Source: BubuStack core, package templating.
    """
    with _counted() as allowance:
        return _Evaluation(dialect, allowance, now, random).value(value, scope, "", 0)


def evaluate_object(
    value: Mapping[str, Any],
    scope: Mapping[str, Any],
    path: str,
    *,
    dialect: Dialect = BUBUSTACK,
    now: datetime | None = None,
    random: Random | None = None,
) -> dict[str, Any]:
    """Return what an object with templates comes to; `path` is where it stands.

    Raises:
        TemplateError: as `evaluate`, or it stands for a template that comes to no object.
    """
    result = evaluate(value, scope, dialect=dialect, now=now, random=random)
    if not is_object(result):
        message = f"its template comes to {described(result)}, not to an object"
        raise TemplateError(message, path=path)
    return dict(result)


def truth(
    value: Any,
    scope: Mapping[str, Any],
    *,
    dialect: Dialect = BUBUSTACK,
    now: datetime | None = None,
    random: Random | None = None,
) -> bool:
    """Return whether a condition holds; one that is absent or blank does.

    Raises:
        TemplateError: as `evaluate`, or the condition comes to neither true nor false.

    Source: BubuStack core, package templating, condition evaluation.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    result = evaluate(value, scope, dialect=dialect, now=now, random=random)
    if isinstance(result, bool):
        return result
    verdict = _VERDICTS.get(result.strip().lower()) if isinstance(result, str) else None
    if verdict is None:
        message = (
            f"the condition {quoted(str(value))} came to {described(result)}, not true or false"
        )
        raise TemplateError(message)
    return verdict


def render(
    text: str,
    scope: Mapping[str, Any],
    *,
    dialect: Dialect,
    now: datetime | None = None,
    random: Random | None = None,
) -> str:
    """Return the text that a template comes to, whatever it is.

    Raises:
        TemplateError: as `evaluate`.
    """
    with _counted() as allowance:
        return _Evaluation(dialect, allowance, now, random).rendered(text, scope, "")


@contextmanager
def _counted() -> Generator[Allowance]:
    """Give the steps of one evaluation, and note how many of them it took."""
    allowance = Allowance()
    try:
        yield allowance
    finally:
        effort.note(MOST_STEPS - max(allowance.left, 0))


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """One evaluation: everything in it shares the steps that it may take."""

    dialect: Dialect
    allowance: Allowance
    now: datetime | None
    random: Random | None

    def value(self, value: Any, scope: Mapping[str, Any], path: str, depth: int) -> Any:
        if isinstance(value, str):
            return self.text(value, scope, path) if "{{" in value else value
        if is_object(value):
            _must_not_be_deeper(depth, path)
            return self._object(value, scope, path, depth + 1)
        if not is_list(value):
            return value
        _must_not_be_deeper(depth, path)
        entries: list[Any] = []
        for index, part in enumerate(value):
            entries.append(self.value(part, scope, child(path, index), depth + 1))
        return entries

    def _object(
        self, fields: Mapping[str, Any], scope: Mapping[str, Any], path: str, depth: int
    ) -> Any:
        if WRAPPED in fields:
            return self._wrapped(fields, scope, path, depth)
        result: dict[str, Any] = {}
        for key, part in fields.items():
            result[key] = self.value(part, scope, child(path, key), depth)
        return result

    def _wrapped(
        self, fields: Mapping[str, Any], scope: Mapping[str, Any], path: str, depth: int
    ) -> Any:
        template = fields[WRAPPED]
        if not isinstance(template, str):
            message = f"must be a text, not {described(template)}"
            raise TemplateError(message, path=child(path, WRAPPED))
        where = child(path, WRAPPED_VARIABLES)
        variables = self.value(fields.get(WRAPPED_VARIABLES), scope, where, depth)
        if variables is not None and not is_object(variables):
            message = f"must be an object, not {described(variables)}"
            raise TemplateError(message, path=where)
        return self.text(template, {**scope, **(variables or {})}, child(path, WRAPPED))

    def text(self, text: str, scope: Mapping[str, Any], path: str) -> Any:
        if not is_template(text):
            return text
        with _located(text, path):
            reading = self.read(text)
            if reading.path:
                return follow(reading.path, scope)
            result = execute(reading.template, scope, self._settings())
            return read_result(result) if reading.is_one_action else result

    def rendered(self, text: str, scope: Mapping[str, Any], path: str) -> str:
        with _located(text, path):
            return execute(self.read(text).template, scope, self._settings())

    def read(self, text: str) -> Reading:
        """Return a template that was read; whether it had been before counts the same."""
        reading = self.dialect.read(text)
        self.allowance.spend(reading.steps)
        return reading

    def _settings(self) -> Settings:
        dialect = self.dialect
        return Settings(
            dialect.functions,
            dialect.missing,
            self.allowance,
            dialect.most_output,
            self.now,
            self.random,
        )


@contextmanager
def _located(text: str, path: str) -> Generator[None]:
    """Make an error of what is wrong with a template."""
    try:
        yield
    except ExpressionError as fault:
        raise error_of(fault, text, path) from None
    except RecursionError:
        # The limits keep far from it, but how far nobody can know: it depends on who calls.
        message = "the template nests too deep"
        raise TemplateError(message, path=path) from None


def _must_not_be_deeper(depth: int, path: str) -> None:
    if depth > DEEPEST:
        raise TemplateError(TOO_DEEP, path=path)


TOO_DEEP: Final = f"objects and lists lie within each other more than {DEEPEST} deep"


def error_of(fault: ExpressionError, text: str, path: str) -> TemplateError:
    """Return the error for what is wrong with a template; `path` is where that stands."""
    at = min(fault.at if fault.at is not None else max(text.find("{{"), 0), len(text))
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    kind = TemplateError
    if isinstance(fault, StoredValueError):
        kind = OffloadedError
    elif isinstance(fault, MissingPathError) and fault.root == STEPS:
        kind = UnresolvedError
    return kind(str(fault), column, path, line)
