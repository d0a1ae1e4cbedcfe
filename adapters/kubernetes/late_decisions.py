"""Decisions on StoryRuns that are over: what they wrote is put right, and refused in an Event."""

from adapters.kubernetes.notes import Notes
from adapters.kubernetes.story_runs import workflow_of
from runwright.errors import RefusedError
from runwright.models.bubustack import StoryRun
from runwright.models.story_run import StoryRunState
from runwright.ports import Executions, Fate, Launcher, RunStanding
from runwright.rules.bubustack import late_decisions as rules
from runwright.rules.bubustack.status.events import EventReason


class LateDecisions:
    """Keeps what ended runs show of their gates true, for no run does that any more."""

    def __init__(self, launcher: Launcher, executions: Executions, notes: Notes) -> None:
        self._launcher = launcher
        self._executions = executions
        self._notes = notes

    async def attend(self, run: StoryRun) -> bool:
        """Put right what was decided too late on a run; return whether anything was.

        A run that goes on in another execution does so itself.

        Raises:
            ConflictError: the object was changed since it was read.
        """
        late = rules.late_decisions(run)
        if not late:
            return False
        standing = await self._launcher.standing(workflow_of(run))
        if standing.fate is Fate.OPEN:
            return False
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
