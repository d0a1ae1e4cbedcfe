"""Functions about texts; most count bytes, as Go does.

Source: Sprig, string functions.
"""

from itertools import pairwise
from typing import Any, Final

from runwright.rules.templates.functions.casing import CASING
from runwright.rules.templates.functions.conversion import text_from, texts_from
from runwright.rules.templates.functions.registry import Functions, Surroundings, function
from runwright.rules.templates.functions.wrapping import WRAPPING
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.kinds import StringMap, Strings
from runwright.rules.templates.values.printing import shown
from runwright.rules.templates.values.quoting import quoted
from runwright.rules.templates.values.text import (
    SPACES,
    bytes_of,
    cut,
    is_space,
    joined,
    length_of,
)

_MARK: Final = "..."


def _abbreviated(width: int, text: str) -> str:
    return text if width < 4 else _shortened(text, 0, width)


def _abbreviated_on_both_sides(left: int, right: int, text: str) -> str:
    if right < 4 or (left > 0 and right < 7):
        return text
    return _shortened(text, left, right)


def _shortened(text: str, offset: int, width: int) -> str:
    """Return the text within `width` bytes, dots for what is left out; `offset` is within it."""
    size = length_of(text)
    if size <= width:
        return text
    offset = min(offset, size)
    if size - offset < width - 3:
        offset = size - (width - 3)
    if offset <= 4:
        return cut(text, 0, width - 3) + _MARK
    if width < 7:
        return ""
    if offset + width - 3 < size:
        return _MARK + _shortened(cut(text, offset), 0, width - 3)
    return _MARK + cut(text, size - (width - 3))


def _truncated(count: int, text: str) -> str:
    size = length_of(text)
    if count < 0:
        return cut(text, size + count) if size + count > 0 else text
    return cut(text, 0, count)


def _substring(start: int, end: int, text: str) -> str:
    size = length_of(text)
    if start < 0:
        start = 0
    elif end < 0 or end > size:
        end = size
    if not start <= end <= size:
        message = f"there is nothing from {start} to {end} in a text of {size} bytes"
        raise ExpressionError(message)
    return cut(text, start, end)


def _without_spaces(text: str) -> str:
    """Return the text without spaces; with one, every byte becomes a character of its own."""
    characters = bytes_of(text).decode("latin-1")
    kept = "".join(one for one in characters if not is_space(one))
    return text if len(kept) == len(characters) else kept


def _initials(text: str) -> str:
    """Return the first byte of each word, each as a character."""
    characters = f" {bytes_of(text).decode('latin-1')}"
    pairs = pairwise(characters)
    return "".join(one for before, one in pairs if is_space(before) and not is_space(one))


def _quoted(*values: Any) -> str:
    return joined([quoted(text_from(value)) for value in values if value is not None], " ")


def _single_quoted(*values: Any) -> str:
    return joined([f"'{shown(value)}'" for value in values if value is not None], " ")


def _cat(*values: Any) -> str:
    return joined([shown(value) for value in values if value is not None], " ")


def _indented(surroundings: Surroundings, spaces: int, text: str) -> str:
    if spaces < 0:
        message = f"nothing is indented by {spaces} spaces"
        raise ExpressionError(message)
    surroundings.allowance.make_room(len(text) + spaces * (text.count("\n") + 1))
    margin = " " * spaces
    return margin + text.replace("\n", f"\n{margin}")


def _indented_below(surroundings: Surroundings, spaces: int, text: str) -> str:
    return f"\n{_indented(surroundings, spaces, text)}"


def _replaced(surroundings: Surroundings, old: str, new: str, text: str) -> str:
    count = text.count(old)
    surroundings.allowance.make_room(len(text) + count * len(new))
    return joined([text.replace(old, new)])


def _plural(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


def _joined(surroundings: Surroundings, separator: str, value: Any) -> str:
    parts = texts_from(value)
    surroundings.allowance.make_room(sum(map(len, parts)) + len(parts) * len(separator))
    return joined(parts, separator)


def _parts(separator: str, text: str, most: int = -1) -> list[str]:
    if most == 0:
        return []
    if separator:
        return text.split(separator, most - 1 if most > 0 else -1)
    characters = list(text)
    if 0 < most < len(characters):
        return [*characters[: most - 1], "".join(characters[most - 1 :])]
    return characters


def _numbered(parts: list[str]) -> StringMap:
    return StringMap({f"_{index}": part for index, part in enumerate(parts)})


def _sorted(value: Any) -> Strings:
    texts = ["<nil>"] if value is None else texts_from(value)
    return Strings(sorted(texts, key=bytes_of))


def _trimmed(text: str) -> str:
    return text.strip(SPACES)


def _trimmed_of(unwanted: str, text: str) -> str:
    return text.strip(unwanted) if unwanted else text


def _without_start(start: str, text: str) -> str:
    return text.removeprefix(start)


def _without_end(end: str, text: str) -> str:
    return text.removesuffix(end)


def _contains(part: str, text: str) -> bool:
    return part in text


def _has_start(start: str, text: str) -> bool:
    return text.startswith(start)


def _has_end(end: str, text: str) -> bool:
    return text.endswith(end)


def _as_texts(value: Any) -> Strings:
    return Strings(texts_from(value))


def _split(separator: str, text: str) -> StringMap:
    return _numbered(_parts(separator, text))


def _split_in(separator: str, most: int, text: str) -> StringMap:
    return _numbered(_parts(separator, text, most))


def _split_list(separator: str, text: str) -> Strings:
    return Strings(_parts(separator, text))


TEXTS: Final[Functions] = {
    **CASING,
    **WRAPPING,
    "abbrev": function(_abbreviated, "int text"),
    "abbrevboth": function(_abbreviated_on_both_sides, "int int text"),
    "trunc": function(_truncated, "int text"),
    "substr": function(_substring, "int int text"),
    "trim": function(_trimmed, "text"),
    "trimall": function(_trimmed_of, "text text"),
    "trimAll": function(_trimmed_of, "text text"),
    "trimSuffix": function(_without_end, "text text"),
    "trimPrefix": function(_without_start, "text text"),
    "nospace": function(_without_spaces, "text", slow=True),
    "initials": function(_initials, "text", slow=True),
    "contains": function(_contains, "text text"),
    "hasPrefix": function(_has_start, "text text"),
    "hasSuffix": function(_has_end, "text text"),
    "quote": function(_quoted, "any...", goes_deep=True, slow=True),
    "squote": function(_single_quoted, "any...", goes_deep=True),
    "cat": function(_cat, "any...", goes_deep=True),
    "indent": function(_indented, "int text", asks=True),
    "nindent": function(_indented_below, "int text", asks=True),
    "replace": function(_replaced, "text text text", asks=True),
    "plural": function(_plural, "text text int"),
    "toString": function(text_from, "any", goes_deep=True),
    "join": function(_joined, "text any", asks=True, goes_deep=True),
    "toStrings": function(_as_texts, "any", goes_deep=True),
    "sortAlpha": function(_sorted, "any", goes_deep=True),
    "split": function(_split, "text text"),
    "splitn": function(_split_in, "text int text"),
    "splitList": function(_split_list, "text text"),
}
