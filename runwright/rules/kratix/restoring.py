"""How far a parent's workflows are, read back from the status that shows it.

So it is where Temporal knows nothing of a parent: another controller had it before, or Temporal's
database was lost. What the status says is done is not run again.

Source: Kratix, status of a resource request; progress from status.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from pydantic import ValidationError

from runwright.models.kratix import (
    ConditionType,
    ParentState,
    PipelinePhase,
    PipelineProgress,
    PipelineStatus,
    Reason,
    Seen,
    WorkflowAction,
    WorkflowProgress,
)
from runwright.models.kratix.keys import WORKFLOW_SUSPENDED
from runwright.models.metadata import Condition
from runwright.rules.kratix.status import OF_A_REQUEST
from runwright.rules.kubernetes.fields import Object, entries, field, moment, text


class Shown(NamedTuple):
    """The status of a parent, and how the parent is."""

    status: Mapping[str, Any]
    seen: Seen
    is_promise: bool = False


def state_of(shown: Shown) -> ParentState:
    """Return the state that a status shows, in whichever layout; what cannot be read is left out.

    So are conditions that may be another's, who writes them: in the status they stay.

    A pipeline that was running is taken for one that was not: whoever ran it is no more.
    """
    status = shown.status
    conditions = tuple(one for one in conditions_of(status) if one.type in set(ConditionType))
    configure, delete = _workflows(status, conditions)
    state = ParentState(
        action=WorkflowAction.DELETE if delete.pipelines else WorkflowAction.CONFIGURE,
        configure=_with_label(configure, shown.seen),
        delete=_with_label(delete, shown.seen),
        observed_generation=_number(status, "observedGeneration"),
        message=text(status, "message"),
        conditions=conditions,
        workflows_failed=1 if configure.first_in(PipelinePhase.FAILED) is not None else 0,
        last_successful_time=_last_success(status),
        promise_version=text(status, "promiseVersion") or text(status, "version"),
        binding_version=text(status, "resourceBindingVersion"),
        extra={} if shown.is_promise else _extra(status),
    )
    return state.model_copy(update={"hash": _hash(state, shown.seen)})


def is_blank(state: ParentState) -> bool:
    """Return whether nothing was ever done for a parent."""
    return not (state.conditions or state.configure.pipelines or state.delete.pipelines)


def _workflows(
    status: Mapping[str, Any], conditions: tuple[Condition, ...]
) -> tuple[WorkflowProgress, WorkflowProgress]:
    """Return how far both workflows are.

    A flat layout has the one that ran last. That it is the delete workflow's only a condition says,
    once it failed or was suspended; else it is run again, which it has to bear.
    """
    shown = field(status, "kratix", "workflows")
    if field(shown, "configure") is not None or field(shown, "delete") is not None:
        return _workflow(field(shown, "configure")), _workflow(field(shown, "delete"))
    flat, none = _workflow(shown), WorkflowProgress()
    is_delete = any(one.type == ConditionType.DELETE_WORKFLOW_COMPLETED for one in conditions)
    return (none, flat) if is_delete else (flat, none)


def _workflow(shown: object) -> WorkflowProgress:
    pipelines = tuple(_pipeline(entry) for entry in entries(shown, "pipelines"))
    if None in pipelines:
        return WorkflowProgress()
    return WorkflowProgress(
        pipelines=tuple(one for one in pipelines if one is not None),
        suspended_generation=_number(shown, "suspendedGeneration"),
    )


def _pipeline(entry: Object) -> PipelineProgress | None:
    try:
        shown = PipelineStatus.model_validate(entry)
    except ValidationError:
        return None
    was_running = shown.phase is PipelinePhase.RUNNING
    return PipelineProgress(
        name=shown.name,
        phase=PipelinePhase.PENDING if was_running else shown.phase,
        last_transition_time=shown.last_transition_time,
        message=shown.message or "",
        next_retry_at=shown.next_retry_at,
        attempts=shown.attempts or 0,
        hash=shown.hash or "",
        job_name=shown.job_name or "",
    )


def _with_label(workflow: WorkflowProgress, seen: Seen) -> WorkflowProgress:
    """Return the workflow, shown as suspended if the parent still has the label that says so."""
    is_shown = workflow.suspended is not None and seen.sight.is_on(WORKFLOW_SUSPENDED)
    return workflow.model_copy(update={"suspension_shown": True}) if is_shown else workflow


def _hash(state: ParentState, seen: Seen) -> str:
    """Return the hash of the specs that the workflow was started for; empty if nobody can say.

    Upstream makes another hash of the same specs. So where the status says that the workflow is
    over, or waits, for the generation that the parent still has, it is the hash of that.
    """
    generation, suspended = seen.sight.generation, state.configure.suspended_generation
    if not state.configure.pipelines:
        return ""
    if generation in {state.observed_generation, suspended} and not _is_under_way(state):
        return seen.sight.hash
    return state.configure.pipelines[0].hash


def _is_under_way(state: ParentState) -> bool:
    """Return whether a run of the configure workflow was begun that did not come to its end."""
    completed = state.condition(ConditionType.CONFIGURE_WORKFLOW_COMPLETED)
    in_progress = completed is not None and completed.reason == Reason.PIPELINES_IN_PROGRESS
    return in_progress and state.configure.suspended is None


def _last_success(status: Mapping[str, Any]) -> Any:
    shown = field(status, "kratix", "workflows")
    flat = "lastSuccessfulConfigureWorkflowTime"
    return (
        moment(shown, "configure", "lastSuccessfulTime")
        or moment(shown, flat)
        or moment(status, flat)
    )


def conditions_of(status: Mapping[str, Any]) -> list[Condition]:
    """Return the conditions that a status has, as far as they can be read."""
    found: list[Condition] = []
    for entry in entries(status, "conditions"):
        with suppress(ValidationError):
            found.append(Condition.model_validate(entry))
    return found


def _extra(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return what pipelines wrote there."""
    return {name: value for name, value in status.items() if name not in OF_A_REQUEST}


def _number(found: object, *path: str) -> int:
    value = field(found, *path)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number else 0
