"""From a text to its words.

Source: Go, text/template/parse, lexer.
"""

import re
from collections.abc import Iterator
from typing import Final

from runwright.rules.templates.language.tokens import KEYWORDS, Token, Word
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.wording import quoted

_SPACES: Final = " \t\r\n"
_SPACE_RUN: Final = re.compile(r"[ \t\r\n]+")
_NUMBER: Final = re.compile(
    r"""[+-]?
    (?: 0[xX][0-9a-fA-F_]* (?:\.[0-9a-fA-F_]*)? (?:[pP][+-]?[0-9_]*)?
      | 0[oO][0-7_]* (?:\.[0-7_]*)?
      | 0[bB][01_]* (?:\.[01_]*)?
      | [0-9_]* (?:\.[0-9_]*)? (?:[eE][+-]?[0-9_]*)?
    ) i?""",
    re.VERBOSE,
)
_STRINGS: Final = {
    '"': (Word.STRING, re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')),
    "'": (Word.CHARACTER, re.compile(r"'(?:[^'\\\n]|\\[^\n])*'")),
    "`": (Word.STRING, re.compile(r"`[^`]*`")),
}
_SUBSCRIPT: Final = re.compile(
    r"""\[\s*(?: [0-9]{1,9} | "(?:[^"\\\n]|\\[^\n])*" | '(?:[^'\\\n]|\\[^\n])*' )\s*\]""",
    re.VERBOSE,
)
_HYPHENS: Final = re.compile(r"-+(?=[A-Za-z0-9_])")
_SINGLE: Final = {
    "=": Word.ASSIGN,
    "|": Word.PIPE,
    ",": Word.COMMA,
    "(": Word.OPEN,
    ")": Word.CLOSE,
}
_AFTER_A_NAME: Final = frozenset(".,|:)(")


def words_of(text: str, *, paths: bool) -> Iterator[Token]:
    """Yield the words of a template, the last one being the end.

    `paths` lets fields have hyphens and subscripts, as BubuStack's paths do and Go's do not.

    Raises:
        ExpressionError: here no word of the language starts.
    """
    position = 0
    while (start := text.find("{{", position)) >= 0:
        trims = _is_trimming(text, start + 2)
        literal = text[position:start].rstrip(_SPACES) if trims else text[position:start]
        if literal:
            yield Token(Word.TEXT, literal, position)
        inside = start + 4 if trims else start + 2
        if text.startswith("/*", inside):
            position = _after_comment(text, start, inside)
            continue
        yield Token(Word.LEFT, "{{", start)
        action = _Action(text, inside, paths=paths)
        yield from action.words()
        position = action.position
    if position < len(text):
        yield Token(Word.TEXT, text[position:], position)
    yield Token(Word.END, "", len(text))


def _is_trimming(text: str, position: int) -> bool:
    return text.startswith("-", position) and text[position + 1 : position + 2] in _WHITE


_WHITE: Final = frozenset(_SPACES)


def _end_of_action(text: str, position: int) -> int:
    """Return the position behind the braces that close an action here; 0: none do."""
    if text.startswith("}}", position):
        return position + 2
    if text[position : position + 1] in _WHITE and text.startswith("-}}", position + 1):
        return _behind_space(text, position + 4)
    return 0


def _behind_space(text: str, position: int) -> int:
    found = _SPACE_RUN.match(text, position)
    return found.end() if found else position


def _after_comment(text: str, start: int, inside: int) -> int:
    close = text.find("*/", inside + 2)
    if close < 0:
        message = "a comment does not end: its end is */}}"
        raise ExpressionError(message, start)
    end = _end_of_action(text, close + 2)
    if not end:
        message = "a comment must fill its braces: nothing may stand between */ and }}"
        raise ExpressionError(message, close)
    return end


class _Action:
    """What stands between two braces."""

    def __init__(self, text: str, position: int, *, paths: bool) -> None:
        self._text = text
        self.position = position
        self._start = position
        self._paths = paths
        self._open = 0

    def words(self) -> Iterator[Token]:
        """Yield the words up to the closing braces, and those."""
        while not (end := _end_of_action(self._text, self.position)):
            yield self._word()
        if self._open:
            message = 'a "(" has no ")"'
            raise ExpressionError(message, self.position)
        yield Token(Word.RIGHT, "}}", self.position)
        self.position = end

    def _word(self) -> Token:
        at = self.position
        first = self._text[at : at + 1]
        if not first:
            message = 'a "{{" has no "}}"'
            raise ExpressionError(message, self._start - 2)
        if first in _WHITE:
            return self._space(at)
        if first in _SINGLE:
            return self._single(first, at)
        if first in _STRINGS:
            return self._string(first, at)
        if first in ".$":
            return self._path(first, at)
        if first in "+-" or first in _DIGITS:
            return self._number(at)
        return self._other(first, at)

    def _taken(self, word: Word, at: int, end: int) -> Token:
        self.position = end
        return Token(word, self._text[at:end], at)

    def _space(self, at: int) -> Token:
        end = _behind_space(self._text, at)
        if self._text.startswith("-}}", end) and end > at + 1:
            end -= 1  # that space belongs to the trim marker
        return self._taken(Word.SPACE, at, end)

    def _single(self, first: str, at: int) -> Token:
        self._open += (first == "(") - (first == ")")
        if self._open < 0:
            message = 'a ")" has no "("'
            raise ExpressionError(message, at)
        return self._taken(_SINGLE[first], at, at + 1)

    def _string(self, quote: str, at: int) -> Token:
        word, pattern = _STRINGS[quote]
        found = pattern.match(self._text, at)
        if found is None:
            message = "a quotation in a template does not end"
            raise ExpressionError(message, at)
        return self._taken(word, at, found.end())

    def _number(self, at: int) -> Token:
        word, end = Word.NUMBER, self._end_of_number(at)
        if self._text[end : end + 1] in {"+", "-"}:
            word, end = Word.COMPLEX, self._end_of_number(end)
            if self._text[end - 1] != "i":
                raise self._bad_number(at, end)
        return self._taken(word, at, end)

    def _end_of_number(self, at: int) -> int:
        found = _NUMBER.match(self._text, at)
        end = found.end() if found else at
        if _is_of_a_name(self._text[end : end + 1]):
            raise self._bad_number(at, end + 1)
        return end

    def _bad_number(self, at: int, end: int) -> ExpressionError:
        return ExpressionError(f"{quoted(self._text[at:end])} is no number", at)

    def _path(self, first: str, at: int) -> Token:
        if first == "." and self._text[at + 1 : at + 2] in _DIGITS:
            return self._number(at)
        end = self._end_of_name(at + 1, hyphens=first == ".")
        if end == at + 1 and first == ".":
            return self._taken(Word.DOT, at, end)
        return self._taken(Word.FIELD if first == "." else Word.VARIABLE, at, end)

    def _end_of_name(self, position: int, *, hyphens: bool) -> int:
        text = self._text
        while _is_of_a_name(text[position : position + 1]):
            position += 1
            if hyphens and self._paths and (found := _HYPHENS.match(text, position)):
                position = found.end()
        if not self._ends_a_name(position):
            message = f"{quoted(text[position])} cannot be part of a name"
            raise ExpressionError(message, position)
        return position

    def _ends_a_name(self, position: int) -> bool:
        following = self._text[position : position + 1]
        return (
            not following
            or following in _WHITE
            or following in _AFTER_A_NAME
            or (following == "[" and self._paths)
            or self._text.startswith("}}", position)
        )

    def _other(self, first: str, at: int) -> Token:
        if _is_of_a_name(first):
            return self._name(at)
        if self._text.startswith(":=", at):
            return self._taken(Word.DECLARE, at, at + 2)
        if first == "[" and self._paths and (found := _SUBSCRIPT.match(self._text, at)):
            return self._taken(Word.SUBSCRIPT, at, found.end())
        if first == ":" or not (first.isascii() and first.isprintable()):
            message = f"{quoted(first)} has no meaning in a template"
            raise ExpressionError(message, at)
        return self._taken(Word.SIGN, at, at + 1)

    def _name(self, at: int) -> Token:
        end = self._end_of_name(at, hyphens=False)
        name = self._text[at:end]
        if name in KEYWORDS:
            return self._taken(Word.KEYWORD, at, end)
        known = {"nil": Word.NIL, "true": Word.BOOL, "false": Word.BOOL}
        return self._taken(known.get(name, Word.NAME), at, end)


_DIGITS: Final = frozenset("0123456789")


def _is_of_a_name(character: str) -> bool:
    return character == "_" or character.isalpha() or character.isdecimal()
