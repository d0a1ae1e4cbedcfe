"""The steps of a Story that execute another one: a run of its own, as a child of this one."""

import asyncio

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, CancelledError, ChildWorkflowError
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

from runwright.models.bubustack import Phase, Step
from runwright.models.story_run import StartStoryRun, StepProgress, StepReason, StoryRunState
from runwright.models.tasks import OutcomeReason, TaskOutcome
from runwright.rules.bubustack import children, verdicts
from workflows.presentation import attributes_of
from workflows.story_tasks import StoryTasks

_Child = ChildWorkflowHandle[None, StoryRunState]


class StoryChildren(StoryTasks):
    """What a run has done by runs of other Stories."""

    async def _execute_story(self, step: Step) -> StepProgress:
        """Run the Story that a step names, and unless it says otherwise wait for its end.

        What ends the step ends the child: its cancellation is waited for.
        """
        now, random = workflow.now(), workflow.random()
        asked = children.execution_of(self._start, step, self._scope(step), now, random)
        own_id = workflow.info().workflow_id
        start = children.child_start(self._start, step, asked, own_id)
        child = await self._child(start, waits=asked.waits)
        self._set(children.executing(self._step(step), start))
        if not asked.waits:
            return children.launched(self._step(step), workflow.now())
        return await self._joined(step, child)

    async def _child(self, start: StartStoryRun, *, waits: bool) -> _Child:
        again = WorkflowIDReusePolicy.ALLOW_DUPLICATE
        first = WorkflowIDReusePolicy.REJECT_DUPLICATE
        return await workflow.start_child_workflow(
            "StoryRun",
            start,
            id=children.id_of(start),
            result_type=StoryRunState,
            parent_close_policy=(
                ParentClosePolicy.REQUEST_CANCEL if waits else ParentClosePolicy.ABANDON
            ),
            id_reuse_policy=again if self._activation > 1 else first,
            search_attributes=attributes_of(start),
            static_summary=f"{start.name}: story {start.story.metadata.name}",
        )

    async def _joined(self, step: Step, child: _Child) -> StepProgress:
        try:
            state = await child
        except ChildWorkflowError as error:
            if isinstance(error.cause, CancelledError):
                return self._with_cancelled_child(step)
            if not isinstance(error.cause, ApplicationError) or not error.cause.details:
                raise  # it was ended outside its own code
            state = StoryRunState.model_validate(error.cause.details[0])
        return self._held(step, children.child_ended(self._step(step), state, workflow.now()))

    def _held(self, step: Step, ended: StepProgress) -> StepProgress:
        """Return the step as it ended; as failed if the run would hold too much with its output."""
        given = TaskOutcome(succeeded=True, reason=OutcomeReason.COMPLETED, output=ended.output)
        held = self._bounded(step, given)
        if held.succeeded:
            return ended
        failed = self._ended(step, Phase.FAILED, held.message, StepReason.EXECUTION_FAILED)
        return failed.model_copy(update={"output": None})

    def _with_cancelled_child(self, step: Step) -> StepProgress:
        """Return the step as over whose run was cancelled, with this one or by somebody."""
        if self._interruption is not None or self._cancelled is not None:
            raise asyncio.CancelledError
        reason, message = StepReason.CANCELED, verdicts.CANCELED.message
        return self._ended(step, Phase.FINISHED, message, reason)
