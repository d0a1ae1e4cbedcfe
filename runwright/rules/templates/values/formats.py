"""Formats as Go's printf reads them: what stands between a percent sign and its verb."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.kinds import Kind, kind_of
from runwright.rules.templates.values.printing import shown, type_name
from runwright.rules.templates.values.text import joined
from runwright.rules.templates.values.verbs import Directive, applied, described

_FLAGS: Final = re.compile(r"[#0+\- ]*")
_DIGITS: Final = re.compile(r"[0-9]*")
_INDEX: Final = re.compile(r"\[([^\]]*)\]")
_WIDEST: Final = 1_000_000


@dataclass
class _Scan:
    """Where in the format we are, and which value is next."""

    source: str
    values: Sequence[Any]
    position: int
    following: int = 0
    reordered: bool = False
    is_good: bool = True
    after_index: bool = False

    def take(self, pattern: re.Pattern[str]) -> str:
        """Return what matches here, and go on behind it."""
        found = pattern.match(self.source, self.position)
        if found is None:
            return ""
        self.position = found.end()
        return found[0]

    def skip(self, character: str) -> bool:
        """Go on behind the character, if it stands here; return whether it does."""
        here = self.source.startswith(character, self.position)
        self.position += here
        return here


def format_text(source: str, values: Sequence[Any], most: int) -> str:
    """Return the format with its values filled in; mistakes are in the text, as in Go.

    Raises:
        ExpressionError: the text would be longer than `most` characters, or shows an address.

    Source: Go, fmt, Sprintf.
    """
    pieces: list[str] = []
    size = 0
    for piece in _pieces(source, values):
        size += len(piece)
        if size > most:
            message = f"the text comes to more than {most} characters"
            raise ExpressionError(message)
        pieces.append(piece)
    return joined(pieces)


def _pieces(source: str, values: Sequence[Any]) -> Iterator[str]:
    scan = _Scan(source, values, 0)
    while (start := source.find("%", scan.position)) >= 0:
        yield source[scan.position : start]
        scan.position = start + 1
        yield from _directive(scan)
    yield source[scan.position :]
    if not scan.reordered and scan.following < len(values):
        rest = ", ".join(_extra(value) for value in values[scan.following :])
        yield f"%!(EXTRA {rest})"


def _extra(value: Any) -> str:
    return "<nil>" if value is None else f"{type_name(value)}={shown(value)}"


def _directive(scan: _Scan) -> Iterator[str]:
    scan.is_good = True
    scan.after_index = False
    directive = _flagged(scan.take(_FLAGS))
    _read_index(scan)
    directive, complaint = _with_width(scan, directive)
    yield complaint
    directive, complaint = _with_precision(scan, directive)
    yield complaint
    if not scan.after_index:
        _read_index(scan)
    yield _finished(scan, directive)


def _flagged(flags: str) -> Directive:
    return Directive(
        sharp="#" in flags,
        zero="0" in flags,
        plus="+" in flags,
        minus="-" in flags,
        space=" " in flags,
    )


def _read_index(scan: _Scan) -> None:
    """Read which value is meant: `[2]`."""
    if not scan.source.startswith("[", scan.position):
        return
    scan.reordered = True
    found = _INDEX.match(scan.source, scan.position)
    if found is None:
        scan.position += 1
        scan.is_good = False
        return
    scan.position = found.end()
    index = _index(found[1])
    scan.after_index = index is not None
    if index is None or not 0 <= index < len(scan.values):
        scan.is_good = False
    else:
        scan.following = index


def _index(text: str) -> int | None:
    return int(text) - 1 if text.isdecimal() and text.isascii() and len(text) < 8 else None


def _with_width(scan: _Scan, directive: Directive) -> tuple[Directive, str]:
    if scan.skip("*"):
        width = _number_given(scan)
        scan.after_index = False
        if width is None:
            return directive, "%!(BADWIDTH)"
        if width < 0:
            return directive._replace(width=-width, minus=True, zero=False), ""
        return directive._replace(width=width), ""
    width = _number_written(scan)
    if scan.after_index and width is not None:
        scan.is_good = False
    return directive._replace(width=width), ""


def _with_precision(scan: _Scan, directive: Directive) -> tuple[Directive, str]:
    if scan.position + 1 >= len(scan.source) or not scan.skip("."):
        return directive, ""
    if scan.after_index:
        scan.is_good = False
    scan.after_index = False
    _read_index(scan)
    if scan.skip("*"):
        precision = _number_given(scan)
        scan.after_index = False
        if precision is None or precision < 0:
            return directive, "%!(BADPREC)"
        return directive._replace(precision=precision), ""
    return directive._replace(precision=_number_written(scan) or 0), ""


def _number_written(scan: _Scan) -> int | None:
    digits = scan.take(_DIGITS)
    if not digits:
        return None
    if len(digits) > 7 and int(digits[:-1][-12:]) > _WIDEST:
        scan.position = len(scan.source)
        return None
    return int(digits)


def _number_given(scan: _Scan) -> int | None:
    """Return the width or precision that the next value is; None: it is none."""
    if scan.following >= len(scan.values):
        return None
    value = scan.values[scan.following]
    scan.following += 1
    is_whole = kind_of(value) in {Kind.INT, Kind.UINT}
    return int(value) if is_whole and abs(value) <= _WIDEST else None


def _finished(scan: _Scan, directive: Directive) -> str:
    if scan.position >= len(scan.source):
        return "%!(NOVERB)"
    verb = scan.source[scan.position]
    scan.position += 1
    if verb == "%":
        return "%"
    if not scan.is_good:
        return f"%!{verb}(BADINDEX)"
    if scan.following >= len(scan.values):
        return f"%!{verb}(MISSING)"
    value = scan.values[scan.following]
    scan.following += 1
    return described(directive, value) if verb == "T" else applied(directive, verb, value)
