"""Go's quotations: how a text is written between quotes, and read from them."""

import re
import unicodedata
from typing import Final

from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.text import joined, text_of

_SIMPLE: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
}
_ESCAPED: Final = {character: rf"\{letter}" for letter, character in _SIMPLE.items()}
_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL
)
_PRINTABLE: Final = frozenset("LMNPS")
_LAST: Final = 0x10FFFF


def is_printable(character: str) -> bool:
    """Return whether Go writes the character as it is: letters, marks, digits, signs, the space."""
    return character == " " or unicodedata.category(character)[0] in _PRINTABLE


def quoted(text: str, *, ascii_only: bool = False, quote: str = '"') -> str:
    """Return the text as Go's `%q` writes it."""
    if text.isascii() and text.isprintable() and quote not in text and "\\" not in text:
        return f"{quote}{text}{quote}"
    content = "".join(_written(one, quote, ascii_only=ascii_only) for one in text)
    return f"{quote}{content}{quote}"


def _written(character: str, quote: str, *, ascii_only: bool) -> str:
    if character == quote or character in _ESCAPED:
        return _ESCAPED.get(character) or rf"\{character}"
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return rf"\x{code - 0xDC00:02x}"
    shown_as_it_is = is_printable(character) and (character.isascii() or not ascii_only)
    return character if shown_as_it_is else _as_code(code)


def _as_code(code: int) -> str:
    if code < 0x20 or code == 0x7F:
        return rf"\x{code:02x}"
    return rf"\u{code:04x}" if code < 0x10000 else rf"\U{code:08x}"


def unquoted(source: str) -> str:
    """Return the text that a quotation in Go writes; its quotes may be `"`, `'` or a backquote.

    Raises:
        ExpressionError: it has an escape that Go does not know.

    Source: Go, strconv, Unquote.
    """
    quote, content = source[0], source[1:-1]
    if quote == "`":
        return content.replace("\r", "")
    if "\\" not in content:
        return content
    pieces: list[str] = []
    position = 0
    while (start := content.find("\\", position)) >= 0:
        piece, end = _unescaped(content, start, quote)
        pieces += [content[position:start], piece]
        position = end
    return joined([*pieces, content[position:]])


def _unescaped(content: str, start: int, quote: str) -> tuple[str, int]:
    found = _ESCAPE.match(content, start)
    meant = _meaning(found, quote) if found else None
    if found is None or meant is None:
        message = f"{content[start : start + 2]} is no escape of Go's"
        raise ExpressionError(message)
    return meant, found.end()


def _meaning(found: re.Match[str], quote: str) -> str | None:
    byte, short, long, octal, letter = found.groups()
    if letter is not None:
        return quote if letter == quote else _SIMPLE.get(letter)
    if byte or octal:
        value = int(byte, 16) if byte else int(octal, 8)
        return text_of(bytes([value])) if value < 0x100 else None
    code = int(short or long, 16)
    return None if code > _LAST or 0xD800 <= code < 0xE000 else chr(code)
