"""What people ask with kubectl once a run is over is answered, not left as if it counted."""

from typing import Any, Final

import pytest

from adapters.kubernetes.trimming import trimmed_story_run
from runwright.models.bubustack import StoryRun
from runwright.models.gates import Decision, Gate, GateOutcome, Verdict
from runwright.rules.bubustack.intake import RUN_ID
from runwright.rules.bubustack.late_requests import (
    is_cancelled_late,
    late_decisions,
    put_right,
    why_refused,
)
from tests.unit.rules.resources import run_of
from tests.unit.rules.states import NOW, state_of
from tests.unit.rules.stories import engram, story

APPROVED: Final = {"state": "Approved", "updatedBy": "grace"}
FINISHED: Final = "2026-03-01T12:00:00Z"


def ended(gates: dict[str, Any], phases: dict[str, str], **metadata: Any) -> StoryRun:
    """Return a run that is over, with its gates as a watch keeps them."""
    status = {
        "phase": "Failed",
        "finishedAt": FINISHED,
        "gates": gates,
        "stepStates": {name: {"phase": phase} for name, phase in phases.items()},
    }
    annotations = {"annotations": {RUN_ID: "0199"}, **metadata}
    whole = run_of(status=status, metadata=annotations).model_dump(
        mode="json", by_alias=True, exclude_none=True
    )
    return StoryRun.model_validate(trimmed_story_run(whole))


def late(gates: dict[str, Any], phases: dict[str, str]) -> list[str]:
    """Return the gates that were decided too late."""
    return [one.gate for one in late_decisions(ended(gates, phases))]


@pytest.mark.parametrize(
    ("entry", "phase", "is_late"),
    [
        (APPROVED, "Timeout", True),
        (APPROVED, "Failed", True),
        (APPROVED, "Skipped", True),
        ({"state": "Rejected"}, "Succeeded", True),
        (APPROVED, "Succeeded", False),
        ({"state": "Rejected"}, "Failed", False),
        ({"state": "Pending"}, "Timeout", False),
    ],
)
def test_a_decision_that_its_gate_did_not_end_by_is_late(
    entry: dict[str, str], phase: str, *, is_late: bool
) -> None:
    assert late({"ask": entry}, {"ask": phase}) == (["ask"] if is_late else [])


def test_a_decision_on_a_gate_that_is_none_is_late_too() -> None:
    assert late({"sales": APPROVED}, {"ask": "Succeeded"}) == ["sales"]


@pytest.mark.parametrize(
    ("entry", "is_late"),
    [
        (APPROVED, True),
        ({**APPROVED, "updatedAt": "2026-03-01T11:59:59Z"}, False),
        ({**APPROVED, "updatedAt": "2026-03-01T12:00:01Z"}, True),
    ],
)
def test_a_gate_among_branches_is_told_by_its_time(entry: dict[str, str], *, is_late: bool) -> None:
    """No state of a branch is in the status; what the run wrote has a time."""
    assert late({"build/ask": entry}, {"build": "Succeeded"}) == (["build/ask"] if is_late else [])


def test_runs_that_are_open_or_were_never_started_are_let_be() -> None:
    gates = {"ask": APPROVED}
    unstarted = ended(gates, {}, annotations={})
    running = run_of(
        status={"phase": "Running", "gates": gates}, metadata={"annotations": {RUN_ID: "0199"}}
    )

    assert late_decisions(unstarted) == late_decisions(running) == ()


def test_what_was_decided_in_time_comes_back_and_what_never_was_goes() -> None:
    run = ended(
        {"ask": {"state": "Approved"}, "go": APPROVED, "sales": APPROVED}, {"ask": "Failed"}
    )
    decision = Decision(gate="ask", verdict=Verdict.REJECT, activation=1, by="ada", at=NOW)
    rejected = Gate(
        name="ask",
        activation=1,
        outcome=GateOutcome.REJECTED,
        closed_at=NOW,
        decisions=(decision,),
    )
    timed_out = Gate(name="go", activation=1, outcome=GateOutcome.TIMED_OUT, closed_at=NOW)
    known = state_of(story(engram("build"))).model_copy(
        update={"gates": {"ask": rejected, "go": timed_out}}
    )

    patch = put_right(late_decisions(run), known)["gates"]

    assert (patch["ask"]["state"], patch["ask"]["updatedBy"]) == ("Rejected", "ada")
    assert (patch["go"], patch["sales"]) == (None, None)


def test_where_nobody_knows_any_more_how_it_was_decided_the_entry_goes() -> None:
    run = ended({"ask": APPROVED}, {"ask": "Failed"})

    assert put_right(late_decisions(run), None) == {"gates": {"ask": None}}


def test_the_refusal_names_who_decided_and_says_why_it_does_not_count() -> None:
    (decision,) = late_decisions(ended({"ask": APPROVED}, {"ask": "Timeout"}))

    assert why_refused(decision) == "grace may not approve gate ask: the run is over"


@pytest.mark.parametrize(
    ("generation", "observed", "is_late"),
    [(2, 1, True), (2, 2, False), (1, 1, False), (2, None, False)],
    ids=["late", "in time, or answered", "never asked", "unknown"],
)
def test_a_cancel_that_came_too_late_is_told_by_its_generation(
    generation: int, observed: int | None, *, is_late: bool
) -> None:
    """It forbids every other execution, so who asked for it should hear of that, once."""
    metadata = {"annotations": {RUN_ID: "0199"}, "generation": generation}
    status = {"phase": "Succeeded", "observedGeneration": observed}
    run = run_of(status=status, metadata=metadata, cancelRequested=generation == 2)

    assert is_cancelled_late(run) is is_late
