"""How a run of a parent's workflow goes on from one pipeline to the next, and how it ends.

It is asked anew before each pipeline whether that may start: only if nothing else is to be done
for the parent. All else its entity decides, which no run is under way for then.
"""

from datetime import datetime
from typing import Final, NamedTuple

from runwright.models.kratix import (
    Ending,
    ParentState,
    Seen,
    StartPipelines,
    Trigger,
    WorkflowAction,
    WorkflowType,
)
from runwright.rules.kratix.deletion import Deletion, next_deletion_move
from runwright.rules.kratix.triggers import Case, Decision, Hold, Move, next_move


class RunEnd(NamedTuple):
    """How a run ended."""

    ending: Ending
    reason: str = ""
    """Of one that failed, in a word."""
    message: str = ""


class Point(NamedTuple):
    """A run, as far as it is."""

    start: StartPipelines
    state: ParentState
    seen: Seen
    """Its parent."""
    now: datetime


_HELD: Final = {
    Hold.PAUSED: "it is paused",
    Hold.UNAVAILABLE: "the Promise cannot fulfil it",
    Hold.PROMISE_DELETED: "the Promise is being deleted",
    Hold.UNPLANNED: "what is to be run cannot be read",
    Hold.SUSPENDED: "the workflow is suspended",
    Hold.FAILED: "another pipeline has failed",
}
_ASKED: Final = {
    Trigger.CREATED: "it is new",
    Trigger.CHANGED: "a spec has changed",
    Trigger.MANUAL: "somebody wants all of it to run anew",
    Trigger.RUN_FROM_START: "all of it is to run anew",
    Trigger.INTERVAL: "the interval is over",
    Trigger.UNPAUSED: "it was paused",
}

_SUPERSEDES: Final = frozenset({Trigger.CHANGED, Trigger.MANUAL, Trigger.RUN_FROM_START})
"""What somebody asked for, who may have mended what keeps a Job from starting."""


def after_success(point: Point) -> int | RunEnd:
    """Return which pipeline a run goes on with after one that is over, or how it ends."""
    if (held := _suspended(point.state)) is not None:
        return held
    workflow, until = point.state.workflow, point.start.until
    if workflow.succeeded == len(workflow.pipelines):
        return RunEnd(Ending.SUCCEEDED)
    if point.seen.is_deleted and point.start.plan.action is WorkflowAction.CONFIGURE:
        return _interrupted("its parent is being deleted")
    decision = _decision(point, running=False)
    if decision.move is Move.START and decision.trigger is Trigger.NEXT:
        is_past = until is not None and decision.position > until
        return RunEnd(Ending.SUCCEEDED) if is_past else decision.position
    return _interrupted(_why(decision))


def _suspended(state: ParentState) -> RunEnd | None:
    position = state.workflow.suspended
    if position is None:
        return None
    pipeline = state.workflow.pipelines[position]
    said = f": {pipeline.message}" if pipeline.message else ""
    return RunEnd(Ending.SUSPENDED, message=f"pipeline {pipeline.name} suspended it{said}")


def _interrupted(why: str) -> RunEnd:
    return RunEnd(Ending.INTERRUPTED, message=f"it goes no further: {why}")


def _why(decision: Decision) -> str:
    if decision.hold is not None:
        return _HELD[decision.hold]
    return _ASKED.get(decision.trigger or Trigger.CHANGED, "something else is to be done")


def is_to_stop(point: Point) -> bool:
    """Return whether the Job that runs is to be ended, for another to start in its place.

    Source: Kratix, manual reconciliation as of August 2026.
    """
    if point.start.plan.action is WorkflowAction.CONFIGURE:
        return _decision(point, running=True).move is Move.SUSPEND_JOB
    case = Deletion(
        point.seen.sight,
        point.state,
        configuring=False,
        deleting=True,
        now=point.now,
        suspends=point.start.policy.compat.suspends,
    )
    return next_deletion_move(case).move is Move.SUSPEND_JOB


def is_superseded(point: Point) -> bool:
    """Return whether another run of the workflow is asked for, which waits for this one.

    Source: Kratix, configure engine. There it waits for a Job that cannot start as for any other,
    which is why a wrong image could be mended in no other way than by deleting the Job.
    """
    if point.start.plan.action is not WorkflowAction.CONFIGURE:
        return False
    decision = _decision(point, running=False)
    return decision.move is Move.START and decision.trigger in _SUPERSEDES


def _decision(point: Point, *, running: bool) -> Decision:
    policy = point.start.policy.model_copy(update={"interval": point.seen.interval})
    is_promise = point.start.plan.parent.type is WorkflowType.PROMISE
    sight = point.seen.sight
    return next_move(Case(sight, point.state, running, point.now, policy, is_promise))


def without_labels(seen: Seen, labels: tuple[str, ...]) -> Seen:
    """Return a parent as if it had not had those labels: the cluster will not have them removed.

    Else a run would begin again after each of its pipelines.
    """
    left = {key: value for key, value in seen.sight.labels.items() if key not in labels}
    return seen.model_copy(update={"sight": seen.sight.model_copy(update={"labels": left})})
