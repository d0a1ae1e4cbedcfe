"""What happened to a run between two moments, as Kubernetes Events."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from runwright.models.bubustack import Phase, StepType
from runwright.models.gates import Gate, GateOutcome
from runwright.models.objects import EventType, ObjectEvent
from runwright.models.story_run import StartStoryRun, StepProgress, StepReason, StoryRunState
from runwright.rules import gates
from runwright.rules.bubustack.conditions import cut
from runwright.rules.bubustack.status.gates import deciders, how_to_decide
from runwright.rules.bubustack.status.keys import story_run_key
from runwright.rules.bubustack.status.run import step_message
from runwright.rules.diagnoses import told

_LONGEST: Final = 1024
"""Characters of an Event's message; an API server takes no more."""


class EventReason(StrEnum):
    """Why an Event is told. People search for these words: they stay as they are."""

    STARTED = "StoryRunStarted"
    SUCCEEDED = "StoryRunSucceeded"
    FAILED = "StoryRunFailed"
    TIMED_OUT = "StoryRunTimedOut"
    COMPENSATED = "StoryRunCompensated"
    CANCELED = "StoryRunCanceled"
    CANCEL_REQUESTED = "CancelRequested"
    CANCEL_REFUSED = "CancelRefused"
    """It was over already."""
    PAUSED = "StoryRunPaused"
    RESUMED = "StoryRunResumed"
    GATE_WAITS = "GateWaiting"
    GATE_APPROVED = "GateApproved"
    GATE_REJECTED = "GateRejected"
    GATE_TIMED_OUT = "GateTimedOut"
    DECISION_REFUSED = "DecisionRefused"
    STEP_FAILED = "StepFailed"
    RETRY_SCHEDULED = "StepRetryScheduled"
    STEP_STALLED = "StepStalled"
    """A task runs, or should, and does not get on."""
    STEP_BLOCKED = "StepBlocked"
    """A step waits for an Engram or a template that is not there."""


class _Told(NamedTuple):
    reason: EventReason
    message: str


_WARNINGS: Final = frozenset(
    {
        EventReason.FAILED,
        EventReason.TIMED_OUT,
        EventReason.COMPENSATED,
        EventReason.GATE_TIMED_OUT,
        EventReason.DECISION_REFUSED,
        EventReason.STEP_FAILED,
        EventReason.RETRY_SCHEDULED,
        EventReason.STEP_STALLED,
        EventReason.STEP_BLOCKED,
    }
)
_ENDS: Final = {
    Phase.SUCCEEDED: EventReason.SUCCEEDED,
    Phase.FINISHED: EventReason.CANCELED,
    Phase.TIMEOUT: EventReason.TIMED_OUT,
    Phase.COMPENSATED: EventReason.COMPENSATED,
}
_FAILURES: Final = frozenset({Phase.FAILED, Phase.TIMEOUT, Phase.ABORTED})


def events_of(
    start: StartStoryRun, before: StoryRunState | None, now: StoryRunState
) -> tuple[ObjectEvent, ...]:
    """Return the Events of what changed, in the order in which it happens within a run.

    They are about the StoryRun, all of them, so that one `kubectl describe` has the whole story. A
    step that starts or succeeds is none: each costs a request, and the status says it.
    """
    run = story_run_key(start)
    return tuple(
        ObjectEvent(
            object=run,
            type=EventType.WARNING if told.reason in _WARNINGS else EventType.NORMAL,
            reason=told.reason,
            message=cut(told.message, _LONGEST),
        )
        for told in _changes(start, before, now)
    )


def _changes(
    start: StartStoryRun, before: StoryRunState | None, now: StoryRunState
) -> Iterator[_Told]:
    if before is None:
        again = f", execution {now.activation}" if now.activation > 1 else ""
        yield _Told(EventReason.STARTED, f"Started story {now.story}{again}.")
    yield from _of_people(before, now)
    for name, step in now.steps.items():
        yield from _of_step(before.steps.get(name) if before else None, step)
    for name, gate in now.gates.items():
        yield from _of_gate(start, before.gates.get(name) if before else None, gate)
    yield from _of_refusals(before, now)
    if now.finished_at and not (before and before.finished_at):
        yield _Told(_ENDS.get(now.phase, EventReason.FAILED), f"{now.phase}: {now.message}")


def _of_people(before: StoryRunState | None, now: StoryRunState) -> Iterator[_Told]:
    was_paused = before.paused if before else None
    if now.paused and now.paused != was_paused:
        comment = f": {now.paused.comment}" if now.paused.comment else "."
        yield _Told(EventReason.PAUSED, f"Paused by {_name(now.paused.by)}{comment}")
    if was_paused and now.paused is None:
        yield _Told(EventReason.RESUMED, "Resumed; steps start again.")
    if now.cancelled and not (before and before.cancelled):
        reason = f": {now.cancelled.reason}" if now.cancelled.reason else "."
        message = f"{_name(now.cancelled.by)} asked to cancel the run{reason}"
        yield _Told(EventReason.CANCEL_REQUESTED, message)


def _of_step(before: StepProgress | None, now: StepProgress) -> Iterator[_Told]:
    if now == before or now.reason is StepReason.KEPT:
        return
    if now.phase in _FAILURES and not _is_told_by_its_gate(now):
        tries = f" after {now.tries} tries" if now.tries > 1 else ""
        yield _Told(EventReason.STEP_FAILED, f"Step {now.name} failed{tries}: {_cause(now)}")
    elif now.reason is StepReason.RETRY_SCHEDULED:
        yield _Told(EventReason.RETRY_SCHEDULED, f"Step {now.name}: {_cause(now)}")
    elif now.phase is Phase.BLOCKED and (before is None or before.phase is not Phase.BLOCKED):
        yield _Told(EventReason.STEP_BLOCKED, f"Step {now.name} waits: {step_message(now)}")
    elif _is_stalled(before, now) and now.diagnosis:
        message = f"Step {now.name} does not get on: {told(now.diagnosis)}"
        yield _Told(EventReason.STEP_STALLED, message)


def _is_told_by_its_gate(step: StepProgress) -> bool:
    reasons = {StepReason.REJECTED, StepReason.TIMED_OUT}
    return step.type == StepType.GATE and step.reason in reasons


def _is_stalled(before: StepProgress | None, now: StepProgress) -> bool:
    """Return whether there is trouble of another kind; its details may change all the time."""
    was = before.diagnosis.summary if before and before.diagnosis else ""
    summary = now.diagnosis.summary if now.diagnosis else ""
    return now.phase is Phase.RUNNING and summary not in {"", was}


def _cause(step: StepProgress) -> str:
    """Return what a step says, then its diagnosis without the details, which the step has said."""
    if step.diagnosis is None:
        return step.message
    advice = told(step.diagnosis.model_copy(update={"detail": ""}))
    return " - ".join(filter(None, (step.message, advice)))


def _of_gate(start: StartStoryRun, before: Gate | None, now: Gate) -> Iterator[_Told]:
    if (before and before.outcome) or (before is None and _is_earlier(start, now)):
        return
    by = f" by {names}" if (names := deciders(now)) else ""
    match now.outcome:
        case GateOutcome.APPROVED:
            message = f"Gate {now.name} was approved{by}: {gates.message_of(now)}"
            yield _Told(EventReason.GATE_APPROVED, message)
        case GateOutcome.REJECTED:
            message = f"Gate {now.name} was rejected{by}: {gates.message_of(now)}"
            yield _Told(EventReason.GATE_REJECTED, message)
        case GateOutcome.TIMED_OUT:
            yield _Told(EventReason.GATE_TIMED_OUT, f"Nobody decided gate {now.name} in time.")
        case None if now.opened_at and not (before and before.opened_at):
            message = f"Gate {now.name} waits for a decision: {how_to_decide(start, now)}"
            yield _Told(EventReason.GATE_WAITS, message)
        case _:
            return


def _is_earlier(start: StartStoryRun, gate: Gate) -> bool:
    """Return whether a gate was decided in an earlier execution of the run."""
    return gate.activation < start.activation


def _of_refusals(before: StoryRunState | None, now: StoryRunState) -> Iterator[_Told]:
    known = before.refused_decisions if before else ()
    if now.refused_decisions == known:
        return
    for refused in now.refused_decisions:
        if refused not in known:
            who, what = _name(refused.request.by), refused.request.verdict
            message = f"{who} may not {what} gate {refused.request.gate}: {refused.reason}"
            yield _Told(EventReason.DECISION_REFUSED, message)


def _name(by: str) -> str:
    return by or "somebody"
