"""Lines of a given width.

Source: Masterminds/goutils, WrapCustom.
"""

from typing import Final

from runwright.rules.templates.functions.registry import Functions, Surroundings, function
from runwright.rules.templates.values.text import bytes_of, text_of


def _wrapped(surroundings: Surroundings, width: int, text: str) -> str:
    return _in_lines(surroundings, text, width, b"\n", breaks_words=False)


def _wrapped_with(surroundings: Surroundings, width: int, ending: str, text: str) -> str:
    return _in_lines(surroundings, text, width, bytes_of(ending) or b"\n", breaks_words=True)


def _in_lines(
    surroundings: Surroundings, text: str, width: int, ending: bytes, *, breaks_words: bool
) -> str:
    """Return the text with an ending behind at most `width` bytes, where there is a space."""
    content, width = bytes_of(text), max(width, 1)
    surroundings.allowance.make_room(len(content) + len(content) // width * len(ending))
    lines: list[bytes] = []
    offset = 0
    while len(content) - offset > width:
        if content[offset : offset + 1] == b" ":
            offset += 1
            continue
        end, following = _end_of_line(content, offset, width, breaks_words=breaks_words)
        lines.append(content[offset:end])
        offset = following
        if following > len(content):
            return text_of(ending.join(lines))
    return text_of(ending.join([*lines, content[offset:]]))


def _end_of_line(content: bytes, offset: int, width: int, *, breaks_words: bool) -> tuple[int, int]:
    """Return where a line ends, and where the next one starts; beyond the end: there is none."""
    space = content.rfind(b" ", offset, offset + width + 1)
    if space >= 0:
        return space, space + 1
    if breaks_words:
        return offset + width, offset + width
    space = content.find(b" ", offset + width)
    return (space, space + 1) if space >= 0 else (len(content), len(content) + 1)


WRAPPING: Final[Functions] = {
    "wrap": function(_wrapped, "int text", asks=True),
    "wrapWith": function(_wrapped_with, "int text text", asks=True),
}
