"""Base 64 and base 32 as Go reads them, and says where they are wrong.

Source: Go, encoding/base64 and encoding/base32.
"""

import base64
from typing import Final

_PAD: Final = "="
_BASE_64: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_BASE_32: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_GROUP_64: Final = 4
_GROUP_32: Final = 8
_IMPOSSIBLE: Final = frozenset({1, 3, 6})
"""How many digits of base 32 no whole bytes make."""


class CorruptError(Exception):
    """What is no base 64, or 32; `at` is the first byte that is wrong."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


def from_base64(content: bytes) -> bytes:
    """Return what base 64 stands for; line ends within it do not count.

    Raises:
        CorruptError: it is none.
    """
    text = content.decode("latin-1")
    digits = _digits_of_base64(text)
    padded = digits + _PAD * (-len(digits) % _GROUP_64)
    return base64.b64decode(padded)


def _digits_of_base64(text: str) -> str:
    digits: list[str] = []
    for at, character in enumerate(text):
        if character in _BASE_64:
            digits.append(character)
        elif character not in "\r\n":
            _check_padding_64(text, at, len(digits) % _GROUP_64)
            return "".join(digits)
    if over := len(digits) % _GROUP_64:
        raise CorruptError(len(text) - over)
    return "".join(digits)


def _check_padding_64(text: str, at: int, over: int) -> None:
    """Return if padding starts here, is complete, and ends the text."""
    if text[at] != _PAD or over < 2:
        raise CorruptError(at)
    if over == 2:
        at = _behind_line_ends(text, at + 1)
        if at == len(text):
            raise CorruptError(at)
        if text[at] != _PAD:
            raise CorruptError(at - 1)
    rest = _behind_line_ends(text, at + 1)
    if rest < len(text):
        raise CorruptError(rest)


def _behind_line_ends(text: str, at: int) -> int:
    while text[at : at + 1] in {"\r", "\n"}:
        at += 1
    return at


def from_base32(content: bytes) -> bytes:
    """Return what base 32 stands for; line ends within it do not count.

    Raises:
        CorruptError: it is none.
    """
    text = content.decode("latin-1").replace("\r", "").replace("\n", "")
    digits = _digits_of_base32(text)
    return base64.b32decode(digits + _PAD * (-len(digits) % _GROUP_32))


def _digits_of_base32(text: str) -> str:
    for at, character in enumerate(text):
        over, rest = at % _GROUP_32, len(text) - at - 1
        if character == _PAD and over >= 2 and rest < _GROUP_32:
            _check_padding_32(text, at, over)
            return text[:at]
        if character not in _BASE_32:
            raise CorruptError(at)
    if over := len(text) % _GROUP_32:
        raise CorruptError(len(text) - over)
    return text


def _check_padding_32(text: str, at: int, over: int) -> None:
    """Return if the padding that starts here is as long as it must be."""
    wanted = _GROUP_32 - 1 - over
    if len(text) - at - 1 < wanted:
        raise CorruptError(len(text))
    for offset in range(wanted):
        if text[at + 1 + offset] != _PAD:
            raise CorruptError(at + offset)
    if over in _IMPOSSIBLE:
        raise CorruptError(at)
