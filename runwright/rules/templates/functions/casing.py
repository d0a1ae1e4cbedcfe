"""Capitals, small letters, and names written in one way or another.

Source: Go, strings; Masterminds/goutils; huandu/xstrings.
"""

import unicodedata
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Final

from runwright.rules.templates.functions.registry import Functions, function
from runwright.rules.templates.values.text import (
    is_space,
    lower,
    lower_of,
    presentable,
    title_of,
    upper,
    upper_of,
)


def _title(text: str) -> str:
    """Return the text with a capital at the start of every word."""
    text = presentable(text)
    pairs = zip(f" {text}", text, strict=False)
    return "".join(title_of(one) if _parts_words(before) else one for before, one in pairs)


def _parts_words(character: str) -> bool:
    if character.isascii():
        return not (character.isalnum() or character == "_")
    return is_space(character)


def _untitle(text: str) -> str:
    """Return the text with a small letter at the start of every word."""
    text = presentable(text)
    pairs = zip(f" {text}", text, strict=False)
    return "".join(lower_of(one) if is_space(before) else one for before, one in pairs)


def _connects(character: str) -> bool:
    return character in "-_" or is_space(character)


def _camel(text: str) -> str:
    """Return words as one, each with a capital: `some_words` becomes `SomeWords`."""
    text = presentable(text)
    leading = next((index for index, one in enumerate(text) if not _connects(one)), len(text))
    start, rest = text[:leading], text[leading:]
    if not rest:  # the library that Sprig uses writes the last one twice
        return start + start[-1:]
    if len(rest) == 1:
        return start + upper_of(rest)
    return start + _joined_words(rest)


def _joined_words(text: str) -> str:
    pieces: list[str] = []
    before = upper_of(text[0])
    for character in text[1:]:
        if _connects(character) and _connects(before):
            pieces.append(before)
            before = character
            continue
        if _connects(before):
            before = upper_of(character)
            continue
        pieces.append(before)
        before = lower_of(character)
    return "".join([*pieces, before])


class _Sort(Enum):
    """What a part of a name consists of."""

    NUMBER = auto()
    CAPITALS = auto()
    LETTERS = auto()
    CONNECTOR = auto()
    SIGNS = auto()
    OTHER = auto()
    END = auto()


_Part = tuple[_Sort, str]
_LETTERS_OR_DIGITS: Final = frozenset({_Sort.LETTERS, _Sort.NUMBER})
_SEPARATING: Final = frozenset({_Sort.CONNECTOR, _Sort.SIGNS})


def _is_letter(character: str) -> bool:
    """Return whether it is a letter of an alphabet; Chinese signs are not."""
    code = ord(character)
    chinese = 0x3400 <= code <= 0x4DB5 or 0x4E00 <= code <= 0x9FCC or 0x20000 <= code <= 0x2B81D
    return character.isalpha() and not chinese


def _is_sign(character: str) -> bool:
    return unicodedata.category(character)[0] == "P"


def _is_number(character: str) -> bool:
    return unicodedata.category(character)[0] == "N"


def _is_capital(character: str) -> bool:
    return unicodedata.category(character) == "Lu"


def _is_small(character: str) -> bool:
    return _is_letter(character) and not _is_capital(character)


def _is_other(character: str) -> bool:
    return not (
        _connects(character)
        or _is_letter(character)
        or _is_number(character)
        or _is_sign(character)
    )


def _parts(text: str) -> Iterator[_Part]:
    position = 0
    while position < len(text):
        sort, end = _part_at(text, position)
        yield sort, text[position:end]
        position = end
    yield _Sort.END, ""


def _part_at(text: str, start: int) -> tuple[_Sort, int]:
    for sort, belongs in _RUNS:
        if belongs(text[start]):
            return sort, _run(text, start + 1, belongs)
    if _is_capital(text[start]):
        return _Sort.CAPITALS, _end_of_capitals(text, start + 1)
    if _is_letter(text[start]):
        return _Sort.LETTERS, _run(text, start + 1, _is_small)
    if _is_number(text[start]):
        return _Sort.NUMBER, _run(text, start + 1, _is_number)
    return _Sort.OTHER, _run(text, start + 1, _is_other)


def _run(text: str, position: int, belongs: Callable[[str], bool]) -> int:
    while position < len(text) and belongs(text[position]):
        position += 1
    return position


def _end_of_capitals(text: str, second: int) -> int:
    """Return where a word with capitals ends: `HTTP` of `HTTPServer`, all of `Server`."""
    end = _run(text, second, _is_capital)
    if end == second:
        return _run(text, second, _is_small)
    follows = end < len(text) and _is_letter(text[end])
    return end - 1 if follows else end


_RUNS: Final = ((_Sort.CONNECTOR, _connects), (_Sort.SIGNS, _is_sign))


class _Splitter:
    """Writes the parts of a name with a connector between words."""

    def __init__(self, text: str, connector: str) -> None:
        self._rest = list(_parts(text))
        self._rest.reverse()
        self._connector = connector
        self._pieces: list[str] = []

    def written(self) -> str:
        """Return the name, in small letters."""
        current = self._rest.pop()
        while self._rest:
            if current[0] is not _Sort.CONNECTOR:
                self._write(current)
            previous, current = current, self._rest.pop()
            current = self._between(previous, current)
        self._write(current)
        return "".join(self._pieces)

    def _between(self, previous: _Part, current: _Part) -> _Part:
        """Write what stands between two parts; return the one that is to be written next."""
        match previous[0]:
            case _Sort.NUMBER:
                return self._after_number(current, {_Sort.END, *_SEPARATING})
            case _Sort.CONNECTOR:
                self._write(previous)
                return current
            case _Sort.SIGNS:
                return current
            case _ if current[0] is not _Sort.NUMBER:
                if current[0] not in {_Sort.END, *_SEPARATING}:
                    self._pieces.append(self._connector)
                return current
            case _:
                return self._number_after_word(current)

    def _after_number(self, current: _Part, stops: set[_Sort]) -> _Part:
        while current[0] in _LETTERS_OR_DIGITS:
            self._write(current)
            current = self._rest.pop() if self._rest else (_Sort.END, "")
        if current[0] not in stops:
            self._pieces.append(self._connector)
        return current

    def _number_after_word(self, number: _Part) -> _Part:
        """Write a number behind a word: with it, or before the small letters that follow."""
        if not self._rest or self._rest[-1][0] is _Sort.END:
            return number
        following = self._rest.pop()
        if following[0] is not _Sort.LETTERS:
            self._write(number)
            if following[0] not in _SEPARATING:
                self._pieces.append(self._connector)
            return following
        self._pieces.append(self._connector)
        self._write(number)
        return self._after_number(following, {_Sort.END, *_SEPARATING})

    def _write(self, part: _Part) -> None:
        sort, text = part
        if sort is _Sort.CONNECTOR:
            self._pieces.append(self._connector * len(text))
        elif sort is _Sort.CAPITALS:
            self._pieces.append("".join(lower_of(one) if _is_capital(one) else one for one in text))
        else:
            self._pieces.append(text)


def _snake(text: str) -> str:
    return _Splitter(text, "_").written() if text else ""


def _kebab(text: str) -> str:
    return _Splitter(text, "-").written() if text else ""


CASING: Final[Functions] = {
    "upper": function(upper, "text", slow=True),
    "lower": function(lower, "text", slow=True),
    "title": function(_title, "text", slow=True),
    "untitle": function(_untitle, "text", slow=True),
    "camelcase": function(_camel, "text", slow=True),
    "snakecase": function(_snake, "text", slow=True),
    "kebabcase": function(_kebab, "text", slow=True),
}
