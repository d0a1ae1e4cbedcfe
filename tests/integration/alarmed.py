"""A workflow that only waits, to see how its deadlines share a timer."""

import asyncio
from datetime import timedelta
from functools import partial

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from runwright.models.base import Message
    from workflows.alarms import Alarms


class Deadlines(Message):
    """After how long each waiter is due, and which of them give up before that."""

    after: tuple[timedelta, ...]
    given_up: tuple[int, ...] = ()


@workflow.defn(name="Alarmed")
class Alarmed:
    """Return the places of the deadlines, in the order they came."""

    @workflow.run
    async def run(self, deadlines: Deadlines) -> list[int]:
        """Wait for all deadlines that nobody gave up."""
        alarms, rung = Alarms(), list[int]()
        now = workflow.now()
        waiting = [alarms.at(now + after) for after in deadlines.after]
        await asyncio.sleep(0)  # the timer is set in a turn of its own
        for place, future in enumerate(waiting):
            future.add_done_callback(partial(_note, rung, place))
        for place in deadlines.given_up:
            waiting[place].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return rung


def _note(rung: list[int], place: int, done: asyncio.Future[None]) -> None:
    if not done.cancelled():
        rung.append(place)
