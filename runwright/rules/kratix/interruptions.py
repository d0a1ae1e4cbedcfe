"""A run that was ended before it could end by itself: what that leaves of its parent."""

from datetime import datetime

from runwright.models.kratix import ParentState, PipelinePhase, WorkflowAction
from runwright.models.runs import Cancelled
from runwright.rules.kratix.progress import pipeline_failed, with_message


def broken_off(
    state: ParentState, position: int, hash_: str, why: str, now: datetime
) -> ParentState:
    """Return the state after a run that began at a pipeline and was ended by somebody.

    The pipeline that it was at failed. It counts as run for the specs that it was run for: nothing
    starts it again by itself before something changes.
    """
    at = _reached(state, position)
    failed = with_message(pipeline_failed(state, at, now), at, why)
    pipelines = list(failed.workflow.pipelines)
    pipelines[at] = pipelines[at].model_copy(update={"hash": hash_})
    workflow = failed.workflow.model_copy(update={"pipelines": tuple(pipelines)})
    update = {failed.action.value: workflow, "message": why}
    if failed.action is WorkflowAction.CONFIGURE:
        update["hash"] = hash_
    return failed.model_copy(update=update)


def _reached(state: ParentState, position: int) -> int:
    """Return which pipeline a run was at: the first that is neither over nor suspended."""
    open_ones = {PipelinePhase.PENDING, PipelinePhase.RUNNING}
    left = (
        index
        for index, one in enumerate(state.workflow.pipelines)
        if index >= position and one.phase in open_ones
    )
    return next(left, position)


def said_of_cancel(cancelled: Cancelled | None) -> str:
    """Return who ended a run, and why."""
    by = cancelled.by if cancelled and cancelled.by else "somebody"
    why = f": {cancelled.reason}" if cancelled and cancelled.reason else ""
    return f"Cancelled by {by}{why}"
