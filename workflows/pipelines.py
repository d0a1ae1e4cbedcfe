"""Run the pipelines of a Promise, or of a request for one: one after the other, as Jobs."""

import asyncio
from contextlib import suppress
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory, FailureError

with workflow.unsafe.imports_passed_through():
    from runwright.models.kratix import (
        Ending,
        PipelinePhase,
        PipelinesEnded,
        StartPipelines,
    )
    from runwright.models.runs import CancelRun
    from runwright.rules.kratix import run_history, runs
    from runwright.rules.kratix.runs import RunEnd
    from workflows.closing import close_as_cancelled, ended
    from workflows.pipeline_runs import PipelineRuns
    from workflows.tasks import cancelled, unbroken


@workflow.defn(name="Pipelines")
class PipelinesWorkflow(PipelineRuns):
    """Run the pipelines of one action of a parent, as its entity decided.

    Signals: `see` tells how the cluster has the parent, `note_task` why a Job does not get on;
    `cancel` stops what runs.
    Queries: `state` answers with the PipelinesState, also when the run is over.
    Closes: Completed with PipelinesEnded when the pipelines succeeded, when one of them suspended
    the workflow, and when something else is to be done for the parent; Failed, typed by the reason
    and with PipelinesEnded as detail, when a pipeline failed; Canceled when it was cancelled.
    """

    @workflow.init
    def __init__(self, start: StartPipelines) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartPipelines) -> PipelinesEnded:  # noqa: ARG002 - `__init__` took it
        """Run pipelines as long as nothing else is to be done; return how that left the parent."""
        presenting = asyncio.create_task(self._keep_presented())
        mirroring = asyncio.create_task(self._keep_mirrored())
        end = await self._unless_cancelled(asyncio.create_task(self._run_pipelines()))
        presenting.cancel()
        return await self._close(end, mirroring)

    async def _run_pipelines(self) -> RunEnd:
        position = self._start.position
        while (end := await self._run_pipeline(position)) is None:
            following = runs.after_success(self._point())
            if isinstance(following, RunEnd):
                return following
            if self._cancelled:
                raise asyncio.CancelledError
            position = following
        return end

    async def _unless_cancelled(self, work: asyncio.Task[RunEnd]) -> RunEnd:
        """Return how the work ended; when the run is cancelled before, end the work."""
        try:
            await workflow.wait_condition(lambda: work.done() or self._cancelled is not None)
        except asyncio.CancelledError:
            if self._cancelled is None:
                self._note_cancel(CancelRun(reason=workflow.cancellation_reason() or ""))
        await unbroken(cancelled([work]))
        if not work.cancelled():
            return work.result()
        self._note_cancelled_pipeline()
        said = self._cancelled.reason if self._cancelled else ""
        return RunEnd(Ending.INTERRUPTED, message=": ".join(filter(None, ("cancelled", said))))

    def _note_cancelled_pipeline(self) -> None:
        position = self._state.workflow.first_in(PipelinePhase.RUNNING)
        if position is not None:
            self._note_stop(position, "stopped: the run was cancelled")

    async def _close(self, end: RunEnd, mirroring: asyncio.Task[None]) -> PipelinesEnded:
        """Close the run in the state that Temporal has for such an ending."""
        self._is_over, self._end, self._current = True, end, None
        self._finished_at = workflow.now()
        self._record([run_history.of_end(end, self._started_at, self._when())])
        self._note_change()
        await unbroken(ended(mirroring))
        if self._ahead:
            await cancelled([self._ahead])
        self._present()
        await unbroken(self._mirror.show(self._state))
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._cancelled and end.ending is Ending.INTERRUPTED:
            await self._tell_entity(self._finished_at)
            await close_as_cancelled(self._cancelled.reason)
        if end.ending is Ending.FAILED:
            raise ApplicationError(
                end.message,
                self._ended(self._finished_at),
                type=end.reason,
                non_retryable=True,
                category=ApplicationErrorCategory.BENIGN,
            )
        return self._ended(self._finished_at)

    async def _tell_entity(self, finished_at: datetime) -> None:
        """Tell the entity how the run leaves its parent: one that is cancelled returns nothing."""
        if (entity := workflow.info().parent) is None:
            return
        handle = workflow.get_external_workflow_handle(entity.workflow_id)
        with suppress(FailureError):  # it may be gone
            await unbroken(handle.signal("note_run", self._ended(finished_at)))

    def _ended(self, finished_at: datetime) -> PipelinesEnded:
        return PipelinesEnded(
            state=self._state,
            seen=self._seen,
            started_at=self._started_at,
            finished_at=finished_at,
            history=self._trail.history(),
        )
