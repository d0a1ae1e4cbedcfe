"""How one pipeline of a run runs: prepared, as a Job, and then what it left."""

import asyncio
from contextlib import suppress
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.workflow import ActivityHandle

from activities.parents import ParentActivities
from activities.pipelines import CollectOutput, PipelineActivities, PreparePipeline
from activities.tasks import TaskActivities
from runwright.errors import InvalidManifestError
from runwright.models.kratix import (
    Collected,
    Ending,
    MarkParent,
    ParentState,
    PipelineRun,
    StartPipelines,
    Trigger,
)
from runwright.models.tasks import (
    Diagnosis,
    OutcomeReason,
    Task,
    TaskKey,
    TaskOutcome,
)
from runwright.rules.kratix import progress, run_history, runs, tasks
from runwright.rules.kratix.runs import Point, RunEnd
from runwright.rules.wording import excerpt
from workflows.asking import asked, asks_at_once
from workflows.closing import ended
from workflows.pipeline_state import RunState
from workflows.policies import LOOK, TRY_FOR_EVER
from workflows.tasks import abandon, cancelled, run_task, unbroken

_REFUSED_MAKES_WAY: Final = "refused-job-makes-way"
"""The mark of runs whose Job makes way also before it was made: the first ones waited for it."""


class PipelineRuns(RunState):
    """How one pipeline of a run runs: prepared, as a Job, and then what it left."""

    def __init__(self, start: StartPipelines) -> None:
        super().__init__(start)
        self._is_ending = False
        """Whether the task of the pipeline that it is at was over, or told to end."""
        self._are_labels_heeded = not (start.removes or start.adds)
        self._unheeded = start.removes
        """The labels that asked for this run, as long as its parent has them."""
        self._ahead: asyncio.Task[str | None] | None = None
        """The preparation of the pipeline after the one that runs."""
        self._to_be_shown = 0
        """The revision with what the last pipeline left: the next one reads that of its parent."""

    async def _run_pipeline(self, position: int) -> RunEnd | None:
        """Return how the run ends with a pipeline; None: that one is over, or asks to run again.

        Raises:
            CancelledError: the run was cancelled before its Job had ended by itself.
        """
        self._current, self._has_begun = position, False
        run = tasks.run_of(self._start, position)
        try:
            task = tasks.task_of(run, self._start.plan, _execution())
        except InvalidManifestError as error:
            return await self._fail(position, type(error).__name__, str(error))
        if (why := await self._trouble_with(run)) is not None:
            return await self._fail(position, OutcomeReason.REFUSED, why)
        await workflow.wait_condition(lambda: self._shown_up_to >= self._to_be_shown)
        outcome = await self._outcome_of(task, run, position)
        if outcome is None:
            return self._stop_for_another(position)
        if not outcome.succeeded:
            why = tasks.failure_of(outcome, run.pipeline, run.parent)
            return await self._fail(position, outcome.reason, why)
        return await unbroken(self._end_pipeline(run, position, outcome))

    async def _trouble_with(self, run: PipelineRun) -> str | None:
        """Return why the pod of a pipeline cannot have what it needs, by now.

        What was in the way while the pipeline before it ran may be out of it.
        """
        ahead, self._ahead = self._ahead, None
        if ahead is not None and await ahead is None:
            return None
        return await self._why_not_prepared(run)

    def _prepare_after(self, position: int) -> None:
        """Prepare the pipeline after one that has begun: its Job must not wait for that."""
        following = position + 1
        if position != self._start.until and following < len(self._start.plan.pipelines):
            run = tasks.run_of(self._start, following)
            self._ahead = asyncio.create_task(self._why_not_prepared(run))

    async def _why_not_prepared(self, run: PipelineRun, *, lacks: bool = False) -> str | None:
        """Have there what the pod of a pipeline needs; return why the cluster will not have it.

        A pod that `lacks` something says that what was prepared a moment ago is not there.
        """
        selectors = self._start.plan.selectors
        wanted = PreparePipeline(run=run, selectors=selectors, unless_recent=not lacks)
        try:
            await asked(
                PipelineActivities.prepare_pipeline,
                wanted,
                summary=f"prepare {run.pipeline.name}",
            )
        except ActivityError as error:
            return f"prepare its pod: {_said(error)}"
        return None

    async def _outcome_of(self, task: Task, run: PipelineRun, position: int) -> TaskOutcome | None:
        """Return how the Job of a pipeline ended; None: we ended it, for another to start.

        Raises:
            CancelledError: it was ended because the run was cancelled.
        """
        self._key, self._is_ending = task.key, False
        label = self._start.plan.pipelines[position].name
        running = asyncio.create_task(
            run_task(task, self._alarms, label=label, grace=self._stop_grace)
        )
        starting = asyncio.create_task(self._note_start(task.key, position, running))
        mending = asyncio.create_task(self._mend(run))
        with suppress(asyncio.CancelledError):  # a success that is recorded wins over a cancel
            await workflow.wait_condition(lambda: running.done() or self._is_to_stop())
        self._is_ending = True
        await cancelled([running, mending])
        await unbroken(ended(starting))
        starting.result()
        self._key = None
        self._forget_diagnosis(position)
        if not running.cancelled():
            return running.result()
        if self._cancelled:
            raise asyncio.CancelledError
        return None

    async def _mend(self, run: PipelineRun) -> None:
        """Have there again what its pod needs, whenever it does not get on: people delete it."""
        while True:
            await workflow.wait_condition(lambda: self._diagnosis is not None)
            known = self._diagnosis
            await self._why_not_prepared(run, lacks=True)
            await self._until_another(known)

    async def _until_another(self, known: Diagnosis | None) -> None:
        await workflow.wait_condition(lambda: self._diagnosis != known)

    def _is_to_stop(self) -> bool:
        """Return whether the Job that runs is to make way; what asked for it does not count."""
        if not self._has_begun:
            superseded = self._makes_way and runs.is_superseded(self._point_once_begun())
            return superseded and workflow.patched(_REFUSED_MAKES_WAY)
        if not self._are_labels_heeded:
            return False
        point = self._point()
        return runs.is_to_stop(point) or (self._makes_way and runs.is_superseded(point))

    def _point_once_begun(self) -> Point:
        """Return where a run will be whose Job is refused as yet."""
        seen = runs.without_labels(self._seen, self._unheeded)
        state = self._begun(self._current or 0)
        return self._point()._replace(seen=seen, state=state)

    async def _note_start(
        self, key: TaskKey, position: int, running: asyncio.Task[TaskOutcome]
    ) -> None:
        """Show that a pipeline runs once its Job is there, and then take the labels away."""
        if await self._is_made(key, running):
            self._begin(position, key.name)
            self._prepare_after(position)
            await self._heed_labels()

    async def _is_made(self, key: TaskKey, running: asyncio.Task[TaskOutcome]) -> bool:
        """Return whether the Job of a task is there or was, as soon as that is known.

        What is found once the task is told to end may be what bars it from ever starting.
        """
        look = _expected(key)
        await workflow.wait([look, running], return_when=asyncio.FIRST_COMPLETED)
        if look.done() and look.exception() is None and not self._is_ending:
            return True
        abandon(look)
        await workflow.wait([look, running])
        if running.cancelled() or running.exception() is not None:
            return False
        return running.result().reason is not OutcomeReason.REFUSED

    def _begin(self, position: int, job_name: str) -> None:
        is_first = position == self._start.position
        trigger = self._start.trigger if is_first else Trigger.NEXT
        self._has_begun, self._is_handing_over = True, False
        self._set(self._begun(position, job_name), trigger)
        if self._diagnosis:
            self._tell_diagnosis(position)

    def _begun(self, position: int, job_name: str = "") -> ParentState:
        """Return the state once a pipeline has begun, with a Job or without."""
        begun = progress.Started(
            position=position,
            hash=self._start.plan.seen.sight.hash,
            job_name=job_name,
            at=workflow.now(),
            anew=self._start.anew and position == self._start.position,
        )
        return progress.pipeline_started(self._state, begun)

    async def _heed_labels(self) -> None:
        """Take away the labels that asked for the run, which is under way now."""
        if self._are_labels_heeded:
            return
        wanted = MarkParent(parent=self._parent, adds=self._start.adds, removes=self._start.removes)
        try:
            now = await asked(ParentActivities.mark_parent, wanted, summary="take the labels away")
        except ActivityError as error:
            workflow.logger.warning("labels refused: %s", _said(error))
            self._seen = runs.without_labels(self._seen, self._unheeded)
        else:
            self._unheeded = ()
            gone = self._seen.model_copy(update={"is_deleted": True})
            self.see(now.seen or gone)
        self._are_labels_heeded = True
        self._note_change()

    async def _end_pipeline(
        self, run: PipelineRun, position: int, outcome: TaskOutcome
    ) -> RunEnd | None:
        """Note what a pipeline left whose Job succeeded; return how the run fails by it, if so."""
        try:
            collected = await self._collected(run, outcome)
        except ActivityError as error:
            why = f"collect its output: {_said(error)}"
            return await self._fail(position, OutcomeReason.REFUSED, why)
        if collected.warning:
            name, when = run.pipeline.name, self._when()
            self._record([run_history.of_warning(name, collected.warning, when)])
        if collected.problem:
            return await self._fail(position, OutcomeReason.OUTPUT_INVALID, collected.problem)
        over = progress.Ended(
            position=position,
            generation=self._start.plan.seen.sight.generation,
            at=workflow.now(),
            control=collected.control,
            status=collected.status,
        )
        self._set(progress.pipeline_ended(self._state, over, self._parent.type))
        self._hand_over(leaves_status=bool(collected.status))
        return None

    def _hand_over(self, *, leaves_status: bool) -> None:
        """Have the next pipeline find what this one left in the status, if it left anything.

        Else its end is shown with the beginning of the next one, whose Job need not wait for that.
        """
        if leaves_status or not asks_at_once():
            self._to_be_shown = self._revision
        else:
            self._is_handing_over = True

    async def _collected(self, run: PipelineRun, outcome: TaskOutcome) -> Collected:
        left = CollectOutput(
            run=run,
            handed_over=outcome.output or {},
            selectors=self._start.plan.selectors,
        )
        summary = f"collect what {run.pipeline.name} left"
        return await asked(PipelineActivities.collect_output, left, summary=summary)

    async def _fail(self, position: int, reason: str, message: str) -> RunEnd:
        """Note that a pipeline failed, also one whose Job could never be made.

        With its hash and without the labels it counts as run: nothing starts it again by itself
        before something changes.
        """
        self._is_handing_over = False
        state = self._state if self._has_begun else self._begun(position)
        said = excerpt(message, tasks.LONGEST_MESSAGE)
        failed = progress.pipeline_failed(state, position, workflow.now())
        self._set(progress.with_message(failed, position, said))
        await unbroken(self._heed_labels())
        name = self._start.plan.pipelines[position].name
        return RunEnd(Ending.FAILED, reason, f"pipeline {name} failed: {said}")

    def _stop_for_another(self, position: int) -> RunEnd:
        why = "stopped: it could not start, and another run is asked for"
        if runs.is_to_stop(self._point()):
            why = "stopped: a manual reconciliation begins anew"
        self._note_stop(position, why)
        return RunEnd(Ending.INTERRUPTED, message=why)

    def _note_stop(self, position: int, why: str) -> None:
        self._set(progress.pipeline_stopped(self._state, position, workflow.now(), why))


def _execution() -> tasks.Execution:
    info = workflow.info()
    return tasks.Execution(info.workflow_id, info.first_execution_run_id)


def _said(error: ActivityError) -> str:
    """Return why an activity was given up, in the words of whoever refused."""
    return error.cause.message if isinstance(error.cause, ApplicationError) else str(error)


def _expected(key: TaskKey) -> ActivityHandle[None]:
    return workflow.start_activity_method(
        TaskActivities.expect_task,
        key,
        start_to_close_timeout=LOOK,
        retry_policy=TRY_FOR_EVER,
        summary=f"is {key.name} there?",
    )
