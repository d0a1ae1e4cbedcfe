"""What is to be done next for a parent, by what is seen of it and what is remembered of it.

The decision is made anew whenever something changed, so nothing is lost between: a label stays
until the Job exists that it asked for.

Source: Kratix, trigger matrix and configure engine.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from runwright.models.kratix import (
    ParentState,
    PipelinePhase,
    Policy,
    Sight,
    Trigger,
    WorkflowProgress,
)
from runwright.models.kratix.keys import (
    MANUAL_RECONCILIATION,
    PAUSED,
    RECONCILE_RESOURCES,
    RUN_FROM_START,
    WORKFLOW_SUSPENDED,
)
from runwright.rules.kratix.conditions import AFTER_A_PAUSE
from runwright.rules.kratix.intervals import due_at

_SLOW: Final = timedelta(seconds=60)
"""How long a request waits before it looks at a Promise again that cannot fulfil it."""

_HEEDED: Final = (MANUAL_RECONCILIATION, RUN_FROM_START, WORKFLOW_SUSPENDED)


class Move(StrEnum):
    """What is to be done."""

    REST = "rest"
    """Nothing: the workflow is over."""
    WAIT = "wait"
    """For the Job that runs."""
    HOLD = "hold"
    """Nothing may start; `reason` says why."""
    SUSPEND_JOB = "suspendJob"
    """End the Job that runs: something else is to start in its place."""
    START = "start"
    RELEASE = "release"
    """Do what a finalizer stands for, and take it."""


_ASKED: Final = {MANUAL_RECONCILIATION: Trigger.MANUAL, RUN_FROM_START: Trigger.RUN_FROM_START}


class Hold(StrEnum):
    """Why nothing may start."""

    PAUSED = "paused"
    UNAVAILABLE = "unavailable"
    PROMISE_DELETED = "promiseDeleted"
    UNPLANNED = "unplanned"
    """What is to be run cannot be read, or what it needs is not there yet."""
    SUSPENDED = "suspended"
    FAILED = "failed"


class Decision(NamedTuple):
    """What is to be done for a parent."""

    move: Move
    trigger: Trigger | None = None
    """Of a start, and of the start that a Job is suspended for."""
    position: int = 0
    """Which pipeline starts."""
    anew: bool = False
    """Whether the workflow begins with it."""
    hold: Hold | None = None
    removes: tuple[str, ...] = ()
    """Labels that have been heeded, to be removed once that is done."""
    adds: tuple[str, ...] = ()
    """Labels to be set."""
    at: datetime | None = None
    """When to look again although nothing was changed; None: never."""
    finalizer: str = ""
    """Of a release; empty: there is none of ours left."""


class Case(NamedTuple):
    """All that a decision is made by."""

    sight: Sight
    state: ParentState
    running: bool
    """Whether a Job of the configure workflow has not come to its end."""
    now: datetime
    policy: Policy = Policy()
    is_promise: bool = False


_Rule = Callable[[Case], Decision | None]


def is_barred(sight: Sight) -> bool:
    """Return whether nothing may start, whatever the pipelines are."""
    barred = sight.promise_paused or sight.is_on(PAUSED) or not sight.promise_available
    return barred or sight.promise_deleting


def next_move(case: Case) -> Decision:
    """Return what is to be done next for the configure workflow of a parent.

    Source: Kratix, reconcile order of a resource request and of a Promise.
    """
    return next(decision for rule in _RULES if (decision := rule(case)) is not None)


def resumed(workflow: WorkflowProgress, position: int) -> Decision:
    """Return what the absence of the label says that a suspended workflow is to have.

    That somebody removed it, if it was there; else that it has still to be set.
    """
    if workflow.suspension_shown:
        return Decision(Move.START, Trigger.RESUMED, position)
    return Decision(Move.HOLD, hold=Hold.SUSPENDED, adds=(WORKFLOW_SUSPENDED,))


def asks_for_all_requests(sight: Sight, observed_generation: int) -> bool:
    """Return whether every request for a Promise is to be run anew, once its own workflow is over.

    Source: Kratix, trigger matrix. A Promise of the first generation has no request yet.
    """
    changed = sight.generation not in {1, observed_generation}
    return changed or sight.is_on(RECONCILE_RESOURCES)


def _paused(case: Case) -> Decision | None:
    if case.sight.promise_paused or case.sight.is_on(PAUSED):
        return Decision(Move.HOLD, hold=Hold.PAUSED)
    return None


def _unavailable(case: Case) -> Decision | None:
    if not case.sight.promise_available:
        return Decision(Move.HOLD, hold=Hold.UNAVAILABLE, at=case.now + _SLOW)
    if case.sight.promise_deleting:
        return Decision(Move.HOLD, hold=Hold.PROMISE_DELETED)
    return None


def _nothing_to_run(case: Case) -> Decision | None:
    if not case.state.configure.pipelines:
        return Decision(Move.REST, at=case.now + case.policy.interval)
    return None


def _unpaused(case: Case) -> Decision | None:
    """Return that everything runs anew after a pause, also where nothing changed."""
    reconciled = case.state.condition("Reconciled")
    if reconciled is None or reconciled.reason not in AFTER_A_PAUSE:
        return None
    adds = (RECONCILE_RESOURCES,) if case.is_promise else ()
    return _anew(case, Trigger.UNPAUSED)._replace(adds=adds)


def _suspended(case: Case) -> Decision | None:
    """Return what becomes of a workflow that is held: by a pipeline, or by a person's label."""
    if not case.sight.is_on(WORKFLOW_SUSPENDED):
        return None
    workflow = case.state.configure
    since = workflow.suspended_generation
    changed = bool(since) and case.sight.generation > since
    asked = _asked_anew(case)
    if changed or asked:
        return _anew(case, asked or Trigger.CHANGED)
    if case.running:
        return Decision(Move.WAIT)
    position = workflow.suspended
    retry_at = None if position is None else workflow.pipelines[position].next_retry_at
    if position is None or retry_at is None or retry_at > case.now:
        return Decision(Move.HOLD, hold=Hold.SUSPENDED, at=retry_at)
    return Decision(Move.START, Trigger.RESUMED, position, removes=(WORKFLOW_SUSPENDED,))


def _restarted(case: Case) -> Decision | None:
    trigger = _asked_anew(case) or (Trigger.INTERVAL if _is_due(case) else None)
    return _anew(case, trigger) if trigger else None


def _waiting(case: Case) -> Decision | None:
    return Decision(Move.WAIT) if case.running else None


def _changed(case: Case) -> Decision | None:
    if case.sight.hash == case.state.hash:
        return None
    return _anew(case, Trigger.CHANGED if case.state.hash else Trigger.CREATED)


def _goes_on(case: Case) -> Decision | None:
    workflow = case.state.configure
    if (position := workflow.suspended) is not None:
        return resumed(workflow, position)
    if workflow.first_in(PipelinePhase.FAILED) is not None:
        return Decision(Move.HOLD, hold=Hold.FAILED, at=_due_at(case))
    if workflow.succeeded < len(workflow.pipelines):
        return Decision(Move.START, Trigger.NEXT, workflow.succeeded)
    return None


def _over(case: Case) -> Decision | None:
    return Decision(Move.REST, at=_due_at(case))


_RULES: Final[tuple[_Rule, ...]] = (
    _paused,
    _unavailable,
    _nothing_to_run,
    _unpaused,
    _suspended,
    _restarted,
    _waiting,
    _changed,
    _goes_on,
    _over,
)


def _anew(case: Case, trigger: Trigger) -> Decision:
    """Return that the workflow begins again, once what runs is over or was ended.

    Source: Kratix, trigger matrix.
    """
    if case.running and trigger is Trigger.MANUAL and case.policy.compat.suspends:
        return Decision(Move.SUSPEND_JOB, trigger)
    if case.running:
        return Decision(Move.WAIT, trigger)
    removes = tuple(label for label in _HEEDED if case.sight.is_on(label))
    return Decision(Move.START, trigger, anew=True, removes=removes)


def _asked_anew(case: Case) -> Trigger | None:
    asked = (trigger for label, trigger in _ASKED.items() if case.sight.is_on(label))
    return next(asked, None)


def _is_due(case: Case) -> bool:
    due = None if case.running else _due_at(case)
    return due is not None and case.now >= due


def _due_at(case: Case) -> datetime | None:
    policy = case.policy
    return due_at(
        case.state, policy.interval, reconcile_after_failure=policy.reconcile_after_failure
    )
