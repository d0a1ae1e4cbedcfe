"""Text as Go has it: bytes, that are UTF-8 where nobody cut them.

A text is a `str` here. A byte that is no part of a character is one of the code points U+DC80 to
U+DCFF, as the error handler `surrogateescape` has it.
"""

import re
from collections.abc import Callable
from typing import Final

SPACES: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
    + ("\u2009\u200a\u2028\u2029\u202f\u205f\u3000")
)
"""What Go takes for white space; Python also takes the separators U+001C to U+001F for it."""
_LONE: Final = re.compile("[\ud800-\udfff]")
_NO_BYTE: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def bytes_of(text: str) -> bytes:
    """Return the bytes of a text; a surrogate that stands for none becomes U+FFFD, as in Go."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _NO_BYTE.sub("\ufffd", text).encode(errors="surrogateescape")


def text_of(content: bytes) -> str:
    """Return the text of these bytes; `bytes_of` takes it back."""
    return content.decode(errors="surrogateescape")


def length_of(text: str) -> int:
    """Return how many bytes a text has."""
    return len(text) if text.isascii() else len(bytes_of(text))


def cut(text: str, start: int, end: int | None = None) -> str:
    """Return the bytes from `start` to `end` as text."""
    return text[start:end] if text.isascii() else text_of(bytes_of(text)[start:end])


def joined(parts: list[str], separator: str = "") -> str:
    """Return the parts as one text; halves of a character that meet become one."""
    text = separator.join(parts)
    return text if text.isascii() or _LONE.search(text) is None else text_of(bytes_of(text))


def presentable(text: str) -> str:
    """Return the text with U+FFFD for every byte that is no part of a character."""
    return text if text.isascii() else _LONE.sub("\ufffd", text)


def is_space(character: str) -> bool:
    """Return whether Go takes the character for white space."""
    return character in SPACES


def upper(text: str) -> str:
    """Return the text in capitals, character by character: `ß` has none of its own."""
    return text.upper() if text.isascii() else _mapped(text, upper_of)


def lower(text: str) -> str:
    """Return the text in small letters, character by character."""
    return text.lower() if text.isascii() else _mapped(text, lower_of)


def upper_of(character: str) -> str:
    """Return the capital of one character."""
    capital = character.upper()
    return capital if len(capital) == 1 else title_of(character)


def lower_of(character: str) -> str:
    """Return the small letter of one character."""
    return character.lower()[0]


def title_of(character: str) -> str:
    """Return how one character starts a word in a title."""
    title = character.title()
    return title if len(title) == 1 else character


def _mapped(text: str, change: Callable[[str], str]) -> str:
    return "".join(map(change, presentable(text)))
