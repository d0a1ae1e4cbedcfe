"""The functions that every template of Go's has.

Source: Go, text/template, builtins.
"""

from typing import Any, Final
from urllib.parse import quote

from runwright.rules.templates.execution.allowance import LONGEST_VALUE
from runwright.rules.templates.execution.lookup import entry, position
from runwright.rules.templates.functions.registry import Functions, Surroundings, function
from runwright.rules.templates.values.comparison import equal, precedes
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.formats import format_text
from runwright.rules.templates.values.kinds import Int, Kind, Strings, is_true, kind_of
from runwright.rules.templates.values.printing import printed, shown, type_name
from runwright.rules.templates.values.quoting import is_printable
from runwright.rules.templates.values.text import bytes_of, cut, joined, length_of

_HTML: Final = {
    '"': "&#34;",
    "'": "&#39;",
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "\0": "\ufffd",
}
_JS: Final = {"\\": "\\\\", "'": "\\'", '"': '\\"'}
_JS_CODES: Final = frozenset("<>&=")


def _connective(*_: Any) -> Any:
    """Stand for `and` and `or`, whose arguments are not all evaluated."""
    raise NotImplementedError


CONNECTIVE: Final = function(_connective, "any any...")
"""What `and` and `or` are; the evaluator knows them."""


def _not(value: Any) -> bool:
    return not is_true(value)


def _equal(one: Any, *others: Any) -> bool:
    if not others:
        message = "there is nothing to compare with"
        raise ExpressionError(message)
    return any(equal(one, other) for other in others)


def _not_equal(one: Any, other: Any) -> bool:
    return not equal(one, other)


def _less_or_equal(one: Any, other: Any) -> bool:
    return precedes(one, other) or equal(one, other)


def _greater(one: Any, other: Any) -> bool:
    return not _less_or_equal(one, other)


def _not_less(one: Any, other: Any) -> bool:
    return not precedes(one, other)


def _index(value: Any, *keys: Any) -> Any:
    if value is None:
        message = "null has no entries"
        raise ExpressionError(message)
    for key in keys:
        value = entry(value, key)
    return value


def _slice(value: Any, *indexes: Any) -> Any:
    kind = kind_of(value)
    if kind not in {Kind.STRING, Kind.SLICE}:
        message = f"a value of type {type_name(value)} has no parts"
        raise ExpressionError(message)
    most = 2 if kind is Kind.STRING else 3
    if len(indexes) > most:
        message = f"there are more than {most} indexes"
        raise ExpressionError(message)
    length = length_of(value) if kind is Kind.STRING else len(value)
    bounds = [position(index, length, is_end=True) for index in indexes]
    start, end, *capacity = (*bounds, *(0, length)[len(bounds) :])
    if start > end or (capacity and end > capacity[0]):
        message = "the end comes before the start"
        raise ExpressionError(message)
    return cut(value, start, end) if kind is Kind.STRING else _part(value, start, end)


def _part(value: Any, start: int, end: int) -> Any:
    part = value[start:end]
    return Strings(part) if isinstance(value, Strings) else part


def length(value: Any) -> Int:
    """Return how many entries, or bytes, a value has.

    Raises:
        ExpressionError: it is nothing that has any.
    """
    match kind_of(value):
        case Kind.STRING:
            return Int(length_of(value))
        case Kind.SLICE | Kind.MAP:
            return Int(len(value))
        case _:
            message = f"a value of type {type_name(value)} has no length"
            raise ExpressionError(message)


def _print(*values: Any) -> str:
    return printed(values)


def _println(*values: Any) -> str:
    return f"{joined([shown(value) for value in values], ' ')}\n"


def _printf(surroundings: Surroundings, source: str, *values: Any) -> str:
    surroundings.allowance.spend(source.count("%") << 3)
    text = format_text(source, values, LONGEST_VALUE)
    surroundings.allowance.make_room(len(text))
    return text


def _as_printed(values: tuple[Any, ...]) -> str:
    return printed(["<no value>" if value is None else value for value in values])


def _html(*values: Any) -> str:
    return "".join(_HTML.get(one, one) for one in _as_printed(values))


def _js(*values: Any) -> str:
    return "".join(map(_escaped_for_js, _as_printed(values)))


def _escaped_for_js(character: str) -> str:
    if character in _JS:
        return _JS[character]
    code = ord(character)
    if character.isascii():
        hidden = code < 0x20 or character in _JS_CODES
    else:
        hidden = not (0xDC80 <= code <= 0xDCFF or is_printable(character))
    return rf"\u{code:04X}" if hidden else character


def _urlquery(*values: Any) -> str:
    return quote(bytes_of(_as_printed(values)), safe="-_.~").replace("%20", "+")


def _call(callee: Any, *_: Any) -> Any:
    message = f"a value of type {type_name(callee)} is no function"
    raise ExpressionError(message)


BUILTINS: Final[Functions] = {
    "and": CONNECTIVE,
    "or": CONNECTIVE,
    "not": function(_not, "any"),
    "eq": function(_equal, "any any..."),
    "ne": function(_not_equal, "any any"),
    "lt": function(precedes, "any any"),
    "le": function(_less_or_equal, "any any"),
    "gt": function(_greater, "any any"),
    "ge": function(_not_less, "any any"),
    "index": function(_index, "any any..."),
    "slice": function(_slice, "any any..."),
    "len": function(length, "any"),
    "print": function(_print, "any...", goes_deep=True),
    "println": function(_println, "any...", goes_deep=True),
    "printf": function(_printf, "text any...", asks=True, goes_deep=True, slow=True),
    "html": function(_html, "any...", goes_deep=True, slow=True),
    "js": function(_js, "any...", goes_deep=True, slow=True),
    "urlquery": function(_urlquery, "any...", goes_deep=True),
    "call": function(_call, "any any..."),
}
