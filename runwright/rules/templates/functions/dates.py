"""Functions about times and durations.

Source: Sprig, date functions. Ours: the zone of the machine is UTC.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

from runwright.rules.templates.functions.registry import Functions, Surroundings, function
from runwright.rules.templates.values.dates import laid_out
from runwright.rules.templates.values.durations import HOUR, MINUTE, duration_text, read_duration
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.kinds import Int, Int64, wrapped
from runwright.rules.templates.values.layouts import LONGEST
from runwright.rules.templates.values.moments import SECOND, UTC_ZONE, ZERO, Moment, Zone
from runwright.rules.templates.values.readings import read_moment

_DAY_LAYOUT: Final = "2006-01-02"
_DAY: Final = 24 * HOUR
_UNITS: Final = (
    (365 * _DAY, "y"),
    (30 * _DAY, "mo"),
    (_DAY, "d"),
    (HOUR, "h"),
    (MINUTE, "m"),
    (SECOND, "s"),
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = -62_135_000_000
_LAST: Final = 253_402_000_000
"""Seconds within the years that Python's zones know."""
_ZONE_NAME: Final = re.compile(r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,2}")
_UTC_NAMES: Final = frozenset({"", "Local", "UTC"})


def _dated(surroundings: Surroundings, layout: str, when: Any) -> str:
    return _dated_in(surroundings, layout, when, "UTC")


def _dated_in(surroundings: Surroundings, layout: str, when: Any, zone: str) -> str:
    if len(layout) > LONGEST:
        message = f"a layout has at most {LONGEST} characters"
        raise ExpressionError(message)
    surroundings.allowance.spend(len(layout) >> 1)
    moment = _moment(surroundings, when)
    return laid_out(moment.within(_zone_at(zone, moment.seconds)), layout)


def _day(surroundings: Surroundings, when: Any) -> str:
    return _dated(surroundings, _DAY_LAYOUT, when)


def _day_in(surroundings: Surroundings, when: Any, zone: str) -> str:
    return _dated_in(surroundings, _DAY_LAYOUT, when, zone)


def _moment(surroundings: Surroundings, when: Any) -> Moment:
    """Return the moment that is meant: a time, or seconds since 1970; anything else is now."""
    if isinstance(when, Moment):
        return when
    return Moment(int(when)) if type(when) in {Int, Int64} else surroundings.now()


def _zone_at(name: str, seconds: int) -> Zone:
    """Return what a zone's clocks show at a moment; an unknown one is UTC."""
    known = None if name in _UTC_NAMES else _zone(name)
    if known is None:
        return UTC_ZONE
    shown = known.fromutc(
        _EPOCH.replace(tzinfo=known) + timedelta(seconds=min(max(seconds, _FIRST), _LAST))
    )
    offset = shown.utcoffset() or timedelta(0)
    return Zone(shown.tzname() or "", int(offset.total_seconds()))


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo | None:
    """Return a zone from the package that comes along, not from the machine: all agree on it."""
    if _ZONE_NAME.fullmatch(name) is None:
        return None
    source = files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not source.is_file():
        return None
    with source.open("rb") as content:
        try:
            return ZoneInfo.from_file(content, key=name)
        except ValueError:
            return None


def _later(duration: str, moment: Moment) -> Moment:
    """Return the moment later by a duration; the same one where that is none."""
    try:
        return _must_later(duration, moment)
    except ExpressionError:
        return moment


def _must_later(duration: str, moment: Moment) -> Moment:
    return moment.later(read_duration(duration))


def _read(layout: str, text: str) -> Moment:
    """Return the moment that a text shows; where it shows none, the first of January 1."""
    try:
        return read_moment(layout[:LONGEST], text)
    except ExpressionError:
        return ZERO


def _must_read(layout: str, text: str) -> Moment:
    return read_moment(layout[:LONGEST], text)


def _duration(seconds: Any) -> str:
    """Return seconds as a duration; only a text or an int64 is some."""
    value = 0
    if isinstance(seconds, Int64):
        value = int(seconds)
    elif isinstance(seconds, str) and re.fullmatch(r"[+-]?[0-9]{1,19}", seconds):
        value = max(min(int(seconds), 2**63 - 1), -(2**63))
    return duration_text(wrapped(value * SECOND, Int64))


def _rounded(surroundings: Surroundings, value: Any) -> str:
    """Return a duration in the largest unit that it exceeds, without what is left."""
    size = abs(_nanoseconds(surroundings, value))
    for unit, letter in _UNITS:
        if size > unit:
            return f"{size // unit}{letter}"
    return "0s"


def _nanoseconds(surroundings: Surroundings, value: Any) -> int:
    if isinstance(value, str):
        try:
            return read_duration(value)
        except ExpressionError:
            return 0
    if isinstance(value, Int64):
        return int(value)
    if not isinstance(value, Moment):
        return 0
    now = surroundings.now()
    return (now.seconds - value.seconds) * SECOND + now.nanoseconds - value.nanoseconds


def _epoch_seconds(moment: Moment) -> str:
    return str(moment.seconds)


def _now(surroundings: Surroundings) -> Moment:
    return surroundings.now()


DATES: Final[Functions] = {
    "date": function(_dated, "text any", asks=True),
    "dateInZone": function(_dated_in, "text any text", asks=True),
    "date_in_zone": function(_dated_in, "text any text", asks=True),
    "htmlDate": function(_day, "any", asks=True),
    "htmlDateInZone": function(_day_in, "any text", asks=True),
    "dateModify": function(_later, "text moment"),
    "date_modify": function(_later, "text moment"),
    "mustDateModify": function(_must_later, "text moment"),
    "must_date_modify": function(_must_later, "text moment"),
    "toDate": function(_read, "text text", slow=True),
    "mustToDate": function(_must_read, "text text", slow=True),
    "unixEpoch": function(_epoch_seconds, "moment"),
    "duration": function(_duration, "any"),
    "durationRound": function(_rounded, "any", asks=True),
}
NOW: Final[Functions] = {"now": function(_now, asks=True)}
"""Needs the time of the evaluation."""
