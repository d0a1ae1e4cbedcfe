"""The methods of times and versions that a template can call: `(now).Year`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from runwright.rules.templates.functions.registry import Function, Functions, function
from runwright.rules.templates.values.dates import laid_out, month_name, weekday_name, written
from runwright.rules.templates.values.kinds import Int, Int64, Month, Uint64, Weekday, class_of
from runwright.rules.templates.values.moments import UTC_ZONE, ZERO, Moment
from runwright.rules.templates.values.versions import Version, compare


def _of_moment(read: Callable[[Moment], Any]) -> Function:
    return function(read)


def _of_two_moments(read: Callable[[Moment, Moment], bool]) -> Function:
    return function(read, "moment")


def _of_version(read: Callable[[Version], Any]) -> Function:
    return function(read)


def _of_two_versions(read: Callable[[Version, Version], Any]) -> Function:
    return function(read, "version")


_OF_MOMENTS: Final[Functions] = {
    "After": _of_two_moments(lambda one, other: one[:2] > other[:2]),
    "Before": _of_two_moments(lambda one, other: one[:2] < other[:2]),
    "Equal": _of_two_moments(lambda one, other: one[:2] == other[:2]),
    "IsZero": _of_moment(lambda one: one[:2] == ZERO[:2]),
    "Format": function(laid_out, "text"),
    "String": function(written),
    "UTC": _of_moment(lambda one: one.within(UTC_ZONE)),
    "Unix": _of_moment(lambda one: Int64(one.seconds)),
    "UnixMilli": _of_moment(lambda one: Int64(one.seconds * 1000 + one.nanoseconds // 1_000_000)),
    "Year": _of_moment(lambda one: Int(one.fields.year)),
    "Month": _of_moment(lambda one: Month(one.fields.month)),
    "Day": _of_moment(lambda one: Int(one.fields.day)),
    "YearDay": _of_moment(lambda one: Int(one.fields.year_day)),
    "Weekday": _of_moment(lambda one: Weekday(one.fields.weekday)),
    "Hour": _of_moment(lambda one: Int(one.fields.hour)),
    "Minute": _of_moment(lambda one: Int(one.fields.minute)),
    "Second": _of_moment(lambda one: Int(one.fields.second)),
    "Nanosecond": _of_moment(lambda one: Int(one.nanoseconds)),
}
_OF_VERSIONS: Final[Functions] = {
    "Compare": _of_two_versions(lambda one, other: Int(compare(one, other))),
    "Equal": _of_two_versions(lambda one, other: compare(one, other) == 0),
    "GreaterThan": _of_two_versions(lambda one, other: compare(one, other) > 0),
    "LessThan": _of_two_versions(lambda one, other: compare(one, other) < 0),
    "Major": _of_version(lambda one: Uint64(one.major)),
    "Minor": _of_version(lambda one: Uint64(one.minor)),
    "Patch": _of_version(lambda one: Uint64(one.patch)),
    "Prerelease": _of_version(lambda one: one.prerelease),
    "Metadata": _of_version(lambda one: one.metadata),
    "Original": _of_version(lambda one: one.original),
    "String": function(str),
}
_OF_MONTHS: Final[Functions] = {"String": function(month_name)}
_OF_WEEKDAYS: Final[Functions] = {"String": function(weekday_name)}
_METHODS: Final[Mapping[type, Functions]] = {
    Moment: _OF_MOMENTS,
    Version: _OF_VERSIONS,
    Month: _OF_MONTHS,
    Weekday: _OF_WEEKDAYS,
}


def method_of(value: Any, name: str) -> Function | None:
    """Return the method of that name, which takes the value before its arguments."""
    methods = _METHODS.get(class_of(value))
    return methods.get(name) if methods else None
