"""What happened to a parent between two moments, as Kubernetes Events.

Source: Kratix, Events.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from runwright.models.kratix import (
    ConditionType,
    Parent,
    ParentState,
    PipelinePhase,
    PipelineProgress,
    Reason,
    WorkflowAction,
    WorkflowType,
)
from runwright.models.metadata import ConditionStatus
from runwright.models.objects import EventType, ObjectEvent
from runwright.rules.kratix.parents import object_key
from runwright.rules.wording import excerpt

_LONGEST: Final = 1024
"""Characters of an Event's message; an API server takes no more."""


class EventReason(StrEnum):
    """Why an Event is told. People search for these words: they stay as they are."""

    PIPELINE_STARTED = "PipelineStarted"
    PIPELINE_STALLED = "PipelineStalled"
    """Ours: its Job cannot be made, or does not get on."""
    CONFIGURE_FAILED = "ConfigureWorkflowFailed"
    DELETE_FAILED = "Failed Pipeline"
    SUSPENDED = "WorkflowSuspended"
    PAUSED = "PausedReconciliation"
    UNPLANNED = "WorkflowUnplanned"
    """Ours: what is to be run cannot be read, or what it needs is not there."""
    WORKS_SUCCEEDED = "WorksSucceeded"
    WORKS_FAILING = "WorksFailing"
    WORKS_MISPLACED = "WorksMisplaced"
    RECONCILED = "ReconcileSucceeded"
    AVAILABLE = "Available"
    UNAVAILABLE = "Unavailable"
    CONFIGURE_COMPLETED = "ConfigureWorkflowCompleted"
    REQUIREMENTS_FULFILLED = "RequirementsFulfilled"
    REQUIREMENTS_NOT_INSTALLED = "RequirementsNotInstalled"
    REQUIREMENTS_NOT_AVAILABLE = "RequirementsNotAvailable"


_WARNINGS: Final = frozenset(
    {
        EventReason.PIPELINE_STALLED,
        EventReason.CONFIGURE_FAILED,
        EventReason.DELETE_FAILED,
        EventReason.SUSPENDED,
        EventReason.PAUSED,
        EventReason.UNPLANNED,
        EventReason.WORKS_FAILING,
        EventReason.WORKS_MISPLACED,
        EventReason.UNAVAILABLE,
    }
)
_OF_WORKS: Final[Mapping[Reason | None, EventReason]] = {
    Reason.WORKS_SUCCEEDED: EventReason.WORKS_SUCCEEDED,
    Reason.WORKS_FAILING: EventReason.WORKS_FAILING,
    Reason.WORKS_MISPLACED: EventReason.WORKS_MISPLACED,
}
_OF_RECONCILED: Final[Mapping[Reason | None, tuple[EventReason, str]]] = {
    Reason.PAUSED_RECONCILIATION: (EventReason.PAUSED, "Nothing starts while it is paused"),
    Reason.RECONCILED: (EventReason.RECONCILED, "Successfully reconciled"),
}
_OF_REQUIREMENTS: Final[Mapping[Reason | None, EventReason]] = {
    Reason.REQUIREMENTS_INSTALLED: EventReason.REQUIREMENTS_FULFILLED,
    Reason.REQUIREMENTS_NOT_INSTALLED: EventReason.REQUIREMENTS_NOT_INSTALLED,
    Reason.REQUIREMENTS_NOT_AVAILABLE: EventReason.REQUIREMENTS_NOT_AVAILABLE,
}


def events_of(parent: Parent, before: ParentState, now: ParentState) -> tuple[ObjectEvent, ...]:
    """Return the Events of what changed, once each; upstream tells a failure at every look."""
    told = [*_of_pipelines(parent, before, now), *_of_conditions(before, now)]
    if parent.type is WorkflowType.PROMISE:
        told += _of_promise(before, now)
    return tuple(_event(parent, reason, message) for reason, message in told)


def unplanned(parent: Parent, why: str) -> ObjectEvent:
    """Return that nothing may start, because nobody knows what is to be run."""
    return _event(parent, EventReason.UNPLANNED, f"Nothing starts: {why}")


def _event(parent: Parent, reason: EventReason, message: str) -> ObjectEvent:
    return ObjectEvent(
        object=object_key(parent),
        type=EventType.WARNING if reason in _WARNINGS else EventType.NORMAL,
        reason=reason,
        message=excerpt(message, _LONGEST),
    )


def _of_pipelines(
    parent: Parent, before: ParentState, now: ParentState
) -> Iterator[tuple[EventReason, str]]:
    known = {one.name: one for one in _same_workflow(before, now)}
    for one in now.workflow.pipelines:
        was = known.get(one.name)
        if _moved(was, one):
            yield from _of_pipeline(parent, now.action, one)
        if _stalls(was, one):
            message = f"Pipeline {one.name} does not get on: {one.message}"
            yield EventReason.PIPELINE_STALLED, message


def _same_workflow(before: ParentState, now: ParentState) -> tuple[PipelineProgress, ...]:
    is_configure = now.action is WorkflowAction.CONFIGURE
    return (before.configure if is_configure else before.delete).pipelines


def _moved(before: PipelineProgress | None, now: PipelineProgress) -> bool:
    """Return whether a pipeline is in another phase, or again in the same with another Job."""
    return before is None or (before.phase, before.job_name) != (now.phase, now.job_name)


def _stalls(before: PipelineProgress | None, now: PipelineProgress) -> bool:
    """Return whether something keeps a pipeline that nothing kept before.

    What exactly it is may change all the time. A pipeline whose Job was ended says why, too.
    """
    was_ended = before is not None and before.phase is PipelinePhase.RUNNING
    if now.phase is PipelinePhase.PENDING and was_ended:
        return False
    return _is_kept(now) and (before is None or not _is_kept(before))


def _is_kept(pipeline: PipelineProgress) -> bool:
    at_work = pipeline.phase in {PipelinePhase.PENDING, PipelinePhase.RUNNING}
    return at_work and bool(pipeline.message)


def _of_pipeline(
    parent: Parent, action: WorkflowAction, pipeline: PipelineProgress
) -> Iterator[tuple[EventReason, str]]:
    match pipeline.phase:
        case PipelinePhase.RUNNING:
            message = f"{action.capitalize()} Pipeline started: {pipeline.name}"
            yield EventReason.PIPELINE_STARTED, message
        case PipelinePhase.FAILED if action is WorkflowAction.DELETE:
            yield EventReason.DELETE_FAILED, f"The Delete Pipeline has failed{_why(pipeline)}"
        case PipelinePhase.FAILED:
            message = f"A {parent.type}/configure Pipeline has failed: {pipeline.name}"
            yield EventReason.CONFIGURE_FAILED, f"{message}{_why(pipeline)}"
        case PipelinePhase.SUSPENDED:
            said = f": {pipeline.message}" if pipeline.message else ""
            yield EventReason.SUSPENDED, f"Pipeline {pipeline.name} suspended the workflow{said}"
        case _:
            return


def _why(pipeline: PipelineProgress) -> str:
    """Return why a pipeline failed, behind upstream's text, which people search for."""
    return f" ({pipeline.message})" if pipeline.message else ""


def _of_conditions(before: ParentState, now: ParentState) -> Iterator[tuple[EventReason, str]]:
    works, knew = (_told(one, ConditionType.WORKS_SUCCEEDED) for one in (now, before))
    if works != knew and (reason := _OF_WORKS.get(works[0])) is not None:
        yield reason, works[1]
    reconciled, was = (_told(one, ConditionType.RECONCILED) for one in (now, before))
    if reconciled != was and reconciled[0] in _OF_RECONCILED:
        yield _OF_RECONCILED[reconciled[0]]


def _of_promise(before: ParentState, now: ParentState) -> Iterator[tuple[EventReason, str]]:
    """Yield what Promises alone tell: what they lack, and whether they can fulfil requests."""
    requirements, knew = (_told(one, ConditionType.REQUIREMENTS_FULFILLED) for one in (now, before))
    if requirements != knew and (reason := _OF_REQUIREMENTS.get(requirements[0])) is not None:
        yield reason, requirements[1]
    if _becomes(ConditionType.CONFIGURE_WORKFLOW_COMPLETED, before, now):
        yield EventReason.CONFIGURE_COMPLETED, "All pipelines of the Promise succeeded"
    if _becomes(ConditionType.AVAILABLE, before, now):
        yield EventReason.AVAILABLE, "Promise is available"
    if _becomes(ConditionType.AVAILABLE, now, before):
        yield EventReason.UNAVAILABLE, _told(now, ConditionType.AVAILABLE)[1]


def _becomes(type_: ConditionType, before: ParentState, now: ParentState) -> bool:
    """Return whether a condition is True now, and was not."""
    found, was = now.condition(type_), before.condition(type_)
    is_true = found is not None and found.status is ConditionStatus.TRUE
    return is_true and (was is None or was.status is not ConditionStatus.TRUE)


def _told(state: ParentState, type_: ConditionType) -> tuple[Reason | None, str]:
    """Return the reason of a condition and what it says; None for a reason that is not ours."""
    found = state.condition(type_)
    if found is None or found.reason not in set(Reason):
        return None, ""
    return Reason(found.reason), found.message
