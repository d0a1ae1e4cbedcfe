"""Durations as Go writes them: `1h30m`, `1.5s`, `250ms`."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_MICROSECONDS: Final = {
    "ns": Decimal("0.001"),
    "us": Decimal(1),
    "µs": Decimal(1),
    "μs": Decimal(1),
    "ms": Decimal(1_000),
    "s": Decimal(1_000_000),
    "m": Decimal(60_000_000),
    "h": Decimal(3_600_000_000),
}
_LONGEST: Final = Decimal(2**63 - 1) / 1_000
"""Microseconds; Go counts nanoseconds in 64 bits."""
_LONGEST_TEXT: Final = 64
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE: Final = re.compile(rf"([-+]?)((?:{_PART.pattern})+|0)")


def parse_duration(text: str) -> timedelta:
    """Return the duration that Go's `time.ParseDuration` reads from `text`.

    Below a microsecond it is rounded, for a timedelta holds no less.

    Raises:
        ValueError: the text is not a Go duration.
    """
    match = _WHOLE.fullmatch(text)
    if match is None:
        message = f'"{_cut(text)}" is not a duration such as "30s", "5m" or "1h30m"'
        raise ValueError(message)
    sign, parts = match[1], match[2]
    try:
        total = sum(Decimal(number) * _MICROSECONDS[unit] for number, unit in _PART.findall(parts))
    except ArithmeticError:  # more digits than a Decimal may have
        total = Decimal("Infinity")
    if total > _LONGEST:
        message = f'"{_cut(text)}" is too long a duration'
        raise ValueError(message)
    duration = timedelta(microseconds=round(total))
    return -duration if sign == "-" else duration


def format_duration(duration: timedelta) -> str:
    """Return the duration as Go's `Duration.String` writes it: `5m0s`, `1.5s`, `250ms`."""
    microseconds = abs(duration) // timedelta(microseconds=1)
    sign = "-" if duration < timedelta(0) else ""
    if microseconds == 0:
        return "0s"
    if microseconds < 1_000:
        return f"{sign}{microseconds}µs"
    if microseconds < 1_000_000:
        return f"{sign}{_plain(Decimal(microseconds) / 1_000)}ms"
    minutes, rest = divmod(microseconds, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{_plain(Decimal(rest) / 1_000_000)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{seconds}"
    return f"{sign}{minutes}m{seconds}" if minutes else f"{sign}{seconds}"


def _cut(text: str) -> str:
    """Return as much of a text as a message may repeat."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _read(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    message = f'{value!r} is not a duration such as "30s", "5m" or "1h30m"'
    raise ValueError(message)


GoDuration = Annotated[
    timedelta,
    BeforeValidator(_read, json_schema_input_type=str),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string"}),
]
"""A duration that is a Go duration text on the wire and a timedelta in Python."""
