"""What there is of a run that may have been executed before."""

from temporalio import activity

from activities.heartbeats import beating
from runwright.models.base import Message
from runwright.models.story_run import StartStoryRun
from runwright.ports import PastRuns, Runs
from runwright.rules.bubustack.continuing import Continuation, continuation


class FindContinuation(Message):
    """A run as it would begin anew, and who has it executed again."""

    workflow_id: str
    """Of the run as it was before; in a cluster its object is another one when it begins anew."""
    anew: StartStoryRun
    by: str = ""


class PastRunActivities:
    """Activities over runs that were executed before."""

    def __init__(self, past_runs: PastRuns, runs: Runs) -> None:
        self._past_runs = past_runs
        self._runs = runs

    @activity.defn
    async def find_continuation(self, request: FindContinuation) -> Continuation:
        """Return how a run goes on, once one that is being cancelled has ended.

        Idempotent: it only looks. It heartbeats while it waits.
        """
        async with beating():
            last = await self._past_runs.last(request.workflow_id)
            if last is not None and last.is_open and last.state.cancelled is not None:
                await self._runs.wait_for_end(request.workflow_id)
                last = await self._past_runs.last(request.workflow_id)
        if last is None:
            return Continuation()
        if last.is_open:
            return Continuation(is_open=True)
        return continuation(request.anew, last.start, last.state, request.by)
