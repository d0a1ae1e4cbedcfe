"""What does the work of steps, where a run starts without it: looked for until it is there."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from temporalio import workflow

from activities.catalog import CatalogActivities
from runwright.models.bubustack import EngramReference, Step
from runwright.models.catalog import FindWorkers, FoundWorkers
from runwright.models.runs import LookAgain
from runwright.models.story_run import Section, StartStoryRun, StepProgress
from runwright.rules.bubustack import blocked
from runwright.rules.bubustack.blocked import Lack
from runwright.rules.bubustack.snapshot import home_of
from workflows import policies
from workflows.story_state import StoryState
from workflows.tasks import answered

_ONE_LOOK: Final = timedelta(seconds=1)
"""What each Engram of many adds to the time of a look."""


class StoryWorkers(StoryState):
    """Has what steps lack join the snapshot of their run, once it is there.

    One search looks for what all steps lack: when a step comes to lack something, when the run is
    told to look again, and by itself after pauses that grow. A search each would fill the history
    of a wide run within hours.
    """

    def __init__(self, start: StartStoryRun) -> None:
        super().__init__(start)
        self._given = self._start
        """The input of the run, whatever has joined its snapshot since."""
        self._wanted: Counter[EngramReference] = Counter()
        self._lacks: dict[EngramReference, Lack] = {}
        """What the last look found out about what is wanted."""
        self._search: asyncio.Task[None] | None = None
        self._looks = 0
        self._is_unanswered = False
        """Whether something is wanted, or told of, that no look was about."""

    @workflow.signal(name="look_again", description="Look again for missing Engrams and templates.")
    def look_again(self, _request: LookAgain) -> None:
        """Look now for what steps wait for."""
        self._is_unanswered = True

    async def _provided(self, step: Step, reference: EngramReference) -> StepProgress | None:
        """Return once nothing is lacking for a step; the step as over, if it is given up before."""
        if blocked.lack_of(self._start, step) is None:
            return None  # another step was provided with the same
        until = workflow.now() + self._start.patience
        self._want(reference)
        try:
            while (lack := await self._lack(step, reference)) is not None:
                if (over := self._given_up(step, lack, until)) is not None:
                    return over
                self._show(step, lack, until)
                await self._news(until)
        finally:
            self._want_no_more(reference)
        return None

    async def _lack(self, step: Step, reference: EngramReference) -> Lack | None:
        """Return what a step lacks; not before somebody has looked for it."""
        while True:
            lack = blocked.lack_of(self._start, step)
            if lack is None or lack.is_final:
                return lack
            if reference in self._lacks:
                return self._lacks[reference]
            await self._news(None)

    async def _news(self, until: datetime | None) -> None:
        """Return after another look, when a step is over, or at that moment.

        Raises:
            ActivityError: the cluster does not let anybody look.
        """
        seen = self._looks, self._ends
        await self._until(lambda: (self._looks, self._ends) != seen or self._is_at_rest(), until)
        if self._search is not None and self._search.done():
            self._search.result()

    def _is_at_rest(self) -> bool:
        return self._search is None or self._search.done()

    def _given_up(self, step: Step, lack: Lack, until: datetime) -> StepProgress | None:
        now, known = workflow.now(), self._step(step)
        if lack.is_final or now >= until:
            return blocked.given_up(known, lack, self._start.patience, now)
        if self._dag.section(known.section).has_failed_fast(self._state.steps):
            return blocked.fallen(known, now)
        return None

    def _show(self, step: Step, lack: Lack, until: datetime) -> None:
        known = self._step(step)
        if known.section is not Section.FINALLY and self._state.deadline:
            until = min(until, self._state.deadline)
        if (now := blocked.shown(known, lack, until)) != known:
            self._set(now)

    def _want(self, reference: EngramReference) -> None:
        self._wanted[reference] += 1
        self._is_unanswered = self._is_unanswered or reference not in self._lacks
        if self._is_at_rest():
            self._search = asyncio.create_task(self._look_until_nothing_is_wanted())

    def _want_no_more(self, reference: EngramReference) -> None:
        self._wanted[reference] -= 1
        if not self._wanted[reference]:
            del self._wanted[reference]
            self._lacks.pop(reference, None)

    async def _look_until_nothing_is_wanted(self) -> None:
        pause = policies.LOOK_AGAIN
        while self._wanted:
            await self._look_for_workers()
            due = workflow.now() + pause
            await self._until(self._is_to_look, due)
            if workflow.now() >= due:
                pause = min(pause * 2, policies.LONGEST_LOOK_AGAIN)

    def _is_to_look(self) -> bool:
        """Return whether there is a reason to look before the pause is over, or none at all to."""
        return self._is_unanswered or not self._wanted

    async def _look_for_workers(self) -> None:
        """Take in what is there now of that which is wanted, in as many answers as it takes."""
        self._is_unanswered = False
        names = tuple(dict.fromkeys(reference.name for reference in self._wanted))
        while names:
            found = await self._found(names)
            self._take(found, frozenset(names) - frozenset(found.left))
            names = found.left
        self._looks += 1

    def _take(self, found: FoundWorkers, answered: frozenset[str]) -> None:
        for reference in [one for one in self._wanted if one.name in answered]:
            verdict = blocked.judged(self._start, reference, found)
            if isinstance(verdict, Lack):
                self._lacks[reference] = verdict
            else:
                self._start = verdict
                self._lacks.pop(reference, None)

    async def _found(self, names: tuple[str, ...]) -> FoundWorkers:
        return await answered(
            workflow.start_activity_method(
                CatalogActivities.find_workers,
                FindWorkers(namespace=home_of(self._start), engrams=names),
                start_to_close_timeout=policies.CLUSTER_CALL + len(names) * _ONE_LOOK,
                heartbeat_timeout=policies.CALL_HEARTBEAT,
                retry_policy=policies.TRY_FOR_EVER,
                summary="look for what steps lack",
            )
        )
