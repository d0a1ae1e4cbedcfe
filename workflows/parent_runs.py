"""A run of a parent's pipelines, as a child of the parent's entity."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    FailureError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

from runwright.models.history import Cause, History, Transition
from runwright.models.kratix import (
    AskedAgain,
    CurrentRun,
    PastRun,
    PipelinesEnded,
    Plan,
    Policy,
    Seen,
    Standing,
    StartParent,
    StartPipelines,
    Trigger,
    WorkflowAction,
    run_id,
)
from runwright.models.runs import CancelRun
from runwright.rules.history import When
from runwright.rules.kratix import again, reports, suspensions
from runwright.rules.kratix.display import Display
from runwright.rules.kratix.interruptions import broken_off, said_of_cancel
from runwright.rules.kratix.triggers import Decision
from workflows.parent_calls import ParentCalls
from workflows.policies import LOOK

_Child = ChildWorkflowHandle[None, PipelinesEnded]
_ENDS_WHAT_IS_LEFT: Final = "parent-ends-what-is-left"
"""The mark of entities that do so after a run that was terminated: the first recorded did not."""
_TOO_LATE: Final = "its parent is to go, and it did not end in time"


class ParentRuns(ParentCalls):
    """The runs of an entity, one after the other."""

    def __init__(self, start: StartParent) -> None:
        super().__init__(start)
        self._is_cancelling = False
        self._last_word: PipelinesEnded | None = None
        """What the run said that is under way and was cancelled."""

    async def _run(self, plan: Plan, decision: Decision) -> None:
        """Run pipelines from the one that was decided, and keep what became of them."""
        asked = self._asked if decision.trigger is Trigger.MANUAL else None
        start = self._start_of(plan, decision, asked)
        child = await self._started(start)
        if child is None:
            return
        self._asked = None if decision.anew or asked else self._asked
        self._begin(start)
        self._end(start, await self._ended(child, start))
        await self._mark(removes=start.removes)

    def _start_of(self, plan: Plan, decision: Decision, asked: AskedAgain | None) -> StartPipelines:
        state = self._state
        request = asked.request if asked and not decision.anew else None
        if request:
            state = again.begun_again(state, request, workflow.now())
        return StartPipelines(
            plan=plan,
            state=state,
            number=self._activation + 1,
            position=decision.position,
            anew=decision.anew,
            trigger=decision.trigger or Trigger.NEXT,
            removes=decision.removes,
            adds=decision.adds,
            by=self._author_of(decision, asked),
            resumption=suspensions.resumption_of(decision, state, self._gates),
            policy=self._policy(plan),
            cluster=self._start.cluster,
            until=decision.position if request and request.only else None,
        )

    def _author_of(self, decision: Decision, asked: AskedAgain | None) -> str | None:
        """Return who had a run start, where a person said so."""
        if asked is not None:
            return asked.request.by or None
        if decision.trigger is not Trigger.RESUMED:
            return None
        gate = self._gates.get(self._state.workflow.pipelines[decision.position].name)
        last = gate.decisions[-1] if gate and gate.decisions else None
        return last.by if last and last.by else None

    def _policy(self, plan: Plan | None) -> Policy:
        workflows = plan.config.workflows if plan else None
        return Policy(
            interval=self._seen.interval,
            reconcile_after_failure=workflows.reconcile_after_failure if workflows else True,
            compat=self._start.compat,
        )

    async def _started(self, start: StartPipelines) -> _Child | None:
        """Return the run as a child; None: one of that number is still there."""
        try:
            return await workflow.start_child_workflow(
                "Pipelines",
                start,
                id=run_id(self._parent, start.plan.action, start.number),
                result_type=PipelinesEnded,
                parent_close_policy=ParentClosePolicy.REQUEST_CANCEL,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                static_summary=f"{start.plan.action} {self._parent.name}: {start.trigger}",
            )
        except WorkflowAlreadyStartedError as error:
            self._stand(Standing.WAITING, f"Waits for run {error.workflow_id}, which is open")
            await self._until_changed(self._revision, workflow.now() + LOOK)
            return None

    def _begin(self, start: StartPipelines) -> None:
        self._activation = start.number
        self._current = CurrentRun(
            workflow_id=run_id(self._parent, start.plan.action, start.number),
            number=start.number,
            action=start.plan.action,
            trigger=start.trigger,
            by=start.by or "",
            started_at=workflow.now(),
        )
        self._close_gates()
        self._started_generation = start.plan.seen.sight.generation
        self._authors = {start.by or ""}
        self._stand(Standing.RUNNING, f"Run {start.number}: {self._current.trigger}")

    async def _ended(self, child: _Child, start: StartPipelines) -> PipelinesEnded:
        """Return how the run ended; meanwhile it is told what is seen, and what people want."""
        told = start.plan.seen
        while not child.done():
            looked = self._revision
            told = await self._told(child, told)
            await self._heed_wishes_of_now()
            await self._end_in_time(child, looked)
        try:
            return child.result()
        except (ChildWorkflowError, asyncio.CancelledError) as error:
            if (said := failed_run(error)) is not None:
                return said
            if isinstance(error, ChildWorkflowError) and self._last_word is None:
                await self._end_what_is_left(start)
            return self._broken(start, error)

    async def _end_what_is_left(self, start: StartPipelines) -> None:
        """End the Job of a run that could not do so: the next run must not run beside it."""
        if not workflow.patched(_ENDS_WHAT_IS_LEFT):
            return
        self._stand(Standing.RUNNING, f"Ends what run {start.number} left, which was ended outside")
        run = run_id(self._parent, start.plan.action, start.number)
        try:
            left = await self._tasks_left_of(run, start.plan.parent.home)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            left = [f"{error.cause or error}"]
        if left:
            workflow.logger.warning("left of %s: %s", run, left)

    async def _heed_wishes_of_now(self) -> None:
        """Write the labels that messages asked for; a run must not be left for one refused."""
        try:
            await self._heed_wishes()
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("labels refused: %s", error.cause or error)
            self._note_pause()

    async def _told(self, child: _Child, told: Seen) -> Seen:
        """Tell a run how its parent is by now, and that it is cancelled; return what it knows."""
        seen = self._seen
        with suppress(FailureError):  # it has just ended by itself
            if seen != told:
                await child.signal("see", seen)
            if self._cancelled is not None and not self._is_cancelling:
                self._is_cancelling = True
                said = self._cancelled
                request = CancelRun(by=said.by, reason=said.reason, grace=said.grace)
                await child.signal("cancel", request)
        return seen

    async def _end_in_time(self, child: _Child, looked: int) -> None:
        """Wait for the run's end or a change; a run of a parent that goes gets so long only."""
        limit = self._limit()
        if limit is not None and workflow.now() >= limit and self._cancelled is None:
            self._note_cancel(CancelRun(reason=_TOO_LATE))
            return
        limit = None if self._cancelled else limit
        change = asyncio.create_task(workflow.wait_condition(lambda: self._revision != looked))
        try:
            await self._alarms.wait([child, change], limit)
        finally:
            change.cancel()

    def _limit(self) -> datetime | None:
        """Return when a configure run has to be over because its parent goes; None: it need not."""
        if self._deleted_at is None or self._state.action is WorkflowAction.DELETE:
            return None
        return self._deleted_at + self._start.stop_after

    def _broken(self, start: StartPipelines, error: BaseException) -> PipelinesEnded:
        """Return how a run ended that said nothing of it, or was cancelled: its pipeline failed."""
        now, last = workflow.now(), self._last_word
        state = last.state if last else start.state
        why = f"Run {start.number} was ended in Temporal"
        if self._cancelled is not None or is_cancelled(error):
            why = said_of_cancel(self._cancelled)
        seen = last.seen if last else self._seen
        return PipelinesEnded(
            state=broken_off(state, start.position, seen.sight.hash, why, now),
            seen=seen,
            started_at=last.started_at if last else self._begun_at(),
            finished_at=now,
            history=last.history if last else History(),
        )

    def _begun_at(self) -> datetime:
        return self._current.started_at if self._current else workflow.now()

    @workflow.signal(name="note_run", description="How the run that was cancelled left the parent.")
    def note_run(self, ended: PipelinesEnded) -> None:
        """Keep the last word of a run that cannot return it, for it closes as cancelled."""
        self._last_word = ended

    def _told_by_run(self, ended: PipelinesEnded) -> Iterator[Transition]:
        """Yield what happened in a run, but that it was to end: that was kept when it was asked."""
        known = {Cause.CANCEL_REQUESTED} if self._cancelled else set[Cause]()
        return (one for one in ended.history.transitions if one.reason not in known)

    def _shown_by_run(self, ended: PipelinesEnded) -> Display | None:
        """Return what the cluster shows once a run is over; None: nobody knows."""
        last = ended if ended.history.transitions and not self._last_word else self._last_word
        return Display(last.state, self._installed) if last else None

    def _end(self, start: StartPipelines, ended: PipelinesEnded) -> None:
        """Keep how a run ended, and tell it in the history."""
        before, self._state = self._state, ended.state
        self._mirror.assume(self._shown_by_run(ended))
        if not ended.seen.is_older_than(self._seen):
            self._note_seen(ended.seen)
        past = PastRun(
            number=start.number,
            action=start.plan.action,
            trigger=start.trigger,
            by=start.by or "",
            started_at=ended.started_at,
            finished_at=ended.finished_at,
            ending=reports.ending_of(ended.state),
            pipelines=tuple(
                one.name for one, _ in reports.ran(before.workflow, ended.state.workflow)
            ),
        )
        self._keep_run(past)
        told_by_run = list(self._told_by_run(ended))
        self._record(told_by_run)
        if self._asked and again.is_done(self._asked, told_by_run):
            self._drop_asked(f"run {start.number} came to it after it was asked for")
        if self._current and not ended.history.transitions:
            when = When(self._current.started_at, self._current.number)
            told = [reports.started(self._current, when), reports.ended(past, ended.state.message)]
            self._record(told)
        self._current = self._cancelled = self._last_word = None
        self._is_cancelling = False
        self._works_changed = self._is_untidy = True
        self._note_change()

    def _drop_asked(self, why: str) -> None:
        """Forget the run that a person asked for, and tell why it does not come."""
        if self._asked is not None:
            self._record([reports.not_run(self._asked.request, why, self._when())])
        self._asked = None


def failed_run(error: BaseException) -> PipelinesEnded | None:
    """Return how a run ended that closed as failed; None: it was ended outside its own code."""
    cause = error.cause if isinstance(error, ChildWorkflowError) else None
    if not isinstance(cause, ApplicationError) or not cause.details:
        return None
    return PipelinesEnded.model_validate(cause.details[0])


def is_cancelled(error: BaseException) -> bool:
    """Return whether a run was cancelled, by whatever means."""
    return isinstance(error, asyncio.CancelledError) or is_cancelled_exception(error)
