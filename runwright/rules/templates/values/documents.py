"""JSON as Go reads and writes it."""

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from runwright.rules.shapes import is_list
from runwright.rules.templates.values.dates import RFC_3339, laid_out
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.floats import formatted
from runwright.rules.templates.values.kinds import Kind, NilList, kind_of, number
from runwright.rules.templates.values.moments import Moment
from runwright.rules.templates.values.printing import DEEPEST, deeper, in_order
from runwright.rules.templates.values.text import SPACES, joined, presentable

_QUOTATION: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SPECIAL: Final = re.compile('[\x00-\x1f"\\\\\u2028\u2029\ud800-\udfff]')
_FOR_HTML: Final = re.compile('[\x00-\x1f"\\\\<>&\u2028\u2029\ud800-\udfff]')
_SHORT: Final = {"\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_EXACT: Final = 2**64
"""Whole numbers up to here stay what they are; Go makes a float64 of every number."""


def read_json(text: str) -> Any:
    """Return the value that a JSON text writes.

    Raises:
        ExpressionError: it is none, or it nests too deep.

    Source: Go, encoding/json, Unmarshal. Ours: whole numbers keep all their digits.
    """
    if _nests_too_deep(text):
        message = f"the JSON nests more than {DEEPEST} deep"
        raise ExpressionError(message)
    try:
        value = json.loads(
            text, parse_float=_decimal, parse_int=_whole, parse_constant=_refused, strict=True
        )
    except (ValueError, RecursionError) as error:
        message = "the text is no JSON"
        raise ExpressionError(message) from error
    return _without_surrogates(value) if _SURROGATE.search(text) else value


def _without_surrogates(value: Any) -> Any:
    """Return the value with U+FFFD for halves of characters, which Go never lets in."""
    if isinstance(value, str):
        return presentable(value)
    if is_list(value):
        return [_without_surrogates(one) for one in value]
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value).items()
    return {presentable(key): _without_surrogates(one) for key, one in fields}


def _nests_too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = 0
    for character in _QUOTATION.sub("", text):
        depth += (character in "[{") - (character in "]}")
        if depth > DEEPEST:
            return True
    return False


def _decimal(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError
    return value


def _whole(digits: str) -> float:
    if len(digits) > 21 or abs(int(digits)) >= _EXACT:
        return _decimal(digits)
    return -0.0 if digits == "-0" else int(digits)


def _refused(_: str) -> None:
    raise ValueError


def write_json(value: Any, *, for_html: bool = True, indent: str = "") -> str:
    """Return a value as a JSON text.

    `for_html` escapes what a page of HTML could misread; `indent` puts every entry on a line.

    Raises:
        ExpressionError: JSON has no such value, or it nests too deep.

    Source: Go, encoding/json, Marshal and MarshalIndent.
    """
    pattern = _FOR_HTML if for_html else _SPECIAL

    def quotation(text: str) -> str:
        return f'"{pattern.sub(_escaped, text)}"'

    return joined(list(_written(value, quotation, (indent, 0))))


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character in '"\\':
        return f"\\{character}"
    if "\ud800" <= character <= "\udfff":
        return r"\ufffd"
    return _SHORT.get(character) or rf"\u{ord(character):04x}"


_Layout = tuple[str, int]


def _written(value: Any, quotation: Callable[[str], str], layout: _Layout) -> Iterator[str]:
    if isinstance(value, NilList):
        yield "null"
        return
    match kind_of(value):
        case Kind.STRING:
            yield quotation(value)
        case Kind.SLICE:
            items = [("", one) for one in value]
            yield from _container("[]", items, quotation, layout)
        case Kind.MAP:
            pairs = [(quotation(key), one) for key, one in in_order(value)]
            yield from _container("{}", pairs, quotation, layout)
        case _:
            yield _scalar(value, quotation)


def _container(
    brackets: str,
    entries: list[tuple[str, Any]],
    quotation: Callable[[str], str],
    layout: _Layout,
) -> Iterator[str]:
    indent, depth = layout
    inner = deeper(depth)
    colon = ": " if indent else ":"
    yield brackets[0]
    for index, (name, value) in enumerate(entries):
        yield "," if index else ""
        yield f"\n{indent * inner}" if indent else ""
        yield f"{name}{colon}" if name else ""
        yield from _written(value, quotation, (indent, inner))
    yield f"\n{indent * depth}" if indent and entries else ""
    yield brackets[1]


def _scalar(value: Any, quotation: Callable[[str], str]) -> str:
    match kind_of(value):
        case Kind.BOOL:
            return "true" if value else "false"
        case Kind.INVALID:
            return "null"
        case Kind.FLOAT:
            return _number(number(value))
        case Kind.COMPLEX:
            message = "JSON has no complex numbers"
            raise ExpressionError(message)
        case Kind.STRUCT if isinstance(value, Moment):
            return quotation(laid_out(value, RFC_3339))
        case Kind.POINTER:
            return quotation(str(value))
        case _:
            return str(int(value))


def _number(value: float) -> str:
    if not math.isfinite(value):
        message = "JSON has no number for what is not finite"
        raise ExpressionError(message)
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return formatted(value, "f", -1)
    mantissa, exponent = formatted(value, "e", -1).split("e")
    return f"{mantissa}e{exponent[0]}{exponent[1:].lstrip('0')}"


def read_result(text: str) -> Any:
    """Return what an action came to: the JSON value that its text writes, else the text.

    Source: BubuStack core, package templating.
    """
    trimmed = text.strip(SPACES)
    if not trimmed or trimmed[0] not in '"-0123456789[{tfn':
        return presentable(text)
    try:
        return read_json(trimmed)
    except ExpressionError:
        return presentable(text)
