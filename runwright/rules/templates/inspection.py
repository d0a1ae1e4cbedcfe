"""What can be said of templates without evaluating them."""

from collections.abc import Collection, Iterator
from typing import Any, Final, NamedTuple

from runwright.errors import Problem, TemplateError
from runwright.rules.shapes import is_list, is_object
from runwright.rules.templates.syntax import (
    DELAYED,
    Action,
    Reference,
    delayed_evaluation,
    is_template,
    read_reference,
    split,
)
from runwright.rules.wording import child, listed, quoted, suggestion

DEEPEST: Final = 128
"""How many objects and lists may lie within each other."""


_Finding = Reference | TemplateError


class Mention(NamedTuple):
    """A reference, and the field that holds it."""

    place: str
    reference: tuple[str, ...]


def too_deep() -> TemplateError:
    """Return the error for a value that exceeds `DEEPEST`."""
    message = f"objects and lists lie within each other more than {DEEPEST} deep"
    return TemplateError(message)


def check(value: Any, roots: Collection[str], path: str = "") -> list[Problem]:
    """Return everything wrong with the templates in a JSON value.

    `roots` are the names that a reference may start with here; `path` is where the value stands,
    and each problem says where in it.
    """
    return [
        Problem(place, f"{error.message} (column {error.column})")
        for place, found in _findings(value, path)
        if (error := _judged(found, roots)) is not None
    ]


def mentions(value: Any, path: str = "") -> list[Mention]:
    """Return every reference in a JSON value, in order; what cannot be read is skipped.

    `path` is where the value stands.
    """
    return [
        Mention(place, tuple(str(segment) for segment in found.path))
        for place, found in _findings(value, path)
        if isinstance(found, Reference)
    ]


def references(value: Any) -> list[tuple[str, ...]]:
    """Return the path of every reference in a JSON value, in order; what cannot be read is skipped.

    An index is a segment of digits: `("inputs", "files", "0")`.
    """
    return [mention.reference for mention in mentions(value)]


def _judged(found: _Finding, roots: Collection[str]) -> TemplateError | None:
    if isinstance(found, TemplateError):
        return found
    root = str(found.path[0])
    if root in roots:
        return None
    known = f"a reference starts with {listed(sorted(roots), 'or')}" if roots else "nothing is"
    message = f"{found.action}: {quoted(root)} is not known here{suggestion(root, roots)}; {known}"
    return TemplateError(message, found.action.column)


def _findings(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, _Finding]]:
    if isinstance(value, str):
        for found in _in_text(value):
            yield path, found
        return
    parts = _parts(value)
    if parts and depth > DEEPEST:
        yield path, too_deep()
        return
    if is_object(value) and DELAYED in value:
        yield path, delayed_evaluation()
    for key, part in parts:
        yield from _findings(part, child(path, key), depth + 1)


def _parts(value: Any) -> list[tuple[str | int, Any]]:
    if is_object(value):
        return list(value.items())
    if is_list(value):
        return list(enumerate(value))
    return []


def _in_text(text: str) -> Iterator[_Finding]:
    if not is_template(text):
        return
    try:
        for part in split(text):
            if isinstance(part, Action):
                yield _read(part)
    except TemplateError as error:
        yield error


def _read(action: Action) -> _Finding:
    try:
        return read_reference(action)
    except TemplateError as error:
        return error
