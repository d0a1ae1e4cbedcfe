"""What a template text consists of."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from runwright.errors import TemplateError
from runwright.rules.wording import quoted

DELAYED: Final = "$bubuTemplate"
"""The key of an object that asks for evaluation at a later time."""

_BODY: Final = re.compile(
    r"""(?: [^"'`}] | \}(?!\}) | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | `[^`]*` )*""",
    re.VERBOSE,
)
_NAME: Final = r"[A-Za-z0-9_]+(?:-+[A-Za-z0-9_]+)*"
_QUOTED: Final = r""" "(?:[^"\\]|\\["\\])*" | '(?:[^'\\]|\\['\\])*' """
_SEGMENT: Final = re.compile(
    rf"\.(?P<name>{_NAME}) | \[\s*(?: (?P<index>[0-9]{{1,9}}) | (?P<key>{_QUOTED}) )\s*\]",
    re.VERBOSE,
)
_ROOT: Final = re.compile(rf"\.?(?P<root>(?![0-9]){_NAME})")
_ESCAPED: Final = re.compile(r"\\(.)")
_WORDS_OF_THE_LANGUAGE: Final = frozenset({"break", "continue", "else", "end", "nil"})


class Action(NamedTuple):
    """What stands between `{{` and `}}`."""

    source: str
    """Without braces, trim markers and the space around it."""
    column: int
    """Of the opening braces, in characters from the start of the text, from 1."""

    def __str__(self) -> str:
        return quoted(f"{{{{ {self.source} }}}}")


class Reference(NamedTuple):
    """An action that names one value."""

    action: Action
    path: tuple[str | int, ...]
    """From the root: `("steps", "build", "output", "files", 0)`."""


def is_template(text: str) -> bool:
    """Return whether the text is more than a literal."""
    return "{{" in text


def split(text: str) -> Iterator[str | Action]:
    """Yield the literals and actions of the text, trim markers applied; never an empty literal.

    Raises:
        TemplateError: an action or a quotation in it does not end.
    """
    position = 0
    trims = False
    while (start := text.find("{{", position)) >= 0:
        end = _end_of_action(text, start)
        literal, body = text[position:start], text[start + 2 : end]
        yield from _trimmed(literal, left=trims, right=_opens_trimming(body))
        trims = _closes_trimming(body)
        yield Action(_source(body), start + 1)
        position = end + 2
    yield from _trimmed(text[position:], left=trims, right=False)


def _end_of_action(text: str, start: int) -> int:
    match = _BODY.match(text, start + 2)
    end = match.end() if match else start + 2
    if end == len(text):
        message = 'a "{{" has no "}}"'
        raise TemplateError(message, start + 1)
    if not text.startswith("}}", end):
        message = "a quotation in a template does not end"
        raise TemplateError(message, end + 1)
    return end


def _opens_trimming(body: str) -> bool:
    return body.startswith("-") and body[1:2].isspace()


def _closes_trimming(body: str) -> bool:
    return body.endswith("-") and body[-2:-1].isspace()


def _source(body: str) -> str:
    if _opens_trimming(body):
        body = body[1:]
    if _closes_trimming(body):
        body = body[:-1]
    return body.strip()


def _trimmed(literal: str, *, left: bool, right: bool) -> Iterator[str]:
    if left:
        literal = literal.lstrip()
    if right:
        literal = literal.rstrip()
    if literal:
        yield literal


def read_reference(action: Action) -> Reference:
    """Return what the action refers to.

    Raises:
        TemplateError: the action is empty, or anything but a plain reference.
    """
    if not action.source:
        message = "a template without anything between its braces"
        raise TemplateError(message, action.column)
    root = _ROOT.match(action.source)
    if root is None or root["root"] in _WORDS_OF_THE_LANGUAGE:
        raise _not_plain(action)
    path: list[str | int] = [root["root"]]
    position = root.end()
    while segment := _SEGMENT.match(action.source, position):
        path.append(_key(segment))
        position = segment.end()
    if position != len(action.source):
        raise _not_plain(action)
    return Reference(action, tuple(path))


def _key(segment: re.Match[str]) -> str | int:
    if segment["index"]:
        return int(segment["index"])
    if segment["name"]:
        return segment["name"]
    return _ESCAPED.sub(r"\1", segment["key"].strip()[1:-1])


def _not_plain(action: Action) -> TemplateError:
    message = (
        f"{action} is more than a plain reference; only plain references such as {{{{ inputs.x }}}}"
        " or {{ steps.build.output.y }} are understood by this version"
    )
    return TemplateError(message, action.column)


def delayed_evaluation() -> TemplateError:
    """Return the error for an object that asks to be evaluated later."""
    message = (
        f'"{DELAYED}" is not understood by this version; only plain references such as'
        " {{ inputs.x }} or {{ steps.build.output.y }} are"
    )
    return TemplateError(message)
