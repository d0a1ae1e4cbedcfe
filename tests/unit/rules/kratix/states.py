"""States of parents for the tests, at moments counted in seconds."""

from datetime import UTC, datetime, timedelta
from typing import Any

from runwright.models.kratix import (
    ParentState,
    PipelinePhase,
    WorkflowAction,
    WorkflowControl,
    WorkflowType,
)
from runwright.rules.kratix.progress import (
    Ended,
    Started,
    fitted,
    pipeline_ended,
    pipeline_failed,
    pipeline_started,
)

HASH = "0" * 32
RESOURCE, PROMISE = WorkflowType.RESOURCE, WorkflowType.PROMISE
CONFIGURE, DELETE = WorkflowAction.CONFIGURE, WorkflowAction.DELETE


def at(seconds: float) -> datetime:
    """Return a moment, in seconds after the tests' beginning."""
    return datetime(2026, 1, 2, 3, 0, tzinfo=UTC) + timedelta(seconds=seconds)


def fresh(*names: str, action: WorkflowAction = CONFIGURE) -> ParentState:
    """Return a state in which nothing has happened yet."""
    return fitted(ParentState(), action, names)


def started(
    state: ParentState,
    position: int = 0,
    second: float = 1,
    *,
    anew: bool = False,
    hash_: str = HASH,
) -> ParentState:
    """Return the state with a pipeline started."""
    return pipeline_started(
        state, Started(position, hash_, f"job-{position}", at(second), anew=anew)
    )


def ended(
    state: ParentState,
    position: int = 0,
    second: float = 2,
    *,
    control: WorkflowControl | None = None,
    type_: WorkflowType = RESOURCE,
    **status: Any,
) -> ParentState:
    """Return the state with a pipeline whose Job succeeded; `status` is what it wrote."""
    end = Ended(position, 1, at(second), control or WorkflowControl(), status)
    return pipeline_ended(state, end, type_)


def failed(state: ParentState, position: int = 0, second: float = 2) -> ParentState:
    """Return the state with a pipeline whose Job failed."""
    return pipeline_failed(state, position, at(second))


def complete(*names: str) -> ParentState:
    """Return a state in which every pipeline succeeded, at 2 s."""
    state = started(fresh(*names), anew=True)
    for position in range(len(names)):
        state = ended(started(state, position), position)
    return state


def suspended(
    *names: str, position: int = 0, retry_after: timedelta | None = None, message: str = ""
) -> ParentState:
    """Return a state in which a pipeline suspended the workflow, at 2 s, and its label was seen."""
    state = started(fresh(*names), anew=True)
    for before in range(position):
        state = ended(started(state, before), before)
    control = WorkflowControl(suspend=True, retry_after=retry_after, message=message)
    return ended(started(state, position), position, control=control)


def phases(state: ParentState) -> list[PipelinePhase]:
    """Return the phases of the pipelines of the workflow that ran last."""
    return [one.phase for one in state.workflow.pipelines]


def told(state: ParentState, type_: str) -> tuple[str, str, str]:
    """Return status, reason and message of a condition; empty where there is none."""
    found = state.condition(type_)
    return ("", "", "") if found is None else (found.status.value, found.reason, found.message)
