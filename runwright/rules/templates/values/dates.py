"""Moments as Go writes them."""

from collections.abc import Callable, Mapping
from typing import Final

from runwright.rules.templates.values.layouts import Chunk, Part, chunks_of
from runwright.rules.templates.values.moments import Fields, Moment, Zone

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_FULL: Final = "2006-01-02 15:04:05.999999999 -0700 MST"
RFC_3339: Final = "2006-01-02T15:04:05.999999999Z07:00"


def written(moment: Moment) -> str:
    """Return a moment as it reads in the middle of a text."""
    return laid_out(moment, _FULL)


def month_name(number: int) -> str:
    """Return the name of a month, counted from 1."""
    return MONTHS[number - 1]


def weekday_name(number: int) -> str:
    """Return the name of a day of the week; Sunday is 0."""
    return WEEKDAYS[number]


def laid_out(moment: Moment, layout: str) -> str:
    """Return a moment as a layout of Go's shows it.

    Source: Go, package time, Time.Format.
    """
    fields = moment.fields
    return "".join(
        chunk if isinstance(chunk, str) else _part(chunk, moment, fields)
        for chunk in chunks_of(layout)
    )


def _part(chunk: Chunk, moment: Moment, fields: Fields) -> str:
    match chunk.part:
        case Part.OFFSET:
            return _offset(moment.zone, chunk.source)
        case Part.ZONE:
            return moment.zone.name or _offset(moment.zone, "-0700")
        case Part.FRACTION | Part.SHORT_FRACTION:
            return _fraction(moment.nanoseconds, chunk)
        case part:
            return _WRITERS[part](fields)


def _fraction(nanoseconds: int, chunk: Chunk) -> str:
    digits = f"{nanoseconds:09d}"[: chunk.digits].ljust(min(chunk.digits, 9), "0")
    if chunk.part is Part.SHORT_FRACTION:
        digits = digits.rstrip("0")
    return f"{chunk.source[0]}{digits}" if digits else ""


def _offset(zone: Zone, source: str) -> str:
    if zone.offset == 0 and source[0] == "Z":
        return "Z"
    minutes = abs(zone.offset) // 60
    separator = ":" if ":" in source else ""
    text = f"{'-' if zone.offset <= -60 else '+'}{minutes // 60:02d}"
    if len(source) > len("-07"):
        text += f"{separator}{minutes % 60:02d}"
    if len(source) > len("-07:00"):
        text += f"{separator}{abs(zone.offset) % 60:02d}"
    return text


def _hour_of_12(fields: Fields) -> int:
    return fields.hour % 12 or 12


def _long_year(fields: Fields) -> str:
    return f"{fields.year:04d}" if fields.year >= 0 else f"-{-fields.year:04d}"


_WRITERS: Final[Mapping[Part, Callable[[Fields], str]]] = {
    Part.LONG_MONTH: lambda fields: month_name(fields.month),
    Part.MONTH: lambda fields: month_name(fields.month)[:3],
    Part.NUMBER_OF_MONTH: lambda fields: str(fields.month),
    Part.PADDED_MONTH: lambda fields: f"{fields.month:02d}",
    Part.LONG_WEEKDAY: lambda fields: weekday_name(fields.weekday),
    Part.WEEKDAY: lambda fields: weekday_name(fields.weekday)[:3],
    Part.DAY: lambda fields: str(fields.day),
    Part.SPACED_DAY: lambda fields: f"{fields.day:2d}",
    Part.PADDED_DAY: lambda fields: f"{fields.day:02d}",
    Part.SPACED_YEAR_DAY: lambda fields: f"{fields.year_day:3d}",
    Part.PADDED_YEAR_DAY: lambda fields: f"{fields.year_day:03d}",
    Part.HOUR: lambda fields: f"{fields.hour:02d}",
    Part.HOUR_OF_12: lambda fields: str(_hour_of_12(fields)),
    Part.PADDED_HOUR_OF_12: lambda fields: f"{_hour_of_12(fields):02d}",
    Part.MINUTE: lambda fields: str(fields.minute),
    Part.PADDED_MINUTE: lambda fields: f"{fields.minute:02d}",
    Part.SECOND: lambda fields: str(fields.second),
    Part.PADDED_SECOND: lambda fields: f"{fields.second:02d}",
    Part.LONG_YEAR: _long_year,
    Part.YEAR: lambda fields: f"{abs(fields.year) % 100:02d}",
    Part.UPPER_HALF: lambda fields: "PM" if fields.hour >= 12 else "AM",
    Part.LOWER_HALF: lambda fields: "pm" if fields.hour >= 12 else "am",
}
