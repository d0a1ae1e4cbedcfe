"""Moments read from texts by a layout of Go's."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from runwright.rules.templates.values.dates import MONTHS, WEEKDAYS
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.layouts import Chunk, Part, chunks_of
from runwright.rules.templates.values.moments import (
    UTC_ZONE,
    Fields,
    Moment,
    Zone,
    days_in,
    is_leap,
    moment_at,
)

_FRACTION: Final = re.compile(r"[.,]([0-9]+)")
_DIGITS: Final = re.compile(r"[0-9]+")
_NUMBER: Final = re.compile(r"[0-9]{1,2}")
_TWO_DIGITS: Final = re.compile(r"[0-9]{2}")
_ZONE_NAME: Final = re.compile(
    r"ChST|MeST|GMT(?:[-+](?:0*[0-9]|0*1[0-9]|0*2[0-3])(?![0-9]))?|GMT|[-+]0*(?:2[0-3]|1?[0-9])(?![0-9])"
    r"|[A-Z]{4}T(?![A-Z])|[A-Z]{3}T(?![A-Z])|WITA(?![A-Z])|[A-Z]{3}(?![A-Z])"
)
_PIVOT: Final = 69
"""Two digits of a year from here on are of the twentieth century."""


@dataclass
class _Reading:
    """What is left of the text, and what was read so far; -1: nothing."""

    rest: str
    year: int = 0
    month: int = -1
    day: int = -1
    year_day: int = -1
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanoseconds: int = 0
    half: str = ""
    zone: Zone | None = None
    zone_is_only_named: bool = False
    fraction_follows: bool = False


def read_moment(layout: str, text: str) -> Moment:
    """Return the moment that a text shows by a layout; where it shows no zone, UTC is meant.

    Raises:
        ExpressionError: the text does not follow the layout, or shows no moment.

    Source: Go, package time, ParseInLocation.
    """
    reading = _Reading(text)
    try:
        _read(reading, chunks_of(layout))
        return _moment(reading)
    except ValueError as error:
        detail = f": {error}" if str(error) else ""
        message = f'"{text[:80]}" is no time by the layout "{layout[:80]}"{detail}'
        raise ExpressionError(message) from None


def _read(reading: _Reading, chunks: tuple[str | Chunk, ...]) -> None:
    for index, chunk in enumerate(chunks):
        if isinstance(chunk, str):
            reading.rest = _without(reading.rest, chunk)
            continue
        following = chunks[index + 1 :]
        after = next((one for one in following if isinstance(one, Chunk)), None)
        reading.fraction_follows = after is not None and after.part in _FRACTIONS
        _READERS[chunk.part](reading, chunk)
    if reading.rest:
        message = f'"{reading.rest[:80]}" is left over'
        raise ValueError(message)


def _without(text: str, literal: str) -> str:
    """Return the text without a literal at its start; runs of spaces count as one, or as none."""
    while literal:
        if literal[0] == " ":
            if text and text[0] != " ":
                raise ValueError
            literal, text = literal.lstrip(" "), text.lstrip(" ")
            continue
        if not text or text[0] != literal[0]:
            raise ValueError
        literal, text = literal[1:], text[1:]
    return text


def _taken(reading: _Reading, pattern: re.Pattern[str]) -> str:
    found = pattern.match(reading.rest)
    if found is None:
        raise ValueError
    reading.rest = reading.rest[found.end() :]
    return found[0]


def _number(reading: _Reading, *, padded: bool = False) -> int:
    return int(_taken(reading, _TWO_DIGITS if padded else _NUMBER))


def _named(reading: _Reading, names: tuple[str, ...], length: int | None = None) -> int:
    for index, name in enumerate(names):
        wanted = name[:length].lower()
        if reading.rest[: len(wanted)].lower() == wanted:
            reading.rest = reading.rest[len(wanted) :]
            return index
    raise ValueError


def _long_year(reading: _Reading, _: Chunk) -> None:
    reading.year = int(_taken(reading, re.compile("[0-9]{4}")))


def _year(reading: _Reading, _: Chunk) -> None:
    year = int(_taken(reading, re.compile("[0-9]{2}")))
    reading.year = year + (1900 if year >= _PIVOT else 2000)


def _month(reading: _Reading, chunk: Chunk) -> None:
    match chunk.part:
        case Part.LONG_MONTH:
            reading.month = _named(reading, MONTHS) + 1
        case Part.MONTH:
            reading.month = _named(reading, MONTHS, 3) + 1
        case part:
            month = _number(reading, padded=part is Part.PADDED_MONTH)
            reading.month = _within(month, 1, 12, "month")


def _weekday(reading: _Reading, chunk: Chunk) -> None:
    _named(reading, WEEKDAYS, 3 if chunk.part is Part.WEEKDAY else None)


def _day(reading: _Reading, chunk: Chunk) -> None:
    if chunk.part is Part.SPACED_DAY:
        reading.rest = reading.rest.removeprefix(" ")
    reading.day = _number(reading, padded=chunk.part is Part.PADDED_DAY)


def _day_of_year(reading: _Reading, chunk: Chunk) -> None:
    if chunk.part is Part.SPACED_YEAR_DAY:
        reading.rest = reading.rest.removeprefix(" ").removeprefix(" ")
        reading.year_day = int(_taken(reading, re.compile("[0-9]{1,3}")))
    else:
        reading.year_day = int(_taken(reading, re.compile("[0-9]{3}")))


def _hour(reading: _Reading, chunk: Chunk) -> None:
    hour = _number(reading, padded=chunk.part is Part.PADDED_HOUR_OF_12)
    reading.hour = _within(hour, 0, 23 if chunk.part is Part.HOUR else 12, "hour")


def _minute(reading: _Reading, chunk: Chunk) -> None:
    minute = _number(reading, padded=chunk.part is Part.PADDED_MINUTE)
    reading.minute = _within(minute, 0, 59, "minute")


def _second(reading: _Reading, chunk: Chunk) -> None:
    second = _number(reading, padded=chunk.part is Part.PADDED_SECOND)
    reading.second = _within(second, 0, 59, "second")
    if not reading.fraction_follows and _FRACTION.match(reading.rest):
        _any_fraction(reading)


def _half(reading: _Reading, chunk: Chunk) -> None:
    halves = ("AM", "PM") if chunk.part is Part.UPPER_HALF else ("am", "pm")
    if reading.rest[:2] not in halves:
        raise ValueError
    reading.half, reading.rest = reading.rest[:2].upper(), reading.rest[2:]


def _any_fraction(reading: _Reading) -> None:
    digits = _taken(reading, _FRACTION)[1:]
    reading.nanoseconds = int(digits[:9].ljust(9, "0"))


def _fraction(reading: _Reading, chunk: Chunk) -> None:
    size = chunk.digits + 1
    digits = reading.rest[1:size][:9]  # of more than nine, Go does not look at the rest
    if len(reading.rest) < size or reading.rest[0] not in ".," or not _DIGITS.fullmatch(digits):
        raise ValueError
    reading.nanoseconds = int(digits.ljust(9, "0"))
    reading.rest = reading.rest[size:]


def _short_fraction(reading: _Reading, _: Chunk) -> None:
    if _FRACTION.match(reading.rest):
        _any_fraction(reading)


def _zone(reading: _Reading, _: Chunk) -> None:
    if reading.rest.startswith("UTC"):
        reading.rest, reading.zone = reading.rest[3:], UTC_ZONE
        return
    name = _taken(reading, _ZONE_NAME)
    hours = name.removeprefix("GMT") if name.startswith("GMT") else ""
    known = reading.zone.offset if reading.zone else 0
    reading.zone_is_only_named = not reading.zone
    reading.zone = Zone(name, known or int(hours or "0") * 3600)


def _offset(reading: _Reading, chunk: Chunk) -> None:
    if chunk.source[0] == "Z" and reading.rest.startswith("Z"):
        reading.rest, reading.zone = reading.rest[1:], UTC_ZONE
        return
    shape = re.sub("0[07]", "([0-9]{2})", chunk.source[1:])
    found = re.compile(f"([-+]){shape}").match(reading.rest)
    if found is None:
        raise ValueError
    sign, *parts = found.groups()
    hours, minutes, seconds = [*map(int, parts), 0, 0][:3]
    _within(max(minutes, seconds), 0, 60, "offset of the zone")
    offset = (_within(hours, 0, 24, "offset of the zone") * 60 + minutes) * 60 + seconds
    name = reading.zone.name if reading.zone else ""
    reading.zone_is_only_named = False
    reading.zone = Zone(name, -offset if sign == "-" else offset)
    reading.rest = reading.rest[found.end() :]


def _within(value: int, least: int, most: int, what: str) -> int:
    if least <= value <= most:
        return value
    message = f"its {what} is out of range"
    raise ValueError(message)


def _moment(reading: _Reading) -> Moment:
    hour = reading.hour
    if reading.half:
        hour = hour % 12 if reading.half == "AM" and hour == 12 else hour
        hour = hour + 12 if reading.half == "PM" and hour < 12 else hour
    reading = _with_day(reading)
    _within(reading.day, 1, days_in(reading.year, reading.month), "day")
    clock = (hour, reading.minute, reading.second)
    fields = Fields(reading.year, reading.month, reading.day, *clock)
    zone = _resolved(reading.zone)
    if reading.zone_is_only_named:  # Go then takes the clock for that of UTC
        return moment_at(fields, reading.nanoseconds, UTC_ZONE).within(zone)
    return moment_at(fields, reading.nanoseconds, zone)


def _resolved(zone: Zone | None) -> Zone:
    """Return the zone that was read; one without an offset that is UTC's is UTC."""
    return UTC_ZONE if zone is None or (zone.offset == 0 and zone.name in {"", "UTC"}) else zone


def _with_day(reading: _Reading) -> _Reading:
    """Return the reading with month and day, those that the day of the year says included."""
    if reading.year_day < 0:
        return replace(reading, month=abs(reading.month), day=abs(reading.day))
    _within(reading.year_day, 1, 366 if is_leap(reading.year) else 365, "day of the year")
    month, day = 1, reading.year_day
    while day > days_in(reading.year, month):
        day -= days_in(reading.year, month)
        month += 1
    if reading.month not in {-1, month} or reading.day not in {-1, day}:
        message = "its day of the year is another day"
        raise ValueError(message)
    return replace(reading, month=month, day=day)


_FRACTIONS: Final = frozenset({Part.FRACTION, Part.SHORT_FRACTION})
_READERS: Final[Mapping[Part, Callable[[_Reading, Chunk], None]]] = {
    Part.LONG_MONTH: _month,
    Part.MONTH: _month,
    Part.NUMBER_OF_MONTH: _month,
    Part.PADDED_MONTH: _month,
    Part.LONG_WEEKDAY: _weekday,
    Part.WEEKDAY: _weekday,
    Part.DAY: _day,
    Part.SPACED_DAY: _day,
    Part.PADDED_DAY: _day,
    Part.SPACED_YEAR_DAY: _day_of_year,
    Part.PADDED_YEAR_DAY: _day_of_year,
    Part.HOUR: _hour,
    Part.HOUR_OF_12: _hour,
    Part.PADDED_HOUR_OF_12: _hour,
    Part.MINUTE: _minute,
    Part.PADDED_MINUTE: _minute,
    Part.SECOND: _second,
    Part.PADDED_SECOND: _second,
    Part.LONG_YEAR: _long_year,
    Part.YEAR: _year,
    Part.UPPER_HALF: _half,
    Part.LOWER_HALF: _half,
    Part.ZONE: _zone,
    Part.OFFSET: _offset,
    Part.FRACTION: _fraction,
    Part.SHORT_FRACTION: _short_fraction,
}
