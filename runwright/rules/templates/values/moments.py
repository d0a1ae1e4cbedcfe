"""Points in time, to the nanosecond, with the zone that they are shown in."""

from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

SECOND: Final = 1_000_000_000
"""Nanoseconds."""
_DAY: Final = 86_400
_EPOCH: Final = date(1970, 1, 1).toordinal()
_CYCLE_YEARS: Final = 400
_CYCLE_DAYS: Final = 146_097
_ZERO: Final = -62_135_596_800
"""Seconds from the epoch to the first of January of the year 1."""


class Zone(NamedTuple):
    """An offset from UTC in seconds, and its name; empty: the offset stands for it."""

    name: str
    offset: int


class Fields(NamedTuple):
    """A point in time as a calendar and a clock show it."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int

    @property
    def weekday(self) -> int:
        """Return the day of the week; Sunday is 0."""
        return (_ordinal(self.year, self.month, self.day) + _EPOCH) % 7

    @property
    def year_day(self) -> int:
        """Return the day of the year, from 1."""
        first = _ordinal(self.year, 1, 1)
        return _ordinal(self.year, self.month, self.day) - first + 1


UTC_ZONE: Final = Zone("UTC", 0)


class Moment(NamedTuple):
    """A point in time."""

    seconds: int
    """Since 1970 in UTC."""
    nanoseconds: int = 0
    zone: Zone = UTC_ZONE

    @property
    def fields(self) -> Fields:
        """Return what a calendar and a clock in the zone show."""
        days, rest = divmod(self.seconds + self.zone.offset, _DAY)
        year, month, day = _calendar(days)
        minutes, second = divmod(rest, 60)
        hour, minute = divmod(minutes, 60)
        return Fields(year, month, day, hour, minute, second)

    def later(self, nanoseconds: int) -> "Moment":
        """Return the moment that many nanoseconds later."""
        seconds, rest = divmod(self.nanoseconds + nanoseconds, SECOND)
        return Moment(self.seconds + seconds, rest, self.zone)

    def within(self, zone: Zone) -> "Moment":
        """Return the same moment as another zone shows it."""
        return Moment(self.seconds, self.nanoseconds, zone)


ZERO: Final = Moment(_ZERO)
"""What Go has for a time that nobody set."""


def moment_of(when: datetime) -> Moment:
    """Return a moment in UTC from an aware datetime."""
    since = when.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    seconds, rest = divmod(since, timedelta(seconds=1))
    return Moment(seconds, rest.microseconds * 1000)


def moment_at(fields: Fields, nanoseconds: int, zone: Zone) -> Moment:
    """Return the moment when a calendar and a clock in the zone show these fields."""
    days = _ordinal(fields.year, fields.month, fields.day)
    clock = (fields.hour * 60 + fields.minute) * 60 + fields.second
    return Moment(days * _DAY + clock - zone.offset, nanoseconds, zone)


def days_in(year: int, month: int) -> int:
    """Return how many days a month has."""
    following = (year + 1, 1) if month == 12 else (year, month + 1)
    return _ordinal(*following, 1) - _ordinal(year, month, 1)


def is_leap(year: int) -> bool:
    """Return whether the year has a 29th of February."""
    return days_in(year, 2) == 29


def _ordinal(year: int, month: int, day: int) -> int:
    """Return the day since 1970; the years beyond Python's are those of another cycle."""
    cycles, within = divmod(year - 1, _CYCLE_YEARS)
    return date(within + 1, month, 1).toordinal() + day - 1 + cycles * _CYCLE_DAYS - _EPOCH


def _calendar(days: int) -> tuple[int, int, int]:
    cycles, within = divmod(days + _EPOCH - 1, _CYCLE_DAYS)
    shown = date.fromordinal(within + 1)
    return shown.year + cycles * _CYCLE_YEARS, shown.month, shown.day
