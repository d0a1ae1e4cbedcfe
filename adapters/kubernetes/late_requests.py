"""What people ask of StoryRuns that are over is answered by an Event, and decisions put right."""

from adapters.kubernetes.notes import Notes
from adapters.kubernetes.story_runs import workflow_of
from runwright.errors import ConflictError, RefusedError
from runwright.models.bubustack import StoryRun
from runwright.models.story_run import StoryRunState
from runwright.ports import Executions, Fate, Launcher, RunStanding
from runwright.rules.bubustack import late_requests as rules
from runwright.rules.bubustack.status.events import EventReason


class LateRequests:
    """Answers for runs that are over, and keeps true what they show of their gates."""

    def __init__(self, launcher: Launcher, executions: Executions, notes: Notes) -> None:
        self._launcher = launcher
        self._executions = executions
        self._notes = notes

    async def attend(self, run: StoryRun) -> bool:
        """Answer what came too late on a run; return whether its object was changed by that.

        Raises:
            ConflictError: the object was changed since it was read, or its run has not closed yet,
                or is executed again.
        """
        if rules.is_cancelled_late(run):
            await self._notes.write(run, rules.observing(run))
            await self._notes.warn(run, EventReason.CANCEL_REFUSED, rules.NOTHING_TO_CANCEL)
            return True
        late = rules.late_decisions(run)
        if not late:
            return False
        standing = await self._launcher.standing(workflow_of(run))
        if standing.fate is Fate.OPEN:
            message = f"answer for {run.metadata.namespace}/{run.metadata.name}: its run is open"
            raise ConflictError(message)
        state = await self._last_state(run, standing)
        await self._notes.write(run, rules.put_right(late, state))
        for one in late:
            await self._notes.warn(run, EventReason.DECISION_REFUSED, rules.why_refused(one))
        return True

    async def _last_state(self, run: StoryRun, standing: RunStanding) -> StoryRunState | None:
        if standing.fate is not Fate.CLOSED:
            return None
        try:
            return await self._executions.ended_as(workflow_of(run), standing.run_id)
        except RefusedError:
            return None
