"""How much a run thinks at a time: Temporal takes a turn of two seconds for a deadlock."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, Self

from temporalio import workflow

from runwright.rules import effort
from workflows.tasks import unbroken

MOST_EFFORT: Final = 10_000
"""Steps, of some microseconds, after which the rest waits for the next workflow task.

One evaluation may take several times as many: none is broken off in the middle.
"""
_MOST_AT_FIRST: Final = 100_000
_WAITS_SOONER: Final = "little-is-evaluated-at-a-time"
"""The mark of runs that wait after that many: the first ones waited after `_MOST_AT_FIRST`."""


class Effort:
    """Spreads what a run evaluates over as many workflow tasks as it takes.

    `async with` it around one evaluation, which must not wait for anything itself. As long as
    little was evaluated nothing waits, and no order changes. The length of the history tells one
    workflow task from the next.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._taken: int = 0
        self._taken_at: int = 0
        self._before: int = 0

    async def __aenter__(self) -> Self:
        """Wait until there is room."""
        await self.room()
        self._before = effort.noted()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Count what was evaluated."""
        self._taken += effort.noted() - self._before

    async def room(self) -> None:
        """Wait until there is room; one after the other, so that all of them need one timer."""
        async with self._turn:
            while not self.has_room():
                await workflow.sleep(0.001, summary="much to evaluate")

    async def room_in_any_case(self) -> None:
        """Wait until there is room, also where the caller is cancelled meanwhile.

        For who judges a success that is recorded: it stays one.
        """
        while not self.has_room():
            await unbroken(self.room())

    def has_room(self) -> bool:
        """Return whether something may be evaluated in this workflow task."""
        length: int = workflow.info().get_current_history_length()
        if length != self._taken_at:
            self._taken_at, self._taken = length, 0
        if self._taken < MOST_EFFORT:
            return True
        return self._taken < _MOST_AT_FIRST and not workflow.patched(_WAITS_SOONER)

    @contextmanager
    def counted(self) -> Generator[None]:
        """Count what is evaluated, whether or not there is room."""
        before = effort.noted()
        try:
            yield
        finally:
            self._taken += effort.noted() - before
