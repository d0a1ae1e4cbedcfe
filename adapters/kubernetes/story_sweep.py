"""Open StoryRuns that ended in Temporal without a word, or are stuck there."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.kubernetes.informer import Name
from adapters.kubernetes.intake import StoryRunIntake
from adapters.kubernetes.story_runs import workflow_of
from adapters.kubernetes.sweep import Sweep
from runwright.models.bubustack import StoryRun
from runwright.models.story_run import NO_RESOURCE, run_of
from runwright.ports import Fate, Launcher, Objects, RunStanding
from runwright.rules.bubustack import outside, redrive
from runwright.rules.wording import listed

_REMOVED_WITHIN: Final = 120
"""Looks, a second apart."""


class StoryRunSweep(Sweep[Name]):
    """Holds the open runs of an intake against Temporal."""

    def __init__(
        self,
        intake: StoryRunIntake,
        launcher: Launcher,
        objects: Objects,
        interval: timedelta = timedelta(seconds=30),
    ) -> None:
        super().__init__("storyrun", launcher, interval)
        self._intake = intake
        self._launcher = launcher
        self._objects = objects
        self._closed: set[Name] = set()
        """Closed in Temporal and open in the cluster, as the last sweep found them."""

    async def synced(self) -> None:
        """Return once all StoryRuns have been listed."""
        await self._intake.story_runs.synced()

    @property
    def open_runs(self) -> Mapping[Name, str]:
        """Return the StoryRuns that were started and are not over, with their workflows."""
        return self._intake.open_runs

    def unknown(self, open_ids: Iterable[str]) -> Iterable[str]:
        """Return the runs whose StoryRun is not known: it went while nobody looked, or by force."""
        known = {workflow_of(run) for run in self._intake.story_runs.objects().values()}
        return [one for one in open_ids if one not in known and self._is_ours(one)]

    async def abandon_if_gone(self, workflow: str) -> None:
        """Have a run ended whose StoryRun is gone."""
        run = run_of(workflow)
        if run is not None and not await self._intake.is_there(*run):
            self._intake.abandon(*run)

    def _is_ours(self, workflow: str) -> bool:
        """Return whether a workflow is the run of a StoryRun that is taken in here."""
        if (run := run_of(workflow)) is None:
            return False
        namespace, _, uid = run
        return uid != NO_RESOURCE and self._intake.serves(namespace)

    async def compare(self, name: Name) -> None:
        """Write what has to be said of an open run that its own code does not say."""
        run = self._intake.open_run(name)
        if run is None or redrive.is_between(run):
            return
        standing = await self._launcher.standing(workflow_of(run))
        now = datetime.now(UTC)
        match standing.fate:
            case Fate.OPEN if standing.problem:
                await self._note_stuck(run, standing.problem, now)
            case Fate.OPEN:
                await self._intake.note_execution(run, standing.run_id)
                await self._intake.notes.write(run, outside.recovered_status(run, now))
            case Fate.ENDED_OUTSIDE:
                await self._note_ended(run, standing, now)
            case Fate.MISSING:
                await self._note_lost(run, now)
            case Fate.CLOSED:
                await self._note_closed(name, run, now)

    async def _note_stuck(self, run: StoryRun, problem: str, now: datetime) -> None:
        if status := outside.stuck_status(run, problem, now):
            await self._intake.notes.write(run, status)
            await self._intake.notes.warn(run, "WorkflowStuck", problem)

    async def _note_lost(self, run: StoryRun, now: datetime) -> None:
        if status := outside.lost_history_status(run, now):
            await self._intake.notes.write(run, status)
            message = "Temporal knows nothing of this run; its conditions say what to do"
            await self._intake.notes.warn(run, "HistoryLost", message)

    async def _note_ended(self, run: StoryRun, standing: RunStanding, now: datetime) -> None:
        """Stop what a run left running that was ended without its code, then say so."""
        left = await self._stop_tasks(run)
        status = outside.ended_outside_status(run, standing.reason, standing.message, now)
        await self._intake.notes.write(run, status)
        await self._intake.notes.warn(run, standing.reason, standing.message)
        if left:
            message = f"The run is over, and these are still there: {listed(left)}"
            await self._intake.notes.warn(run, "TasksLeft", message)

    async def _note_closed(self, name: Name, run: StoryRun, now: datetime) -> None:
        """Say that a run is over whose own last word the cluster would not have.

        Not at once: what the watch has of a run that has just ended may be a moment old.
        """
        if name not in self._closed:
            self._closed.add(name)
            self.queue.add_after(name, self._interval)
            return
        self._closed.discard(name)
        message = "The run is over, and its last status could not be written: see Temporal"
        status = outside.ended_outside_status(run, "StatusLost", message, now)
        await self._intake.notes.write(run, status)

    async def _stop_tasks(self, run: StoryRun) -> Sequence[str]:
        """Remove the tasks of a run; return what is left of them when its time is up."""
        left: Sequence[str] = ()
        for look in range(_REMOVED_WITHIN):
            if look:
                await asyncio.sleep(1)
            left = await self._objects.remove_tasks(workflow_of(run), run.metadata.namespace)
            if not left:
                break
        return left
