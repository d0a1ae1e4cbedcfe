"""A run that a person asks for: of all pipelines, from one on, or of one.

Upstream runs all of them again, whatever failed.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from runwright.models.history import Subject, Transition
from runwright.models.kratix import (
    AskedAgain,
    ParentState,
    PipelinePhase,
    RunAgain,
    Trigger,
    WorkflowAction,
    WorkflowProgress,
)
from runwright.models.kratix.keys import WORKFLOW_SUSPENDED
from runwright.rules.kratix.triggers import Decision, Hold, Move
from runwright.rules.wording import listed, suggestion

_FIRM: Final = frozenset({Hold.PAUSED, Hold.UNAVAILABLE, Hold.PROMISE_DELETED})
"""Holds that a request does not lift; it waits until they are over."""
_FORGOTTEN: Final[dict[str, Any]] = {"message": "", "next_retry_at": None, "attempts": 0}


def why_not(state: ParentState, request: RunAgain) -> str | None:
    """Return why a run cannot be asked for, in a sentence for the sender; None: it can.

    A pipeline may be counted on only where those before it succeeded: so no request gets past one
    that is suspended and waits for an approval.
    """
    workflow, wanted = state.workflow, request.pipeline
    names = [one.name for one in workflow.pipelines]
    if not wanted:
        return None if names else "there are no pipelines to run"
    if wanted not in names:
        known = listed(names) or "none"
        return f"there is no pipeline {wanted}{suggestion(wanted, names)}; there are: {known}"
    if names.index(wanted) > workflow.succeeded:
        return f"pipeline {names[workflow.succeeded]} comes before {wanted} and has not succeeded"
    return None


def again(decision: Decision, state: ParentState, request: RunAgain) -> Decision:
    """Return the start that was asked for in the place of what would be done without.

    What begins anew by itself is left as it is, for it runs every pipeline anyway; so is what may
    not start at all now.
    """
    if decision.anew or decision.move is Move.WAIT or decision.hold in _FIRM:
        return decision
    names = [one.name for one in state.workflow.pipelines]
    position = names.index(request.pipeline) if request.pipeline else 0
    anew = position == 0 and not request.only
    removes = dict.fromkeys(decision.removes)
    if state.workflow.suspended is not None:
        removes[WORKFLOW_SUSPENDED] = None
    return Decision(Move.START, Trigger.MANUAL, position, anew, removes=tuple(removes))


def is_done(asked: AskedAgain, told: Iterable[Transition]) -> bool:
    """Return whether a run came to what was asked for only after that was asked.

    Who repairs a spec and asks for the pipeline that failed is about to have it run for both.
    `told` is the history of that run.
    """
    wanted = asked.request.pipeline
    started = (
        one.at
        for one in told
        if one.subject is Subject.STEP and one.after == PipelinePhase.RUNNING
        if one.name == wanted
    )
    return any(at > asked.at for at in started)


def begun_again(state: ParentState, request: RunAgain, now: datetime) -> ParentState:
    """Return the state from which some pipelines are run again: those are pending.

    With one pipeline alone it is that one; what follows it and succeeded is not run again.
    """
    workflow = state.workflow
    names = [one.name for one in workflow.pipelines]
    first = names.index(request.pipeline) if request.pipeline else 0
    last = first if request.only else len(names) - 1
    pipelines = tuple(
        one.moved(PipelinePhase.PENDING, now, **_FORGOTTEN) if first <= index <= last else one
        for index, one in enumerate(workflow.pipelines)
    )
    update: dict[str, Any] = {state.action.value: WorkflowProgress(pipelines=pipelines)}
    if state.action is WorkflowAction.CONFIGURE:
        update["workflows_failed"] = 0
    return state.model_copy(update=update)
