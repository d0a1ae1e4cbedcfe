"""How the state of a parent changes with what happens to its pipelines.

Every function returns the state as it is from then on. What upstream's status shows is a projection
of that state, made elsewhere.

Source: Kratix, status of a resource request; workflow engine.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from runwright.models.kratix import (
    ConditionType,
    ParentState,
    PipelinePhase,
    PipelineProgress,
    Reason,
    Work,
    WorkflowAction,
    WorkflowControl,
    WorkflowProgress,
    WorkflowType,
)
from runwright.models.metadata import Condition
from runwright.rules.kratix.conditions import (
    AFTER_A_PAUSE,
    COMPLETED,
    DELETE_FAILED,
    DELETE_SUSPENDED,
    IN_PROGRESS,
    configure_failed,
    reconciled,
    reconciled_by_works,
    with_conditions,
    works_succeeded,
)
from runwright.rules.kratix.outputs import merged_status

PENDING: Final = "Pending"
DONE: Final = {
    WorkflowType.PROMISE: "Promise configured",
    WorkflowType.RESOURCE: "Resource requested",
}
"""What a parent says of itself when its last pipeline is over and none said anything."""


class Started(NamedTuple):
    """A pipeline's Job as it was made."""

    position: int
    hash: str
    job_name: str
    at: datetime
    anew: bool = False
    """Whether the workflow begins, so that what was before counts no more."""


class Ended(NamedTuple):
    """A pipeline whose Job succeeded, and what its steps left."""

    position: int
    generation: int
    """Of the parent."""
    at: datetime
    control: WorkflowControl = WorkflowControl()
    status: dict[str, Any] = {}


def fitted(state: ParentState, action: WorkflowAction, names: Sequence[str]) -> ParentState:
    """Return the state with the pipelines that there are: all pending if they are others.

    Source: Kratix, `pipelines[]`.
    """
    workflow = state.configure if action is WorkflowAction.CONFIGURE else state.delete
    if [one.name for one in workflow.pipelines] == list(names):
        return state.model_copy(update={"action": action})
    fresh = WorkflowProgress(pipelines=tuple(PipelineProgress(name=name) for name in names))
    return state.model_copy(update={"action": action, action.value: fresh})


def begun_anew(state: ParentState, now: datetime) -> ParentState:
    """Return the state when a workflow is to begin again, and none of its Jobs is made yet.

    That shows only where the first one cannot be made, for else it is soon there.
    """
    return _with_workflow(state, _all_pending(state.workflow, now))


def pipeline_started(state: ParentState, started: Started) -> ParentState:
    """Return the state once the Job of a pipeline is made.

    A pipeline that is run again after it asked for that keeps count of its attempts.

    Source: Kratix, creation of a Job. Upstream keeps a failure counted until a manual run.
    """
    workflow = _all_pending(state.workflow, started.at) if started.anew else state.workflow
    job = {"hash": started.hash, "job_name": started.job_name}
    running = workflow.pipelines[started.position].moved(
        PipelinePhase.RUNNING, started.at, message="", next_retry_at=None, **job
    )
    state = _with_pipeline(_with_workflow(state, workflow), started.position, running)
    update: dict[str, Any] = {"message": PENDING}
    conditions = [reconciled(Reason.WORKFLOW_PENDING)]
    if state.action is WorkflowAction.CONFIGURE:
        update["hash"] = started.hash
        conditions.append(IN_PROGRESS)
    if started.anew:
        update["workflows_failed"] = 0
    return _with_conditions(state.model_copy(update=update), started.at, *conditions)


def pipeline_ended(state: ParentState, ended: Ended, type_: WorkflowType) -> ParentState:
    """Return the state after a Job that succeeded: its pipeline is over, or wants to run again.

    Source: Kratix, status writer; there the delete workflow's end is written as that of the
    configure workflow, which it is not.
    """
    state = _with_status(state, ended, type_)
    if ended.control.holds:
        return _suspended(state, ended)
    done = state.workflow.pipelines[ended.position].moved(
        PipelinePhase.SUCCEEDED, ended.at, message="", next_retry_at=None, attempts=0
    )
    state = _with_pipeline(state, ended.position, done)
    if state.workflow.succeeded < len(state.workflow.pipelines):
        return state
    over = {"suspended_generation": 0, "suspension_shown": False}
    workflow = state.workflow.model_copy(update=over)
    message = DONE[type_] if state.message == PENDING else state.message
    state = _with_workflow(state, workflow).model_copy(update={"message": message})
    is_configure = state.action is WorkflowAction.CONFIGURE
    return _with_conditions(state, ended.at, COMPLETED) if is_configure else state


def pipeline_failed(state: ParentState, position: int, at: datetime) -> ParentState:
    """Return the state after a Job that failed: the workflow is over with it.

    Source: Kratix, failure.
    """
    failed = state.workflow.pipelines[position].moved(PipelinePhase.FAILED, at)
    state = _with_pipeline(state, position, failed)
    if state.action is WorkflowAction.DELETE:
        return _with_conditions(state, at, DELETE_FAILED)
    state = state.model_copy(update={"workflows_failed": 1})
    conditions = (configure_failed(failed.name), reconciled(Reason.CONFIGURE_WORKFLOW_FAILED))
    return _with_conditions(state, at, *conditions)


def pipeline_stopped(state: ParentState, position: int, at: datetime, why: str) -> ParentState:
    """Return the state after a Job that was ended by us: its pipeline has still to be run."""
    pipeline = state.workflow.pipelines[position]
    pending = pipeline.moved(PipelinePhase.PENDING, at, message=why, next_retry_at=None)
    return _with_pipeline(state, position, pending)


def settled(
    state: ParentState, generation: int, works: Sequence[Work], now: datetime
) -> ParentState:
    """Return the state when the configure workflow is over and succeeded, or there is none.

    Source: Kratix, reconcile order.
    """
    state = state.model_copy(update={"observed_generation": generation})
    if not state.configure.pipelines:
        return state.model_copy(update={"workflows_failed": 0})
    completed = state.condition(COMPLETED.type)
    if completed is not None and completed.reason == Reason.PIPELINES_EXECUTED_SUCCESSFULLY:
        since = completed.last_transition_time
        state = state.model_copy(update={"last_successful_time": since})
    written = works_succeeded(works)
    return _with_conditions(state, now, written, reconciled_by_works(written))


def suspension_seen(state: ParentState) -> ParentState:
    """Return the state once the parent has the label that says a pipeline suspended it.

    Without it a resource that was not labelled yet could not be told from one that somebody let go
    on by removing the label.
    """
    if state.workflow.suspended is None:
        return state
    return _with_workflow(state, state.workflow.model_copy(update={"suspension_shown": True}))


def held(state: ParentState, reason: Reason, now: datetime) -> ParentState:
    """Return the state while nothing may start: paused, suspended, or just no longer paused."""
    return _with_conditions(state, now, reconciled(reason))


def no_longer_held(state: ParentState) -> ParentState:
    """Return the state of a parent without pipelines that may not say any more that it is paused.

    Where there are pipelines, it says so until they run anew.
    """
    found = state.condition(ConditionType.RECONCILED)
    if state.configure.pipelines or found is None or found.reason not in AFTER_A_PAUSE:
        return state
    rest = tuple(one for one in state.conditions if one.type != ConditionType.RECONCILED)
    return state.model_copy(update={"conditions": rest})


def with_condition(state: ParentState, now: datetime, *new: Condition) -> ParentState:
    """Return the state with conditions in the place of those of their types."""
    return _with_conditions(state, now, *new)


def with_message(state: ParentState, position: int, message: str) -> ParentState:
    """Return the state with what is said of one pipeline."""
    pipeline = state.workflow.pipelines[position].model_copy(update={"message": message})
    return _with_pipeline(state, position, pipeline)


def _suspended(state: ParentState, ended: Ended) -> ParentState:
    """Return the state in which a pipeline wants to be run again.

    Source: Kratix, suspend and retry.
    """
    before, control = state.workflow.pipelines[ended.position], ended.control
    is_retry = control.retry_after is not None
    after = before.moved(
        PipelinePhase.SUSPENDED,
        ended.at,
        message=control.message,
        next_retry_at=ended.at + control.retry_after if control.retry_after is not None else None,
        attempts=before.attempts + 1 if is_retry else 0,
        approval=control.approval,
    )
    state = _with_pipeline(state, ended.position, after)
    update = {"suspended_generation": ended.generation, "suspension_shown": False}
    state = _with_workflow(state, state.workflow.model_copy(update=update))
    conditions = [reconciled(Reason.WORKFLOW_SUSPENDED)]
    if state.action is WorkflowAction.DELETE:
        conditions.append(DELETE_SUSPENDED)
    return _with_conditions(state, ended.at, *conditions)


def _with_status(state: ParentState, ended: Ended, type_: WorkflowType) -> ParentState:
    """Return the state with what a pipeline wrote; of a Promise it can write the message alone.

    Upstream lets it write Kratix's own conditions too, which would then be no longer true.
    """
    given = dict(ended.status)
    message = given.pop("message", state.message)
    state = state.model_copy(update={"message": str(message)})
    if type_ is WorkflowType.PROMISE:
        return state
    said = [Condition.model_validate(one) for one in given.pop("conditions", ())]
    said = [one for one in said if one.type not in set(ConditionType)]
    state = state.model_copy(update={"extra": merged_status(state.extra, given)})
    return _with_conditions(state, ended.at, *said)


def _all_pending(workflow: WorkflowProgress, now: datetime) -> WorkflowProgress:
    forgotten = {"message": "", "next_retry_at": None, "attempts": 0}
    pipelines = (one.moved(PipelinePhase.PENDING, now, **forgotten) for one in workflow.pipelines)
    return WorkflowProgress(pipelines=tuple(pipelines))


def _with_pipeline(state: ParentState, position: int, pipeline: PipelineProgress) -> ParentState:
    pipelines = list(state.workflow.pipelines)
    pipelines[position] = pipeline
    update = {"pipelines": tuple(pipelines)}
    return _with_workflow(state, state.workflow.model_copy(update=update))


def _with_workflow(state: ParentState, workflow: WorkflowProgress) -> ParentState:
    return state.model_copy(update={state.action.value: workflow})


def _with_conditions(state: ParentState, now: datetime, *new: Condition) -> ParentState:
    return state.model_copy(update={"conditions": with_conditions(state.conditions, now, *new)})
