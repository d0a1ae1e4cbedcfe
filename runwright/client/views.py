"""A run as seen from outside: from what Temporal says of its workflow."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import (
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
)

from runwright.models.base import Message
from runwright.models.bubustack import Phase
from runwright.models.history import History, Subject, Transition
from runwright.models.story_run import RunError, StoryRunState, run_of
from workflows import presentation

_ENDED_OUTSIDE: Final = {
    WorkflowExecutionStatus.TERMINATED: "Terminated",
    WorkflowExecutionStatus.TIMED_OUT: "WorkflowTimedOut",
}
_CANCEL_REQUESTED: Final = PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED


class Trouble(Message):
    """Something that a run waits for and that goes wrong for now: it is tried again."""

    activity: str
    """The activity's id; that of a task begins with the name of the task's object."""
    attempt: int
    message: str
    next_attempt_at: datetime | None = None


class View(Message):
    """A run, and what goes wrong with it for now."""

    state: StoryRunState
    troubles: tuple[Trouble, ...] = ()


class Summary(Message):
    """A run in a list."""

    namespace: str
    name: str
    story: str
    phase: str
    started_at: datetime
    finished_at: datetime | None = None
    pending_gates: tuple[str, ...] = ()


class ParentSummary(Message):
    """A Promise, or a request for one, in a list."""

    kind: str
    namespace: str
    """Empty for a Promise."""
    name: str
    promise: str
    standing: str
    """What its entity is at, in one word."""
    since: datetime
    """When the entity began to look after it."""
    pending_gates: tuple[str, ...] = ()


def parent_summary_of(execution: WorkflowExecution) -> ParentSummary:
    """Return a Promise, or a request, as a list shows it."""
    said = execution.typed_search_attributes
    return ParentSummary(
        kind=said.get(presentation.KIND) or "",
        namespace=said.get(presentation.NAMESPACE) or "",
        name=said.get(presentation.NAME) or "",
        promise=said.get(presentation.TEMPLATE) or "",
        standing=said.get(presentation.PHASE) or "",
        since=execution.start_time,
        pending_gates=tuple(said.get(presentation.PENDING_GATE) or ()),
    )


def summary_of(execution: WorkflowExecution) -> Summary:
    """Return a run as a list shows it."""
    said = execution.typed_search_attributes
    namespace, name, _ = run_of(execution.id) or ("", "", "")
    phase = said.get(presentation.PHASE) or ""
    return Summary(
        namespace=said.get(presentation.NAMESPACE) or namespace,
        name=said.get(presentation.NAME) or name,
        story=said.get(presentation.TEMPLATE) or "",
        phase=_ended_phase(execution.status, phase),
        started_at=execution.start_time,
        finished_at=execution.close_time,
        pending_gates=()
        if execution.close_time
        else tuple(said.get(presentation.PENDING_GATE) or ()),
    )


def _ended_phase(status: WorkflowExecutionStatus | None, phase: str) -> str:
    """Return the phase that the run wrote, unless it was ended without being asked."""
    return str(Phase.FAILED) if status in _ENDED_OUTSIDE else phase


def as_ended(state: StoryRunState, description: WorkflowExecutionDescription) -> StoryRunState:
    """Return the state, as failed when the run was ended outside its own code."""
    reason = _ENDED_OUTSIDE.get(description.status) if description.status else None
    if reason is None:
        return state
    message = "The run was ended in Temporal, outside its own code; tasks may still be running."
    return state.model_copy(
        update={
            "phase": Phase.FAILED,
            "reason": reason,
            "message": message,
            "finished_at": description.close_time,
            "error": RunError(type=reason, message=message),
            "history": _with_end(state, reason, message, description.close_time),
        }
    )


def _with_end(
    state: StoryRunState, reason: str, message: str, closed_at: datetime | None
) -> History:
    """Return the history with the end of which the run itself could not tell."""
    if closed_at is None:
        return state.history
    end = Transition(
        at=closed_at,
        activation=state.activation,
        subject=Subject.RUN,
        before=state.phase,
        after=Phase.FAILED,
        reason=reason,
        message=message,
    )
    kept = state.history.transitions
    return state.history.model_copy(update={"transitions": (*kept, end)})


def troubles_of(description: WorkflowExecutionDescription) -> tuple[Trouble, ...]:
    """Return what the run's activities last failed of, those that are tried again."""
    return tuple(_troubles(description.raw_description.pending_activities))


def _troubles(pending: Iterable[PendingActivityInfo]) -> Iterator[Trouble]:
    for one in pending:
        if one.HasField("last_failure") and one.state != _CANCEL_REQUESTED:
            yield Trouble(
                activity=one.activity_id,
                attempt=one.attempt,
                message=one.last_failure.message,
                next_attempt_at=_moment(one),
            )


def _moment(one: PendingActivityInfo) -> datetime | None:
    if not one.HasField("next_attempt_schedule_time"):
        return None
    return one.next_attempt_schedule_time.ToDatetime(tzinfo=UTC)
