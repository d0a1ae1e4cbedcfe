"""What is told of a run as Kubernetes Events."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.bubustack import Phase
from runwright.models.gates import Gate, GateOutcome, Verdict
from runwright.models.objects import EventType
from runwright.models.runs import Cancelled, Paused
from runwright.models.story_run import StepReason, StoryRunState
from runwright.models.tasks import Diagnosis
from runwright.rules.bubustack.status import EventReason, update_of
from runwright.rules.bubustack.status.gates import approval_command
from tests.unit.rules.shown import (
    LATER,
    again,
    over,
    placed,
    refused,
    running,
    said,
    told,
    with_gate,
)
from tests.unit.rules.states import NOW, changed

START = placed()
RUNNING = running(START)
TROUBLE = Diagnosis(category="image", summary="no such image", detail="web:1", resolution="push it")


def with_step(phase: Phase, **fields: Any) -> StoryRunState:
    """Return a run whose first step is in that phase."""
    return changed(RUNNING, "build", phase=phase, task="release-1-build", **fields)


def test_the_words_by_which_people_search() -> None:
    assert {*EventReason} == {
        "StoryRunStarted",
        "StoryRunSucceeded",
        "StoryRunFailed",
        "StoryRunTimedOut",
        "StoryRunCompensated",
        "StoryRunCanceled",
        "CancelRequested",
        "StoryRunPaused",
        "StoryRunResumed",
        "GateWaiting",
        "GateApproved",
        "GateRejected",
        "GateTimedOut",
        "DecisionRefused",
        "StepFailed",
        "StepRetryScheduled",
        "StepStalled",
        "StepBlocked",
        "CancelRefused",
    }


def test_a_run_says_that_it_started() -> None:
    assert told(START, None, RUNNING) == [("StoryRunStarted", "Started story release.")]
    assert told(again(), None, running(again())) == [
        ("StoryRunStarted", "Started story release, execution 2.")
    ]


@pytest.mark.parametrize(
    ("phase", "reason", "kind"),
    [
        (Phase.SUCCEEDED, EventReason.SUCCEEDED, EventType.NORMAL),
        (Phase.FAILED, EventReason.FAILED, EventType.WARNING),
        (Phase.TIMEOUT, EventReason.TIMED_OUT, EventType.WARNING),
        (Phase.COMPENSATED, EventReason.COMPENSATED, EventType.WARNING),
        (Phase.FINISHED, EventReason.CANCELED, EventType.NORMAL),
    ],
)
def test_a_run_says_once_how_it_ended(phase: Phase, reason: EventReason, kind: EventType) -> None:
    ended = over(RUNNING, phase, message="Told.")

    (event,) = update_of(START, RUNNING, ended).events

    assert (event.reason, event.type, event.message) == (reason, kind, f"{phase}: Told.")
    assert event.object.kind == "StoryRun"
    assert told(START, ended, ended.model_copy(update={"message": "More."})) == []


def test_a_step_that_starts_or_succeeds_is_no_event() -> None:
    """Each costs a request, and the status says it."""
    started = with_step(Phase.RUNNING)

    assert told(START, RUNNING, started) == []
    assert told(START, started, with_step(Phase.SUCCEEDED, finished_at=LATER)) == []


def test_a_failed_step_says_why_and_what_would_mend_it() -> None:
    failed = with_step(Phase.FAILED, message="exit code 1", tries=3, diagnosis=TROUBLE)

    assert told(START, with_step(Phase.RUNNING), failed) == [
        ("StepFailed", "Step build failed after 3 tries: exit code 1 - no such image; push it")
    ]


def test_a_scheduled_retry_is_told() -> None:
    message = "Retrying in 1s (attempt 1/3): exit code 137"
    fields = {"reason": StepReason.RETRY_SCHEDULED, "message": message}

    assert told(START, with_step(Phase.RUNNING), with_step(Phase.PENDING, **fields)) == [
        ("StepRetryScheduled", f"Step build: {message}")
    ]


def test_a_task_that_does_not_get_on_is_told_once_per_reason() -> None:
    """A kubelet says the same in ever other words."""
    stalled = with_step(Phase.RUNNING, diagnosis=TROUBLE)
    again = with_step(Phase.RUNNING, diagnosis=TROUBLE.model_copy(update={"detail": "back-off"}))
    other = with_step(Phase.RUNNING, diagnosis=TROUBLE.model_copy(update={"summary": "no room"}))

    assert told(START, with_step(Phase.RUNNING), stalled) == [
        ("StepStalled", "Step build does not get on: no such image: web:1; push it")
    ]
    assert told(START, stalled, again) == []
    assert told(START, stalled, other)[0][1] == (
        "Step build does not get on: no room: web:1; push it"
    )
    assert told(START, stalled, with_step(Phase.RUNNING)) == []


def test_a_step_of_an_earlier_execution_is_not_told_again() -> None:
    start = again()
    kept = {"phase": Phase.FAILED, "reason": StepReason.KEPT}

    assert len(told(start, None, changed(running(start), "build", **kept))) == 1


def test_an_open_gate_is_told_with_the_command_that_approves_it() -> None:
    opened = with_gate(RUNNING, opened_at=NOW)

    ((reason, message),) = told(START, RUNNING, opened)

    assert reason == "GateWaiting"
    assert message.startswith("Gate ask waits for a decision: 0 of 1 approvals.")
    assert message.endswith(approval_command(START, Gate(name="ask", activation=1)))


@pytest.mark.parametrize(
    ("outcome", "decision", "expected"),
    [
        (
            GateOutcome.APPROVED,
            said("ada", comment="go"),
            ("GateApproved", "Gate ask was approved by ada: go"),
        ),
        (
            GateOutcome.REJECTED,
            said("", Verdict.REJECT),
            ("GateRejected", "Gate ask was rejected: Gate rejected."),
        ),
    ],
)
def test_a_decided_gate_is_told_with_who_decided(
    outcome: GateOutcome, decision: Any, expected: tuple[str, str]
) -> None:
    """Also where it was decided before it was reached, and was never seen waiting."""
    decided = with_gate(RUNNING, opened_at=NOW, outcome=outcome, decisions=(decision,))

    assert told(START, RUNNING, decided) == [expected]
    assert told(START, decided, with_gate(decided, closed_at=LATER)) == []


def test_a_gate_that_timed_out_is_told_once_and_not_as_a_failed_step() -> None:
    opened = with_gate(running(START, ask=Phase.PAUSED), opened_at=NOW)
    timed_out = {"phase": Phase.TIMEOUT, "reason": StepReason.TIMED_OUT}
    late = with_gate(changed(opened, "ask", **timed_out), outcome=GateOutcome.TIMED_OUT)

    assert told(START, opened, late) == [("GateTimedOut", "Nobody decided gate ask in time.")]


def test_a_gate_that_could_not_be_opened_is_a_failed_step() -> None:
    fields = {"phase": Phase.FAILED, "reason": StepReason.EXPRESSION_FAILED, "message": "no."}
    failed = with_gate(changed(RUNNING, "ask", **fields), outcome=GateOutcome.CLOSED)

    assert told(START, RUNNING, failed) == [("StepFailed", "Step ask failed: no.")]


def test_a_gate_that_the_run_closed_is_not_told() -> None:
    closed = with_gate(RUNNING, outcome=GateOutcome.CLOSED)

    assert told(START, RUNNING, closed) == []


def test_a_gate_of_an_earlier_execution_is_not_told_again() -> None:
    start = again()
    decided = with_gate(running(start), activation=1, outcome=GateOutcome.APPROVED)

    assert [reason for reason, _ in told(start, None, decided)] == ["StoryRunStarted"]


def test_each_refused_decision_is_told() -> None:
    once = RUNNING.model_copy(update={"refused_decisions": (refused("eve", NOW),)})
    twice = once.model_copy(update={"refused_decisions": (refused("eve", NOW), refused(""))})

    assert told(START, RUNNING, once) == [
        ("DecisionRefused", "eve may not approve gate ask: ask somebody else")
    ]
    assert told(START, once, twice) == [
        ("DecisionRefused", "somebody may not approve gate ask: ask somebody else")
    ]


def test_what_people_do_to_a_run_is_told() -> None:
    paused = RUNNING.model_copy(update={"paused": Paused(by="ada", since=NOW, comment="freeze")})
    cancelled = Cancelled(by="bob", at=NOW, reason="wrong tag", grace=timedelta(0))
    stopped = RUNNING.model_copy(update={"cancelled": cancelled})

    assert told(START, RUNNING, paused) == [("StoryRunPaused", "Paused by ada: freeze")]
    assert told(START, paused, RUNNING) == [("StoryRunResumed", "Resumed; steps start again.")]
    assert told(START, RUNNING, stopped) == [
        ("CancelRequested", "bob asked to cancel the run: wrong tag")
    ]
    assert told(START, stopped, over(stopped, Phase.FINISHED, message="m")) == [
        ("StoryRunCanceled", "Finished: m")
    ]


def test_a_message_is_cut_to_what_an_event_takes() -> None:
    ((_, message),) = told(START, RUNNING, with_step(Phase.FAILED, message="x" * 5000))

    assert len(message) == 1024


def test_a_step_that_lacks_something_says_so_once() -> None:
    """What is missing may be another thing later; the status has that."""
    blocked = with_step(Phase.BLOCKED, message='there is no Engram "worker"', deadline=LATER)
    later = changed(blocked, "build", message='there is no EngramTemplate "image"')

    (event,) = update_of(START, RUNNING, blocked).events

    assert (event.type, event.reason) == (EventType.WARNING, "StepBlocked")
    assert event.message == (
        'Step build waits: there is no Engram "worker"; it is waited for until '
        "2026-03-01 12:01:05 UTC"
    )
    assert told(START, blocked, later) == []
