"""Figures, and the rows of the table that they make."""

import statistics
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from runwright.models.base import Message


class Figure(Message):
    """What was measured several times."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the value in the middle."""
        return statistics.median(self.values)

    def text(self, unit: str) -> str:
        """Return the median, with the smallest and the largest value where there are several."""
        shown = f"{_number(self.median)} {unit}".rstrip()
        if len(self.values) == 1:
            return shown
        return f"{shown} ({_number(min(self.values))} to {_number(max(self.values))})"


def _number(value: float) -> str:
    """Return the digits that mean something."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.2g}"


class Goal(NamedTuple):
    """What must be reached, and what should."""

    bar: float
    aim: float | None = None
    at_least: bool = False
    """Whether more is better."""

    def verdict(self, reached: float) -> "Verdict":
        """Return which of the two was reached."""
        if self.aim is not None and self._met(reached, self.aim):
            return Verdict.AIM
        return Verdict.BAR if self._met(reached, self.bar) else Verdict.MISSED

    def _met(self, reached: float, wanted: float) -> bool:
        return reached >= wanted if self.at_least else reached <= wanted


class Verdict(StrEnum):
    """How a row stands."""

    AIM = "aim"
    BAR = "bar"
    MISSED = "missed"
    NONE = ""
    """Nothing was asked for: shown for comparison."""


class Row(Message):
    """One line of the table."""

    what: str
    unit: str
    runwright: Figure
    bare: Figure | None = None
    bar: str = ""
    aim: str = ""
    verdict: Verdict = Verdict.NONE


def row(
    what: str,
    unit: str,
    runwright: Sequence[float],
    bare: Sequence[float] = (),
    *,
    goal: Goal | None = None,
) -> Row:
    """Return the line of these measurements; the median is held against the goal."""
    ours = Figure(values=tuple(runwright))
    return Row(
        what=what,
        unit=unit,
        runwright=ours,
        bare=Figure(values=tuple(bare)) if bare else None,
        bar=f"{goal.bar:g} {unit}".rstrip() if goal else "",
        aim=f"{goal.aim:g} {unit}".rstrip() if goal and goal.aim is not None else "",
        verdict=goal.verdict(ours.median) if goal else Verdict.NONE,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that is not exceeded by that share of them."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
