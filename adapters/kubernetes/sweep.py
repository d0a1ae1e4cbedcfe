"""Holds open StoryRuns against Temporal: what ended there without a word, and what is stuck."""

import asyncio
import itertools
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NoReturn

from adapters.kubernetes.informer import Name
from adapters.kubernetes.intake import StoryRunIntake
from adapters.kubernetes.queue import WorkQueue
from adapters.kubernetes.story_runs import workflow_of
from runwright.errors import TransientError
from runwright.models.bubustack import StoryRun
from runwright.models.story_run import NO_RESOURCE, run_of
from runwright.ports import Fate, Launcher, Objects, RunStanding
from runwright.rules.bubustack import outside, redrive
from runwright.rules.wording import listed

_LOG: Final = logging.getLogger(__name__)
_ASKED_EACH_TIME: Final = 20
"""Open runs that are looked at in every sweep whatever Temporal lists, one after the other."""
_SWEEPS_PER_LISTING: Final = 10
_REMOVED_WITHIN: Final = 120
"""Looks, a second apart."""


class Sweep:
    """Compares, in every interval, what the cluster says of open runs with what Temporal says.

    Temporal's lists are hints where to look; what is written comes from looking at the run.
    """

    def __init__(
        self,
        intake: StoryRunIntake,
        launcher: Launcher,
        objects: Objects,
        interval: timedelta = timedelta(seconds=30),
    ) -> None:
        self.queue = WorkQueue[Name]("storyrun", self._compare, at_once=8)
        self._intake = intake
        self._launcher = launcher
        self._objects = objects
        self._interval = interval.total_seconds()
        self._asked: set[Name] = set()
        self._closed: set[Name] = set()
        """Closed in Temporal and open in the cluster, as the last sweep found them."""

    async def run(self) -> NoReturn:
        """Sweep until cancelled."""
        await self._intake.story_runs.synced()
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self.queue.run())
            for number in itertools.count():
                try:
                    await self._sweep(is_full=number % _SWEEPS_PER_LISTING == 0)
                except TransientError as error:
                    extra = {"action": "sweep_put_off"}
                    _LOG.warning("sweep put off: %s", error, extra=extra)
                await asyncio.sleep(self._interval)
        raise AssertionError  # the count has no end

    async def _sweep(self, *, is_full: bool) -> None:
        runs = dict(self._intake.open_runs)
        suspects = set(self._some_of(runs))
        if runs:
            hints = await self._launcher.in_trouble()
            suspects |= {name for name, workflow in runs.items() if workflow in hints}
        if is_full:
            listed = await self._launcher.open_runs()
            suspects |= {name for name, workflow in runs.items() if workflow not in listed}
            await self._abandon_orphans(listed)
        for name in suspects:
            self.queue.add(name)

    async def _abandon_orphans(self, open_runs: Iterable[str]) -> None:
        """Have runs ended whose StoryRun is gone: it went while nobody looked, or was forced."""
        known = {workflow_of(run) for run in self._intake.story_runs.objects().values()}
        for workflow in open_runs:
            run = run_of(workflow)
            if run is None or workflow in known:
                continue
            namespace, _, uid = run
            is_ours = uid != NO_RESOURCE and self._intake.serves(namespace)
            if is_ours and not await self._intake.is_there(*run):
                self._intake.abandon(*run)

    def _some_of(self, names: Iterable[Name]) -> list[Name]:
        """Return the next few names, so that in time every one has its turn."""
        rest = [name for name in names if name not in self._asked]
        chosen = rest[:_ASKED_EACH_TIME]
        self._asked = (self._asked & set(names)) | set(chosen) if chosen else set()
        return chosen

    async def _compare(self, name: Name) -> None:
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
