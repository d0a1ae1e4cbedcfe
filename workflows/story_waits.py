"""The steps of a Story that wait: for a condition, and no longer than that can come to hold."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from temporalio import workflow

from runwright.models.bubustack import Phase, Step
from runwright.models.story_run import StartStoryRun, StepProgress
from runwright.rules.bubustack import primitives, progress, standstill
from runwright.rules.bubustack.scope import not_yet
from workflows.story_children import StoryChildren

_NOT_FOR_EVER: Final = "waits-that-end"
"""The patch of runs that began when what could never hold was waited for all the same."""


class StoryWaits(StoryChildren):
    """What a run waits for within itself."""

    def __init__(self, start: StartStoryRun) -> None:
        super().__init__(start)
        self._idle: dict[str, int] = {}
        """The waits that nothing but the end of a step wakes, and how many ends they have seen."""
        self._in_vain = ""
        """The wait that is to be given up."""

    async def _run_wait(self, step: Step) -> StepProgress:
        """Wait until a condition holds: look again when what it reads may be another."""
        timing = primitives.timing_of(await self._evaluated(step, "until"))
        since = workflow.now()
        deadline = timing.deadline(since)
        while not (look := await self._look(step)).holds:
            message = look.awaiting(self._not_yet(step))
            self._set(progress.waiting(self._step(step), message, deadline))
            if deadline and workflow.now() >= deadline:
                return progress.wait_timed_out(self._step(step), timing.on_timeout, workflow.now())
            again = timing.next_look(since, workflow.now()) if _looks_again(look) else None
            await self._step_ends(step, until=[moment for moment in (deadline, again) if moment])
            if self._in_vain == step.name:
                return standstill.given_up(step, look, self._state.steps, workflow.now())
        return self._ended(step, Phase.SUCCEEDED, "Wait condition satisfied.")

    async def _look(self, step: Step) -> primitives.Look:
        until = (step.with_ or {}).get("until")
        async with self._effort:
            return primitives.look(until, self._scope(step), workflow.now(), workflow.random())

    def _not_yet(self, step: Step) -> str:
        return not_yet((step.with_ or {}).get("until"), self._state.steps, step.name)

    async def _step_ends(self, step: Step, until: Sequence[datetime]) -> None:
        """Return once a step is over, at the first of the moments, or when neither will ever be."""
        seen = self._ends
        if not until:
            self._idle[step.name] = seen
        try:
            await self._until(
                lambda: self._ends != seen or self._in_vain == step.name,
                min(until, default=None),
            )
        finally:
            self._idle.pop(step.name, None)

    async def _keep_from_waiting_in_vain(self) -> None:
        """Have one wait given up whenever nothing of the run goes on any more."""
        while True:
            await workflow.wait_condition(self._stands_still)
            await self._all_is_quiet()
            if not self._stands_still():
                continue
            if not workflow.patched(_NOT_FOR_EVER):
                return
            self._in_vain = standstill.first(self._state.steps, self._idle)
            await workflow.wait_condition(lambda: self._in_vain not in self._idle)

    def _stands_still(self) -> bool:
        """Return whether all that runs waits for something else of the run to end.

        What a pause holds back may be what they wait for.
        """
        if not self._idle or self._paused is not None:
            return False
        has_news = any(seen != self._ends for seen in self._idle.values())
        return not has_news and standstill.stands_still(self._state.steps, self._idle)


def _looks_again(look: primitives.Look) -> bool:
    """Return whether a condition may come to hold although nothing happens."""
    if look.changes_by_itself and look.trouble:
        return workflow.patched(_NOT_FOR_EVER)
    return look.changes_by_itself
