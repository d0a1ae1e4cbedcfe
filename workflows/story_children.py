"""The steps of a Story that execute another one: a run of its own, as a child of this one."""

import asyncio
from contextlib import suppress
from typing import Final

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import (
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    FailureError,
)
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

from activities.child_runs import ChildRunActivities, FindChildRun, MakeChildRun
from activities.past_runs import FindContinuation, PastRunActivities
from runwright.models.bubustack import Phase, Step
from runwright.models.story_run import (
    ChildNote,
    StartStoryRun,
    StepProgress,
    StepReason,
    StoryRunState,
)
from runwright.rules.bubustack import children, progress, verdicts
from runwright.rules.bubustack.child_objects import child_manifest
from runwright.rules.bubustack.continuing import Continuation, may_go_on
from runwright.rules.bubustack.parentage import Parent
from runwright.rules.bubustack.status.keys import story_run_key
from workflows.policies import CALL_HEARTBEAT, CLAIM_TIMEOUT, CLUSTER_CALL, LOOK, TRY_FOR_EVER
from workflows.story_attributes import attributes_of
from workflows.story_tasks import StoryTasks
from workflows.tasks import answered, unbroken

_TELLS_ITS_PARENT: Final = "tells-its-parent-of-gates"
"""The patch of runs that began when none did."""
_Child = ChildWorkflowHandle[None, StoryRunState]


class StoryChildren(StoryTasks):
    """What a run has done by runs of other Stories."""

    @workflow.signal(name="note_child", description="Where the run of a step waits for people.")
    def note_child(self, note: ChildNote) -> None:
        """Show where the run of a step waits for a decision, or that it does no longer."""
        for step in self._state.steps.values():
            if (noted := children.noted(step, note)) != step:
                self._set(noted)

    async def _keep_parent_told(self) -> None:
        """Tell the run that executes this one at which gates it waits."""
        parent, told = workflow.info().parent, children.open_gates(self._known())
        while parent is not None:
            if (gates := children.open_gates(self._known())) == told:
                await self._something_changes()
                continue
            if not workflow.patched(_TELLS_ITS_PARENT):
                return
            told = gates
            note = ChildNote(workflow_id=workflow.info().workflow_id, gates=gates)
            outer = workflow.get_external_workflow_handle(parent.workflow_id, run_id=parent.run_id)
            with suppress(FailureError):  # it does not wait any more
                await outer.signal("note_child", note)

    async def _execute_story(self, step: Step) -> StepProgress:
        """Run the Story that a step names, and unless it says otherwise wait for its end.

        What ends the step ends the child: its end is waited for. One that an earlier execution of
        this run began goes on from where it ended.
        """
        now, random = workflow.now(), workflow.random()
        async with self._effort:
            asked = children.execution_of(self._start, step, self._scope(step), now, random)
        anew = children.child_start(self._start, step, asked, workflow.info().workflow_id)
        if message := children.too_large(anew):
            return self._ended(step, Phase.FAILED, message, StepReason.EXECUTION_FAILED)
        past = await self._continuation(step, anew)
        if past.is_open:
            message = f"Run {anew.name} is going on by itself: retry this one when it is over"
            return self._ended(step, Phase.FAILED, message, StepReason.EXECUTION_FAILED)
        if past.done is not None:
            return self._child_ended(step, past.done)
        start = past.start or await self._made(step, anew)
        return await self._run_child(step, start, waits=asked.waits)

    async def _continuation(self, step: Step, anew: StartStoryRun) -> Continuation:
        """Return how the run of a step goes on, which it does in a later execution only."""
        if not may_go_on(self._start, self._step(step).section, step.name):
            return Continuation()
        earlier = await self._earlier(step, anew)
        if earlier is None:
            return Continuation()
        said = f"Waits to hear how run {anew.name} of an earlier execution ended"
        self._set(progress.held_up(self._step(step), said))
        by = self._start.resume_from.by if self._start.resume_from else ""
        wanted = FindContinuation(workflow_id=children.id_of(earlier), anew=earlier, by=by)
        past = await answered(
            workflow.start_activity_method(
                PastRunActivities.find_continuation,
                wanted,
                start_to_close_timeout=CLAIM_TIMEOUT,
                heartbeat_timeout=CALL_HEARTBEAT,
                retry_policy=TRY_FOR_EVER,
                summary=f"how does {anew.name} go on?",
            )
        )
        if past.is_open or past.done is not None:
            self._set(children.executing(self._step(step), earlier))
        return past

    async def _earlier(self, step: Step, anew: StartStoryRun) -> StartStoryRun | None:
        """Return the run of a step as the run whose object is there; None if there is none."""
        if not self._start.has_resource:
            return anew
        found = await answered(
            workflow.start_activity_method(
                ChildRunActivities.find_child_run,
                FindChildRun(object=child_manifest(self._start, anew, self._as_parent(step))),
                start_to_close_timeout=LOOK,
                retry_policy=TRY_FOR_EVER,
                summary=f"is there a storyrun {anew.name}?",
            )
        )
        return children.placed(anew, found.uid) if found.uid else None

    async def _made(self, step: Step, anew: StartStoryRun) -> StartStoryRun:
        """Return the run of a step with the object that shows it, made now in a cluster."""
        if not self._start.has_resource:
            return anew
        await self._room_for(progress.size_of(anew.inputs))
        wanted = MakeChildRun(
            object=child_manifest(self._start, anew, self._as_parent(step)),
            parent=story_run_key(self._start),
            parent_is_deleted=self._cancelled is not None and self._cancelled.run_hooks,
        )
        said = f"Waits for its StoryRun {anew.name}, and for one of an earlier execution to go"
        self._set(progress.held_up(self._step(step), said))
        made = await answered(
            workflow.start_activity_method(
                ChildRunActivities.make_child_run,
                wanted,
                start_to_close_timeout=CLUSTER_CALL,
                heartbeat_timeout=CALL_HEARTBEAT,
                retry_policy=TRY_FOR_EVER,
                summary=f"make storyrun {anew.name}",
            )
        )
        return children.placed(anew, made.uid)

    def _as_parent(self, step: Step) -> Parent:
        info = workflow.info()
        return Parent(
            workflow_id=info.workflow_id,
            execution=info.first_execution_run_id,
            activation=self._activation,
            step=step.name,
        )

    async def _run_child(self, step: Step, start: StartStoryRun, *, waits: bool) -> StepProgress:
        await self._room_for(children.size_of_message(start))
        child = await unbroken(self._child(start, waits=waits))
        self._set(children.executing(self._step(step), start))
        if not waits:
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
            id_reuse_policy=again if children.highest_activation(self._start) > 1 else first,
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
        return self._child_ended(step, state)

    def _child_ended(self, step: Step, state: StoryRunState) -> StepProgress:
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
