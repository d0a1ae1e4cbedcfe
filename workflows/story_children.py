"""The steps of a Story that execute another one: a run of its own, as a child of this one."""

import asyncio
from contextlib import suppress

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    FailureError,
    is_cancelled_exception,
)
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

from activities.child_runs import ChildRunActivities, MakeChildRun
from runwright.models.bubustack import Phase, Step
from runwright.models.story_run import StartStoryRun, StepProgress, StepReason, StoryRunState
from runwright.rules.bubustack import children, progress, verdicts
from runwright.rules.bubustack.child_objects import child_manifest
from runwright.rules.bubustack.parentage import Parent
from runwright.rules.bubustack.status.keys import story_run_key
from workflows.policies import CALL_HEARTBEAT, CLUSTER_CALL, TRY_FOR_EVER
from workflows.presentation import attributes_of
from workflows.story_tasks import StoryTasks
from workflows.tasks import unbroken

_Child = ChildWorkflowHandle[None, StoryRunState]


class StoryChildren(StoryTasks):
    """What a run has done by runs of other Stories."""

    async def _execute_story(self, step: Step) -> StepProgress:
        """Run the Story that a step names, and unless it says otherwise wait for its end.

        What ends the step ends the child: its end is waited for.
        """
        now, random = workflow.now(), workflow.random()
        asked = children.execution_of(self._start, step, self._scope(step), now, random)
        own_id = workflow.info().workflow_id
        start = children.child_start(self._start, step, asked, own_id)
        if self._start.has_resource:
            await self._room_for(progress.size_of(start.inputs))
            start = await self._with_object(step, start)
        await self._room_for(children.size_of_message(start))
        child = await unbroken(self._child(start, waits=asked.waits))
        self._set(children.executing(self._step(step), start))
        if not asked.waits:
            return children.launched(self._step(step), workflow.now())
        return await self._joined(step, child)

    async def _with_object(self, step: Step, start: StartStoryRun) -> StartStoryRun:
        """Return the input of a child for which there is an object now, that shows it."""
        info = workflow.info()
        parent = Parent(
            workflow_id=info.workflow_id,
            execution=info.first_execution_run_id,
            activation=self._activation,
            step=step.name,
        )
        wanted = MakeChildRun(
            object=child_manifest(self._start, start, parent),
            parent=story_run_key(self._start),
            parent_is_deleted=self._cancelled is not None and self._cancelled.run_hooks,
        )
        try:
            made = await workflow.execute_activity_method(
                ChildRunActivities.make_child_run,
                wanted,
                start_to_close_timeout=CLUSTER_CALL,
                heartbeat_timeout=CALL_HEARTBEAT,
                retry_policy=TRY_FOR_EVER,
                summary=f"make storyrun {start.name}",
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise asyncio.CancelledError from error
            raise
        return children.placed(start, made.uid)

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
        """Return the step as its run leaves it; when the step is cancelled, the run is first."""
        try:
            await workflow.wait([child])
        except asyncio.CancelledError:
            await unbroken(self._cancelled_with_this(child))
        try:
            state = child.result()
        except ChildWorkflowError as error:
            if isinstance(error.cause, CancelledError):
                return self._with_cancelled_child(step)
            if not isinstance(error.cause, ApplicationError) or not error.cause.details:
                raise  # it was ended outside its own code
            state = StoryRunState.model_validate(error.cause.details[0])
        ended = children.child_ended(self._step(step), state, self._sizes, workflow.now())
        self._sizes[step.name] = progress.size_of(ended.output)
        return ended

    async def _cancelled_with_this(self, child: _Child) -> None:
        """Cancel a child as this run is, and wait for its end.

        It is told rather than cancelled in Temporal: so it knows by whom and why, and when this
        run is deleted, that what comes last still runs.
        """
        request = children.cancel_of(self._start, self._cancelled, self._interruption)
        with suppress(FailureError):  # it has just ended by itself
            await child.signal("cancel", request)
        await workflow.wait([child])

    def _with_cancelled_child(self, step: Step) -> StepProgress:
        """Return the step as over whose run was cancelled, with this one or by somebody."""
        if self._interruption is not None or self._cancelled is not None:
            raise asyncio.CancelledError
        reason, message = StepReason.CANCELED, verdicts.CANCELED.message
        return self._ended(step, Phase.FINISHED, message, reason)
