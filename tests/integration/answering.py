"""A workflow whose work waits for an answer, and then for ever, until it is cancelled."""

import asyncio
from datetime import timedelta

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from workflows.tasks import answered, cancelled


@activity.defn
async def answer() -> str:
    """Leave the answer to whoever completes it."""
    activity.raise_complete_async()


@workflow.defn(name="Answering")
class Answering:
    """Return how often the work went on after its answer."""

    def __init__(self) -> None:
        self._went_on = 0
        self._is_cancelled = False

    @workflow.signal
    def cancel(self) -> None:
        """Cancel the work."""
        self._is_cancelled = True

    @workflow.run
    async def run(self) -> int:
        """Work until that is cancelled."""
        work = asyncio.create_task(self._work())
        await workflow.wait_condition(lambda: self._is_cancelled)
        await cancelled([work])
        return self._went_on

    async def _work(self) -> None:
        await answered(workflow.start_activity(answer, start_to_close_timeout=timedelta(minutes=5)))
        self._went_on += 1
        await workflow.wait_condition(lambda: False)
