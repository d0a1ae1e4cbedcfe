"""Showing all that a run has to tell at one moment, a few objects at a time."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from runwright.errors import RefusedError
from runwright.models.objects import StatusUpdate
from runwright.ports import StatusMirror

_AT_ONCE: Final = 8


class Showing:
    """One update on its way into a cluster, and how far it is.

    What belongs to an object is written before the object itself: who waits for the end of a run
    finds its steps ended. Events come last, in their order.
    """

    def __init__(
        self, mirror: StatusMirror, update: StatusUpdate, done: Iterable[int] = ()
    ) -> None:
        """Begin where an earlier attempt has ended, by what its `progress` said."""
        self._mirror = mirror
        self._pieces = _pieces_of(update)
        self._done = set(done)
        self._refusals: list[RefusedError] = []

    def progress(self) -> Sequence[int]:
        """Return which pieces need not be shown again."""
        return sorted(self._done)

    async def run(self) -> None:
        """Show what is left.

        Raises:
            TransientError: the cluster cannot take it now; the rest was not tried.
            RefusedError: it said no for good to a piece; the others were shown all the same.
        """
        stages: list[list[int]] = [[], [], []]
        for number, piece in enumerate(self._pieces):
            if number not in self._done:
                stages[_stage_of(piece)].append(number)
        parts, objects, events = stages
        await self._show(parts, _AT_ONCE)
        await self._show(objects, _AT_ONCE)
        await self._show(events, 1)
        if self._refusals:
            raise self._refusals[0]

    async def _show(self, numbers: Iterable[int], at_once: int) -> None:
        left = iter(numbers)

        async def work() -> None:
            for number in left:
                await self._show_one(number)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(work())
        except ExceptionGroup as trouble:
            raise trouble.exceptions[0] from trouble

    async def _show_one(self, number: int) -> None:
        try:
            await self._mirror.show(self._pieces[number])
        except RefusedError as refusal:
            self._refusals.append(refusal)
        else:
            self._done.add(number)


def _pieces_of(update: StatusUpdate) -> list[StatusUpdate]:
    patches = [StatusUpdate(patches=(patch,)) for patch in update.patches]
    return patches + [StatusUpdate(events=(event,)) for event in update.events]


def _stage_of(piece: StatusUpdate) -> int:
    if piece.events:
        return 2
    return 0 if piece.patches[0].object.owner else 1
