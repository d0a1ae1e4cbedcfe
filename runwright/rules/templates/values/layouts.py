"""Layouts of time as Go writes them: the parts of Monday, January 2, 15:04:05 2006 MST."""

import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple


class Part(Enum):
    """A part of a time that a layout asks for."""

    LONG_MONTH = "January"
    MONTH = "Jan"
    NUMBER_OF_MONTH = "1"
    PADDED_MONTH = "01"
    LONG_WEEKDAY = "Monday"
    WEEKDAY = "Mon"
    DAY = "2"
    SPACED_DAY = "_2"
    PADDED_DAY = "02"
    SPACED_YEAR_DAY = "__2"
    PADDED_YEAR_DAY = "002"
    HOUR = "15"
    HOUR_OF_12 = "3"
    PADDED_HOUR_OF_12 = "03"
    MINUTE = "4"
    PADDED_MINUTE = "04"
    SECOND = "5"
    PADDED_SECOND = "05"
    LONG_YEAR = "2006"
    YEAR = "06"
    UPPER_HALF = "PM"
    LOWER_HALF = "pm"
    ZONE = "MST"
    OFFSET = "-0700"
    FRACTION = ".000"
    SHORT_FRACTION = ".999"


class Chunk(NamedTuple):
    """A part, and how this layout writes it."""

    part: Part
    source: str
    """As it stands in the layout: `Z07:00`, `.000`."""

    @property
    def digits(self) -> int:
        """Return how many digits of a second the layout asks for."""
        return len(self.source) - 1


_NAMED: Final = {part.value: part for part in Part}
_CHUNK: Final = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|2"
    r"|_2006|_2|__2|3|4|5|PM|pm"
    r"|[-Z](?:070000|07:00:00|0700|07:00|07)|[.,](?:0+|9+)(?![0-9])"
)
LONGEST: Final = 4096
"""Characters of a layout that are read."""


@lru_cache(maxsize=256)
def chunks_of(layout: str) -> tuple[str | Chunk, ...]:
    """Return the layout as literals and parts, in their order.

    Source: Go, package time, layouts.
    """
    return tuple(_chunks(layout))


def _chunks(layout: str) -> Iterator[str | Chunk]:
    position = 0
    for found in _CHUNK.finditer(layout):
        start, source = found.start(), found[0]
        if source == "_2006":  # an underscore, and then the year
            start, source = start + 1, "2006"
        if start > position:
            yield layout[position:start]
        yield Chunk(_part_of(source), source)
        position = found.end()
    if position < len(layout):
        yield layout[position:]


def _part_of(source: str) -> Part:
    if source[0] in ".,":
        return Part.FRACTION if source[1] == "0" else Part.SHORT_FRACTION
    return Part.OFFSET if source[0] in "-Z" else _NAMED[source]
