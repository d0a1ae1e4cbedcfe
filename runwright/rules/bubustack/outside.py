"""What is written about a StoryRun whose workflow does not exist, or cannot speak for itself.

Each function returns a JSON merge patch of the status, empty where the object says that already. A
condition whose status stays keeps its time, and those that somebody else wrote are left there.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from runwright.models.bubustack import (
    GateDecisionState,
    Phase,
    StepState,
    StoryRun,
    StoryRunStatus,
)
from runwright.models.metadata import Condition
from runwright.rules.bubustack.conditions import (
    BLOCKED,
    HISTORY_LOST,
    PAUSED,
    READY,
    REDRIVE_REFUSED,
    WORKFLOW_STUCK,
    Standing,
    condition,
    cut,
    phase_conditions,
    renewed,
    usual_reason,
)
from runwright.rules.bubustack.intake import RUN_ID, Refuse, Waits, was_started
from runwright.rules.bubustack.progress import MESSAGE
from runwright.rules.bubustack.status.patches import names_of, shown
from runwright.rules.bubustack.status.run import lasted
from runwright.rules.bubustack.verdicts import CANCELED

_RUN_NOT_FOUND: Final = "RunNotFound"
_KEPT: Final = frozenset({"trace"})
"""What is not a run's own."""
_OF_ALL_EXECUTIONS: Final = _KEPT | {
    *("attempts", "triggerTokens", "inputSchemaRef", "outputSchemaRef"),
}
"""What stays when a run is executed again."""
_OF_OPEN_RUNS: Final = frozenset({BLOCKED, PAUSED, HISTORY_LOST, WORKFLOW_STUCK})
"""Conditions that say nothing any more once the phase is written."""


def waiting_status(run: StoryRun, waits: Waits, now: datetime) -> dict[str, Any]:
    """Return the status of a run that is not started for want of something that may come."""
    return _written(run, Standing(Phase.PENDING, waits.reason, waits.message, since=now), now)


def refused_status(run: StoryRun, refuse: Refuse, now: datetime) -> dict[str, Any]:
    """Return the status of a run that can never start."""
    failed = Standing(Phase.FAILED, refuse.reason, refuse.message, since=now, ended_at=now)
    return _written(run, failed, now)


def cancelled_status(run: StoryRun, now: datetime) -> dict[str, Any]:
    """Return the status of a run that was cancelled before anything of it ran.

    Source: BubuStack, graceful cancel.
    """
    phase, reason, message = CANCELED.phase, CANCELED.reason, CANCELED.message
    return _written(run, Standing(phase, reason, message, since=now, ended_at=now), now)


def ended_outside_status(run: StoryRun, reason: str, message: str, now: datetime) -> dict[str, Any]:
    """Return the status of a run that was ended in Temporal, outside its own code.

    `reason` says how, such as Terminated. Steps that were not over are canceled: whoever writes
    this stops their tasks.
    """
    started_at = (run.status.started_at if run.status else None) or now
    failed = Standing(Phase.FAILED, reason, message, since=started_at, ended_at=now)
    return _written(run, failed, now) | _nothing_goes_on(run.status or StoryRunStatus(), now)


def lost_history_status(run: StoryRun, now: datetime) -> dict[str, Any]:
    """Return what is said of a run that was started, and that Temporal knows nothing of.

    Its phase stays as it was: nobody knows how the run went on.
    """
    run_id = run.metadata.annotations.get(RUN_ID, "")
    message = (
        f"Temporal knows nothing of run {run_id}: its retention may be over, or its database lost. "
        "Nobody can say how the run went on, and it is not started a second time by itself. "
        f"To run it anew, remove the annotation {RUN_ID}; to give it up, delete this StoryRun."
    )
    return _noted(run, condition(HISTORY_LOST, _RUN_NOT_FOUND, message, now), now)


def is_to_run_anew(run: StoryRun) -> bool:
    """Return whether somebody followed that advice: the marker of a lost run was removed."""
    said = {(one.type, one.reason) for one in _conditions(run)}
    return (HISTORY_LOST, _RUN_NOT_FOUND) in said and not was_started(run)


def left_behind(run: StoryRun) -> dict[str, Any]:
    """Return what takes away all that a lost run showed, its gates included; empty if none did.

    An approval of that run is none of the next one. What was written before any run began stays.
    """
    if run.status is None or run.status.started_at is None:
        return {}
    return dict.fromkeys(name for name in shown(run.status) if name not in _KEPT)


def wiped_status(repeated: Iterable[str] | None = None) -> dict[str, Any]:
    """Return what takes away what an execution showed, before the next one begins.

    With the names of the steps that are `repeated`, what is said of the others stays.

    Source: BubuStack, redrive.
    """
    wiped: dict[str, Any] = dict.fromkeys(sorted(names_of(StoryRunStatus) - _OF_ALL_EXECUTIONS))
    if repeated is None:
        return wiped
    steps = dict.fromkeys(repeated)
    return wiped | {"stepStates": steps, "gates": steps}


def refused_redrive_status(
    run: StoryRun, reason: str, message: str, now: datetime
) -> dict[str, Any]:
    """Return what is said of a run that was asked to be executed again, and cannot be.

    The next status that the run itself writes takes it away.
    """
    return _noted(run, condition(REDRIVE_REFUSED, reason, message, now), now)


def foreign_status(run: StoryRun, now: datetime) -> dict[str, Any]:
    """Return what is said of a run that has begun, and that neither we nor Temporal know of.

    Most likely another controller executes it, or did: it is not started a second time.
    """
    message = (
        "This StoryRun has begun and was not started by Runwright: it is left alone. To run its "
        "Story here, create another StoryRun; to run this one anew, remove its status.phase."
    )
    return _noted(run, condition(HISTORY_LOST, "NotStartedHere", message, now), now)


def stuck_status(run: StoryRun, message: str, now: datetime) -> dict[str, Any]:
    """Return what is said of a run whose code fails again and again; `message` is its error.

    The run's own next status takes the condition away.
    """
    return _noted(run, condition(WORKFLOW_STUCK, "WorkflowTaskFailed", message, now), now)


def recovered_status(run: StoryRun, now: datetime) -> dict[str, Any]:
    """Return what is said of a run once it is neither stuck nor lost; empty if it never was."""
    kept = [one for one in _conditions(run) if one.type not in {HISTORY_LOST, WORKFLOW_STUCK}]
    if len(kept) == len(_conditions(run)):
        return {}
    return {"conditions": _dumped(renewed(kept, (), now))}


def _written(run: StoryRun, standing: Standing, now: datetime) -> dict[str, Any]:
    rest = [one for one in _conditions(run) if one.type not in _OF_OPEN_RUNS]
    status = StoryRunStatus(
        observed_generation=run.metadata.generation or None,
        phase=standing.phase,
        message=cut(standing.message, MESSAGE),
        conditions=renewed(rest, phase_conditions(standing), now),
        finished_at=standing.ended_at,
        duration=_duration(run, standing),
        error=_error(standing),
    )
    return _changes(run, shown(status))


def _duration(run: StoryRun, standing: Standing) -> timedelta | None:
    return lasted(run.status.started_at if run.status else None, standing.ended_at)


def _error(standing: Standing) -> dict[str, Any] | None:
    if standing.phase is not Phase.FAILED:
        return None
    return {"type": standing.reason, "message": cut(standing.message, MESSAGE)}


def _nothing_goes_on(status: StoryRunStatus, now: datetime) -> dict[str, Any]:
    message = "Stopped because the run was ended outside its own code"
    ended = shown(StepState(phase=Phase.CANCELED, message=message, finished_at=now))
    open_steps = [name for name, step in status.step_states.items() if not step.phase.is_terminal]
    pending = GateDecisionState.PENDING
    open_gates = [name for name, entry in status.gates.items() if entry.state is pending]
    changes = {
        "active": None if status.active else (),
        "stepStates": dict.fromkeys(open_steps, ended),
        "gates": dict.fromkeys(open_gates),
    }
    return {name: change for name, change in changes.items() if change or change is None}


def _noted(run: StoryRun, trouble: Condition, now: datetime) -> dict[str, Any]:
    """Return the conditions with one of trouble among them, and with the Ready that must be."""
    known = _conditions(run)
    phase = (run.status.phase if run.status else None) or Phase.PENDING
    ready = [condition(READY, usual_reason(phase), "", now, holds=phase is Phase.SUCCEEDED)]
    missing = () if any(one.type == READY for one in known) else ready
    conditions = _dumped(renewed(known, (*missing, trouble), now))
    return _changes(run, {"conditions": conditions})


def _changes(run: StoryRun, status: dict[str, Any]) -> dict[str, Any]:
    there = shown(run.status) if run.status else {}
    return {key: value for key, value in status.items() if value != there.get(key)}


def _conditions(run: StoryRun) -> tuple[Condition, ...]:
    return run.status.conditions if run.status else ()


def _dumped(conditions: Iterable[Condition]) -> list[dict[str, Any]]:
    return [one.model_dump(mode="json", exclude_none=True) for one in conditions]
