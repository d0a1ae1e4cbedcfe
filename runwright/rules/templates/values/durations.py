"""Durations as Go writes and reads them, in nanoseconds."""

import re
from typing import Final

from runwright.rules.templates.values.faults import ExpressionError

SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
}
_TERM: Final = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]+)")
_MOST: Final = 2**63
_LONGEST: Final = 256


def read_duration(text: str) -> int:
    """Return the nanoseconds of a duration such as `1h30m` or `-1.5s`.

    Raises:
        ExpressionError: it is none.

    Source: Go, package time, ParseDuration.
    """
    sign = -1 if text.startswith("-") else 1
    magnitude = text[1:] if text[:1] in {"-", "+"} else text
    if magnitude == "0":
        return 0
    total = _sum_of_terms(magnitude) if 0 < len(magnitude) <= _LONGEST else None
    if total is None or total > _MOST - (sign > 0):
        message = f'"{text[:80]}" is no duration such as 1h30m'
        raise ExpressionError(message)
    return sign * total


def _sum_of_terms(text: str) -> int | None:
    total = position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        term = _term(*found.groups("")) if found else None
        if found is None or term is None:
            return None
        total += term
        position = found.end()
    return total


def _term(whole: str, fraction: str, unit: str) -> int | None:
    if unit not in _UNITS or not (whole or fraction):
        return None
    # Go calculates the fraction with a float64, and so the last nanosecond is what that makes it.
    digits = fraction[:18]
    part = int(float(int(digits or "0")) * (float(_UNITS[unit]) / float(10 ** len(digits))))
    return int(whole or "0") * _UNITS[unit] + part


def duration_text(nanoseconds: int) -> str:
    """Return a duration as Go writes it: `1h30m0s`, `1.5ms`, `0s`."""
    sign, size = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if size < SECOND:
        return f"{sign}{_below_a_second(size)}"
    minutes, rest = divmod(size, MINUTE)
    hours, minutes = divmod(minutes, 60)
    leading = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{leading}{_decimal(rest, SECOND)}s"


def _below_a_second(size: int) -> str:
    for unit in ("ms", "µs", "ns"):
        if size >= _UNITS[unit]:
            return f"{_decimal(size, _UNITS[unit])}{unit}"
    return "0s"


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    fraction = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0") if rest else ""
    return f"{whole}.{fraction}" if fraction else str(whole)
