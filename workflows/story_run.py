"""Run a Story: its steps, then what mends a failure, then what always comes last."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, NoReturn

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

with workflow.unsafe.imports_passed_through():
    from runwright.models.gates import GateOutcome
    from runwright.models.runs import LONGEST_REASON, CancelRun
    from runwright.models.story_run import (
        Section,
        StartStoryRun,
        StoryRunState,
    )
    from runwright.rules.bubustack import (
        configuration,
        dag,
        history,
        verdicts,
    )
    from runwright.rules.bubustack.dag import Interruption
    from runwright.rules.bubustack.verdicts import Ending
    from workflows.closing import close_as_cancelled, ended
    from workflows.story_steps import StorySteps
    from workflows.tasks import cancelled, unbroken

_READS_GATES_WHOLE: Final = "unknown-arguments-of-gates-refused"
"""The patch of runs that began when nobody minded an argument of a gate that is none."""
_NO_PAUSE_OF_HOOKS: Final = "hooks-of-a-deleted-run-go-on"
"""The patch of runs that began when a pause held the hooks of a deleted run as well."""


@workflow.defn(name="StoryRun")
class StoryRunWorkflow(StorySteps):
    """Run a StoryRun.

    Updates and signals: `decide_gate`, `pause`, `resume`, `cancel`.
    Queries: `state` answers with the StoryRunState, also when the run is over.
    Closes: Completed with the StoryRunState when the run succeeded; Failed, typed by the reason
    and with the state as detail, when it failed, timed out or was compensated; Canceled when it
    was cancelled.
    """

    @workflow.init
    def __init__(self, start: StartStoryRun) -> None:
        super().__init__(start)
        self._is_finishing = False

    @workflow.run
    async def run(self, start: StartStoryRun) -> StoryRunState:  # noqa: ARG002 - `__init__` took it
        """Run the Story to its end and return all that is known of it."""
        if (refusal := self._refusal()) is not None:
            return await self._close(refusal)
        presenting = asyncio.create_task(self._keep_presented())
        mirroring = asyncio.create_task(self._keep_mirrored())
        beside = (
            self._keep_from_waiting_in_vain(),
            self._keep_parent_told(),
            self._keep_account(),
        )
        watching = [presenting, *map(asyncio.create_task, beside)]
        ending = await self._unless_cancelled(self._run_story())
        for task in watching:
            task.cancel()
        return await self._close(ending, mirroring)

    def _refusal(self) -> Ending | None:
        """Return how the run ends if it cannot be executed; one that goes on already is not ended.

        What earlier versions refused has no marker in their histories.
        """
        started_as = workflow.info().workflow_id
        found = configuration.refusal(self._start, started_as)
        if found is None:
            return None
        earlier = configuration.refusal(self._start, started_as, is_older=True)
        return found if found == earlier or workflow.patched(_READS_GATES_WHOLE) else earlier

    async def _run_story(self) -> Ending:
        """Run the main steps, compensations if one failed, and finally steps in any case."""
        if (trouble := await self._trouble_with_access()) is not None:
            self._end_rest(trouble, *Section)
            return verdicts.not_prepared(trouble)
        in_time = await self._in_time(self._run_steps_and_compensations())
        self._is_finishing = True
        await self._run_section(Section.FINALLY)
        async with self._effort:
            return self._verdict(in_time=in_time)

    async def _run_steps_and_compensations(self) -> None:
        await self._run_section(Section.MAIN)
        if verdicts.needs_mending(self._story, self._state.steps, self._stops.get(Section.MAIN)):
            await self._run_section(Section.COMPENSATIONS)
        else:
            self._skip(dag.needless_compensations(self._story))

    async def _run_section(self, section: Section) -> None:
        """Run the steps of one list, to its end or until one of them stops the others."""
        work = asyncio.create_task(self._run_graph(self._dag.section(section)))
        try:
            await workflow.wait_condition(lambda: work.done() or section in self._stops)
        except asyncio.CancelledError:
            await cancelled([work])
            raise
        if section in self._stops:
            await self._end_early(work, verdicts.stopped_by(self._stops[section]), section)
        if not work.cancelled():
            work.result()

    async def _end_early(
        self, work: asyncio.Task[None], why: Interruption, *sections: Section
    ) -> None:
        """End work, and what of these lists has not ended by itself."""
        self._interruption = why
        await cancelled([work])
        self._end_rest(why, *sections)
        if self._interruption is why:  # else the run was cancelled meanwhile
            self._interruption = None

    async def _in_time(self, work: Coroutine[Any, Any, None]) -> bool:
        """Return whether the work was done before the Story's deadline; at it, end the work."""
        task = asyncio.create_task(work)
        try:
            await self._alarms.wait([task], self._state.deadline)
        except asyncio.CancelledError:
            await cancelled([task])
            raise
        if not task.done():
            why = verdicts.story_timed_out(self._story)
            self._record([history.of_deadline(self._story, self._when())])
            await self._end_early(task, why, Section.MAIN, Section.COMPENSATIONS)
        if task.cancelled():
            return False
        task.result()
        return True

    async def _unless_cancelled(self, work: Coroutine[Any, Any, Ending]) -> Ending:
        """Return how the work ended; when the run is cancelled before, end the work."""
        task = asyncio.create_task(work)
        try:
            await workflow.wait_condition(lambda: task.done() or self._cancelled is not None)
        except asyncio.CancelledError:
            reason = (workflow.cancellation_reason() or "")[:LONGEST_REASON]
            self._note_cancel(CancelRun(reason=reason))
        if not task.done():
            await unbroken(self._interrupted(task))
        if task.cancelled():
            return verdicts.CANCELED
        return task.result()

    async def _interrupted(self, work: asyncio.Task[Ending]) -> None:
        """End the work because the run was cancelled; when it is deleted, finally steps still run.

        Finally steps that run by then go on to their end.
        """
        run_hooks = self._cancelled is not None and self._cancelled.run_hooks
        if run_hooks and self._is_finishing:
            if self._paused is not None and workflow.patched(_NO_PAUSE_OF_HOOKS):
                self._paused = None
                self._note_change()
            await self._trouble_with_access_of_hooks()
            await workflow.wait([work])
            return
        self._interruption = verdicts.RUN_CANCELED
        await cancelled([work])
        if run_hooks:
            self._end_rest(self._interruption, Section.MAIN, Section.COMPENSATIONS)
            self._interruption = self._paused = None
            await self._run_hooks()
            return
        self._end_rest(self._interruption, *Section)

    async def _run_hooks(self) -> None:
        """Run the finally steps of a run that is deleted.

        What they act as may not have been made yet, or may have gone with the object.
        """
        if (trouble := await self._trouble_with_access_of_hooks()) is not None:
            self._end_rest(trouble, Section.FINALLY)
            return
        await self._run_section(Section.FINALLY)

    async def _close(
        self, ending: Ending, mirroring: asyncio.Task[None] | None = None
    ) -> StoryRunState:
        """Close the run in the state that Temporal has for such an ending."""
        self._is_over = True
        self._note_change()
        if mirroring:
            await unbroken(ended(mirroring))
        for name in self._gates:
            self._close_gate(name, GateOutcome.CLOSED)
        before, self._state = self._state, verdicts.closed(self._state, ending, workflow.now())
        self._record([history.of_end(before, self._state, self._when())])
        self._present()
        await unbroken(self._last_shown())
        if ending.phase in verdicts.CLOSES_AS_CANCELED:
            await self._be_cancelled(ending)
        if ending.phase not in verdicts.CLOSES_AS_COMPLETED:
            raise ApplicationError(
                ending.message,
                self.state(),
                type=ending.reason,
                non_retryable=True,
                category=ApplicationErrorCategory.BENIGN,
            )
        return self.state()

    async def _last_shown(self) -> None:
        """Return when the end is shown, and everybody who asked something has an answer."""
        await self._mirror.show(self._known())
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _be_cancelled(self, ending: Ending) -> NoReturn:
        """Close as cancelled, for the reason that somebody gave, or that of the ending."""
        said = "" if ending is verdicts.CANCELED else ending.message
        await close_as_cancelled(self._cancelled.reason if self._cancelled else said)

    def _verdict(self, *, in_time: bool) -> Ending:
        if not in_time:
            return verdicts.timed_out(self._story, self._state.steps)
        now, random = workflow.now(), workflow.random()
        stop = self._stops.get(Section.MAIN)
        return verdicts.ending_of(self._story, self._state, now, random, stop)
