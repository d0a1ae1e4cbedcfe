"""How a worker's process is: whether its event loop turns, and what it lacks to do its work."""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final, NamedTuple, NoReturn

from runwright.ports import Metrics

_LOOK_EVERY: Final = timedelta(seconds=1)
_LONGEST_LAG: Final = timedelta(seconds=30)
"""Twice the Lease of a leader, unless it is set otherwise: others do its work by then."""


class LoopLag:
    """How late the event loop comes to what it is to do, measured by a timer.

    What holds it up is code that does not await, or more work than the process can do.
    """

    def __init__(
        self,
        tell: Callable[[timedelta], None],
        *,
        every: timedelta = _LOOK_EVERY,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._every = every.total_seconds()
        self._now = now
        self._due = now() + self._every
        self._last = 0.0

    async def run(self) -> NoReturn:
        """Measure, and tell each lag, until cancelled."""
        while True:
            self._due = self._now() + self._every
            await asyncio.sleep(self._every)
            self._last = max(self._now() - self._due, 0.0)
            self._tell(timedelta(seconds=self._last))

    @property
    def lag(self) -> timedelta:
        """Return the lag that was measured last, or that of now if it is longer already."""
        return timedelta(seconds=max(self._last, self._now() - self._due))

    def trouble(self) -> list[str]:
        """Return a line on a lag that is too long, and none while it is not."""
        if self.lag <= _LONGEST_LAG:
            return []
        return [f"the event loop is {self.lag.total_seconds():.0f} s behind"]


class Vitals(NamedTuple):
    """What a worker tells of itself, and to whom."""

    readiness: "Readiness"
    metrics: Metrics


class Readiness:
    """What a worker lacks before it can do its work; called, it lists that.

    A part that cannot tell when it changes is asked each time instead.
    """

    def __init__(self) -> None:
        self._lacking: dict[str, str] = {}
        self._asked: list[Callable[[], Iterable[str]]] = []

    def __call__(self) -> list[str]:
        """Return a line for each thing that is lacking, in the order in which they were named."""
        lacking = [f"{part}: {why}" for part, why in self._lacking.items()]
        return [*lacking, *(line for ask in self._asked for line in ask())]

    def lacks(self, part: str, why: str) -> None:
        """Note that a part is not there yet, or not any more, and why."""
        self._lacking[part] = why

    def has(self, part: str) -> None:
        """Note that a part is there."""
        self._lacking.pop(part, None)

    def ask(self, what_is_missing: Callable[[], Iterable[str]]) -> None:
        """Ask that each time, too."""
        self._asked.append(what_is_missing)
