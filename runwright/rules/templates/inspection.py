"""What can be said of templates without evaluating them."""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from runwright.errors import Problem, TemplateError
from runwright.rules.shapes import is_list, is_object
from runwright.rules.templates.dialects import BUBUSTACK, Dialect
from runwright.rules.templates.evaluation import (
    DEEPEST,
    TOO_DEEP,
    WRAPPED,
    WRAPPED_VARIABLES,
    error_of,
    is_template,
)
from runwright.rules.templates.paths import Segments, path_text
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.walking import paths_in
from runwright.rules.wording import child, listed, quoted, suggestion


class Mention(NamedTuple):
    """A reference, and the field that holds it."""

    place: str
    reference: tuple[str, ...]


class _Finding(NamedTuple):
    """A path that a template mentions, or what is wrong with the template."""

    place: str
    path: Segments
    roots: tuple[str, ...]
    """What this template sees besides the usual roots."""
    where: Callable[[], TemplateError]
    """Makes an error that says where in the template; for an empty path also what is wrong."""


def check(
    value: Any, roots: Collection[str], path: str = "", *, dialect: Dialect = BUBUSTACK
) -> list[Problem]:
    """Return everything wrong with the templates in a JSON value.

    `roots` are the names that a reference may start with here; `path` is where the value stands,
    and each problem says where in it.
    """
    problems: list[Problem] = []
    for found in _findings(value, path, dialect):
        error = _judged(found, {*roots, *found.roots})
        if error is not None:
            problems.append(Problem(found.place, str(error)))
    return problems


def mentions(value: Any, path: str = "", *, dialect: Dialect = BUBUSTACK) -> list[Mention]:
    """Return every reference in a JSON value, in order; what cannot be read is skipped.

    `path` is where the value stands.
    """
    return [
        Mention(found.place, tuple(map(str, found.path)))
        for found in _findings(value, path, dialect)
        if found.path and found.path[0] not in found.roots
    ]


def references(value: Any, *, dialect: Dialect = BUBUSTACK) -> list[tuple[str, ...]]:
    """Return the path of every reference in a JSON value, in order; what cannot be read is skipped.

    An index is a segment of digits: `("inputs", "files", "0")`.
    """
    return [mention.reference for mention in mentions(value, dialect=dialect)]


def _judged(found: _Finding, roots: Collection[str]) -> TemplateError | None:
    if not found.path:
        return found.where()
    root = str(found.path[0])
    if root in roots:
        return None
    known = f"a reference starts with {listed(sorted(roots), 'or')}" if roots else "nothing is"
    unknown = f"{quoted(root)} is not known here{suggestion(root, roots)}"
    message = f"{path_text(found.path)}: {unknown}; {known}"
    where = found.where()
    return TemplateError(message, where.column, line=where.line)


def _findings(
    value: Any, path: str, dialect: Dialect, roots: tuple[str, ...] = (), depth: int = 0
) -> Iterator[_Finding]:
    if isinstance(value, str):
        yield from _in_text(value, path, dialect, roots)
        return
    parts = _parts(value)
    if parts and depth > DEEPEST:
        yield _Finding(path, (), roots, partial(TemplateError, TOO_DEEP))
        return
    if is_object(value) and WRAPPED in value:
        yield from _wrapped(value, path, dialect, depth)
        return
    for key, part in parts:
        yield from _findings(part, child(path, key), dialect, roots, depth + 1)


def _wrapped(
    value: Mapping[str, Any], path: str, dialect: Dialect, depth: int
) -> Iterator[_Finding]:
    """Yield the findings of a template that has roots of its own."""
    template, variables = value[WRAPPED], value.get(WRAPPED_VARIABLES)
    yield from _findings(variables, child(path, WRAPPED_VARIABLES), dialect, (), depth + 1)
    where = child(path, WRAPPED)
    if isinstance(template, str):
        own = tuple(variables) if is_object(variables) else ()
        yield from _in_text(template, where, dialect, own)
    else:
        yield _Finding(where, (), (), partial(TemplateError, "must be a text"))


def _parts(value: Any) -> list[tuple[str | int, Any]]:
    if is_object(value):
        return list(value.items())
    if is_list(value):
        return list(enumerate(value))
    return []


def _in_text(text: str, place: str, dialect: Dialect, roots: tuple[str, ...]) -> Iterator[_Finding]:
    if not is_template(text):
        return
    try:
        template = dialect.read(text).template
    except ExpressionError as fault:
        yield _Finding(place, (), roots, partial(error_of, fault, text, ""))
        return
    for found in paths_in(template):
        where = partial(error_of, ExpressionError("", found.at), text, "")
        yield _Finding(place, found.segments, roots, where)
