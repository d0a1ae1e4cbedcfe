"""Many deadlines on one timer."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from temporalio import workflow


class Alarms:
    """Wakes those who wait for a moment, with one timer for all of them.

    Nearly every deadline of a run is never reached. A timer each would write two events of history
    per task; here a moment later than the timer that is set costs nothing.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, asyncio.Future[None]]] = []
        self._rings_at: datetime | None = None
        self._timer: asyncio.Task[None] | None = None

    def at(self, moment: datetime) -> asyncio.Future[None]:
        """Return a future that is done once `moment` has come; cancel it when it is not needed."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((moment, future))
        if self._rings_at is None or moment < self._rings_at:
            self._set(moment)
        return future

    async def wait(self, tasks: Sequence[asyncio.Task[Any]], until: datetime | None) -> None:
        """Wait for the first of the tasks to end, or for that moment."""
        if until is None:
            await workflow.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return
        alarm = self.at(until)
        try:
            await workflow.wait([*tasks, alarm], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            alarm.cancel()
            raise
        alarm.cancel()

    def _set(self, moment: datetime) -> None:
        if self._timer:
            self._timer.cancel()
        self._rings_at = moment
        self._timer = asyncio.create_task(self._ring(moment))

    async def _ring(self, moment: datetime) -> None:
        delay = moment - workflow.now()
        await workflow.sleep(max(delay.total_seconds(), 0), summary="next deadline")
        now = workflow.now()
        for due, future in self._waiting:
            if due <= now and not future.done():
                future.set_result(None)
        self._waiting = [(due, future) for due, future in self._waiting if not future.done()]
        self._rings_at = self._timer = None
        if self._waiting:
            self._set(min(due for due, _ in self._waiting))
