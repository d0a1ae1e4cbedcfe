"""StoryRuns that somebody wants executed again, by an annotation."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.kubernetes.child_runs import remove_child_runs
from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.notes import Notes
from adapters.kubernetes.resources import STORY_RUNS
from adapters.kubernetes.step_runs import remove_step_runs
from adapters.kubernetes.story_runs import read_story_run, workflow_of
from runwright.errors import RefusedError
from runwright.models.bubustack import Phase, StoryRun
from runwright.models.runs import CancelRun
from runwright.models.story_run import StartStoryRun
from runwright.ports import Executions, Fate, Launcher, RunStanding
from runwright.rules.bubustack import intake, outside
from runwright.rules.bubustack import redrive as rules
from runwright.rules.bubustack.branches import step_run_name
from runwright.rules.bubustack.continuing import steps_that_go_on
from runwright.rules.bubustack.redrive import Redrive, Refused

_LOG: Final = logging.getLogger(__name__)
_LOOK_EVERY: Final = timedelta(seconds=1)
"""At a run that is to end, or whose StepRuns are to go, before it is executed again."""
_REDRIVEN: Final = {
    rules.REDRIVE: "StoryRunRedriven",
    rules.FROM_STEP: "StoryRunRedriveFromStep",
}
_REFUSED: Final = "StoryRunRedriveRefused"
_FORGOTTEN: Final = Refused(
    "HistoryLost",
    "Temporal knows nothing of this run any more, nor of the outputs of its steps; "
    f"{rules.REDRIVE} executes it from the beginning",
)


class Redriving:
    """Executes runs again as their objects ask, each token once.

    Each look goes one step further, from what the object and Temporal say: whoever is killed in
    between leaves the rest to the next. The token is written down as heeded at the very end, and
    the execution that heeds it bears it in its input, by which it is found again.
    """

    def __init__(
        self, cluster: Cluster, launcher: Launcher, executions: Executions, notes: Notes
    ) -> None:
        self._cluster = cluster
        self._launcher = launcher
        self._executions = executions
        self._notes = notes
        self._told: dict[str, str] = {}
        """By the uid of a StoryRun, which execution of its run was told to end."""

    async def attend(self, run: StoryRun) -> timedelta | None:
        """Do what is to be done next; return when to look again, None if nothing is asked for.

        Raises:
            ConflictError: the object was changed since it was read, or somebody else was quicker.
        """
        asked = rules.redrives_of(run)
        if not asked:
            self._told.pop(run.metadata.uid, None)
            return None
        if refused := rules.why_not(run, asked[0]):
            await self._refuse(run, asked[0], refused)
        elif intake.was_started(run):
            await self._redrive(run, *asked)
        elif not await self._begin(run, *asked):
            return None
        return _LOOK_EVERY

    async def _begin(self, run: StoryRun, *asked: Redrive) -> bool:
        """Let a run begin that never did; return whether it is not under way all the same.

        With its status wiped, one that is over is taken in as any other.
        """
        phase = run.status.phase if run.status else None
        if intake.is_over(run):
            await self._notes.write(run, outside.wiped_status())
        elif phase not in {None, Phase.PENDING}:
            return False  # somebody else's, or its start was not noted yet
        await self._overtake(run, *asked)
        return True

    async def _redrive(self, run: StoryRun, redrive: Redrive, *others: Redrive) -> None:
        workflow = workflow_of(run)
        standing = await self._launcher.standing(workflow)
        if standing.fate is Fate.MISSING:
            await self._overtake(run, *others)
            await self._redrive_forgotten(run, redrive)
            return
        start = await self._executions.started_with(workflow, standing.run_id)
        if rules.is_heeded(redrive, start):
            await self._conclude(run, redrive, standing.run_id)
            return
        await self._overtake(run, *others)
        if refused := rules.why_not_of(start, redrive):
            await self._refuse(run, redrive, refused)
        elif standing.fate is Fate.OPEN:
            await self._have_ended(run, redrive, standing.run_id)
        elif _is_ready(run, standing):
            await self._start_again(run, redrive, standing, start)

    async def _overtake(self, run: StoryRun, *others: Redrive) -> None:
        """Note as heeded what nothing is left to do for: the whole run is executed again."""
        for redrive in others:
            await self._notes.annotate(run, redrive.observed)

    async def _have_ended(self, run: StoryRun, redrive: Redrive, run_id: str) -> None:
        """Tell an execution to end, once; it may take as long as its tasks."""
        if self._told.get(run.metadata.uid) != run_id:
            request = CancelRun(reason=f"{redrive.annotation} was set on the StoryRun")
            await self._executions.cancel(workflow_of(run), run_id, request)
            self._told[run.metadata.uid] = run_id

    async def _start_again(
        self, run: StoryRun, redrive: Redrive, standing: RunStanding, start: StartStoryRun
    ) -> None:
        """Remove what is left of the last execution, then start the next.

        What the object shows is wiped before: later it is the next execution's.
        """
        try:
            again = await self._next(run, redrive, standing, start)
        except RefusedError as error:
            await self._refuse(run, redrive, Refused("StateLost", str(error)))
            return
        kept = again.resume_from.kept if again.resume_from else {}
        await remove_child_runs(self._cluster, run, _names(run, steps_that_go_on(again)))
        if await remove_step_runs(self._cluster, run, _names(run, kept)):
            return
        await self._notes.write(run, outside.wiped_status(rules.repeated(again)))
        run_id = await self._executions.start_again(again)
        await self._conclude(run, redrive, run_id)

    async def _next(
        self, run: StoryRun, redrive: Redrive, standing: RunStanding, start: StartStoryRun
    ) -> StartStoryRun:
        state = None
        try:
            state = await self._executions.ended_as(workflow_of(run), standing.run_id)
        except RefusedError:
            if redrive.step:
                raise
        return rules.redriven(start, state, redrive)

    async def _redrive_forgotten(self, run: StoryRun, redrive: Redrive) -> None:
        """Let a run begin anew of which Temporal knows nothing any more: without its marker."""
        if redrive.step:
            await self._refuse(run, redrive, _FORGOTTEN)
            return
        await remove_child_runs(self._cluster, run)
        if await remove_step_runs(self._cluster, run):
            return
        await self._notes.write(run, outside.wiped_status())
        await self._tell(run, redrive)
        await self._notes.annotate(run, {intake.RUN_ID: None, **redrive.observed})

    async def _conclude(self, run: StoryRun, redrive: Redrive, run_id: str) -> None:
        await self._tell(run, redrive)
        await self._notes.annotate(run, {intake.RUN_ID: run_id, **redrive.observed})
        extra = {"action": "run_redriven", "run": f"{run.metadata.namespace}/{run.metadata.name}"}
        _LOG.info("run redriven", extra=extra)

    async def _tell(self, run: StoryRun, redrive: Redrive) -> None:
        from_where = f"from step {redrive.step}" if redrive.step else "from the beginning"
        message = f"Executed again {from_where}, as {redrive.shown} asked."
        await self._notes.tell(run, _REDRIVEN[redrive.annotation], message)

    async def _refuse(self, run: StoryRun, redrive: Redrive, refused: Refused) -> None:
        """Say why a redrive is not to be; the run stays as it is."""
        await self._notes.warn(run, _REFUSED, f"{redrive.shown}: {refused.message}")
        if (whole := await self._whole(run)) is not None:
            now = datetime.now(UTC)
            status = outside.refused_redrive_status(whole, refused.reason, refused.message, now)
            await self._notes.write(whole, status)
        await self._notes.annotate(run, redrive.observed)

    async def _whole(self, run: StoryRun) -> StoryRun | None:
        """Return the StoryRun with its whole status, of which a watch keeps a part."""
        name = run.metadata.namespace, run.metadata.name
        found = await self._cluster.get(STORY_RUNS, *name)
        read = read_story_run(found) if found else ""
        return (
            read if isinstance(read, StoryRun) and read.metadata.uid == run.metadata.uid else None
        )


def _names(run: StoryRun, steps: Iterable[str]) -> frozenset[str]:
    """Return the names of the objects that steps of a run have."""
    return frozenset(step_run_name(run.metadata.name, step) for step in steps)


def _is_ready(run: StoryRun, standing: RunStanding) -> bool:
    """Return whether a run that is over leaves nothing behind that runs.

    Where it was ended outside its own code, the sweep stops its tasks, and then says so.
    """
    is_stopped = intake.is_over(run) or rules.is_between(run)
    return standing.fate is not Fate.ENDED_OUTSIDE or is_stopped
