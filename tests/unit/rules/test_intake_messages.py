"""What a StoryRun object says to its run: to cancel, and what people decided."""

from typing import Any

import pytest

from runwright.models.gates import DecideGate, Verdict
from runwright.models.runs import CancelRun
from runwright.rules.bubustack.intake import messages_of
from runwright.rules.bubustack.status.keys import CANCEL_REQUESTED
from tests.unit.rules.resources import run_of

APPROVED = {"state": "Approved", "updatedBy": "ada", "message": "go"}


def decisions(gates: dict[str, Any], **status: Any) -> list[DecideGate]:
    """Return the decisions that a run is told of."""
    run = run_of(status={"phase": "Running", "gates": gates, **status})
    return [one for one in messages_of(run) if isinstance(one, DecideGate)]


def test_case_56_a_request_to_cancel_is_passed_on() -> None:
    run = run_of(cancelRequested=True, status={"phase": "Running"})

    assert messages_of(run) == (CancelRun(reason=CANCEL_REQUESTED),)


def test_case_15_a_decision_is_passed_on_with_its_author_and_words() -> None:
    (decision,) = decisions({"ask": APPROVED}, attempts=2)

    assert (decision.gate, decision.verdict, decision.activation) == ("ask", Verdict.APPROVE, 2)
    assert (decision.by, decision.comment) == ("ada", "go")


def test_case_16_a_rejection_is_one_too() -> None:
    (decision,) = decisions({"ask": {"state": "Rejected"}})

    assert (decision.verdict, decision.by, decision.comment) == (Verdict.REJECT, "", "")
    assert decision.activation is None


@pytest.mark.parametrize("entry", [{}, {"state": "Pending"}, {"message": "go", "updatedBy": "ada"}])
def test_an_entry_without_a_verdict_decides_nothing(entry: dict[str, str]) -> None:
    assert decisions({"ask": entry}) == []


def test_our_own_message_is_not_taken_for_a_comment() -> None:
    entry = {"state": "Approved", "message": "Waits for a decision: 0 of 1 approvals."}

    assert decisions({"ask": entry})[0].comment == ""


def test_a_decision_that_was_written_once_is_known_again() -> None:
    first, again = decisions({"ask": APPROVED}), decisions({"ask": APPROVED})
    other = decisions({"ask": {**APPROVED, "updatedAt": "2026-03-01T12:00:00Z"}})
    edited = decisions({"ask": {**APPROVED, "message": "in other words"}})

    assert first == again
    assert first[0].id == edited[0].id
    assert first[0].id != other[0].id


@pytest.mark.parametrize(
    ("state", "phase", "passed_on"),
    [
        ("Approved", "Paused", True),
        ("Approved", "Succeeded", False),
        ("Rejected", "Failed", False),
        ("Rejected", "Succeeded", True),
        ("Approved", "Timeout", True),
    ],
)
def test_what_contradicts_the_end_of_its_gate_is_passed_on_to_be_put_right(
    state: str, phase: str, *, passed_on: bool
) -> None:
    """What agrees is the run's own word, or as good as that."""
    steps = {"ask": {"phase": phase}}

    assert bool(decisions({"ask": {"state": state}}, stepStates=steps)) is passed_on


def test_texts_are_cut_to_what_a_message_takes() -> None:
    entry = {"state": "Approved", "updatedBy": "a" * 500, "message": "m" * 5000}

    (decision,) = decisions({"ask": entry, "x" * 128: APPROVED, "": APPROVED})

    assert (len(decision.by), len(decision.comment)) == (256, 2048)


def test_a_run_that_is_over_is_told_nothing() -> None:
    run = run_of(cancelRequested=True, status={"phase": "Failed", "gates": {"ask": APPROVED}})

    assert messages_of(run) == ()


def test_a_run_without_a_status_has_nothing_to_say() -> None:
    assert messages_of(run_of()) == ()
