"""Gates as a StoryRun shows them, and what people may have written there meanwhile."""

import json
import shlex
from datetime import timedelta
from typing import Any

import pytest

from runwright.models.bubustack import GateDecisionState, GateStatus, Phase
from runwright.models.gates import Approval, Gate, GateOutcome, Identity, Verdict
from runwright.models.story_run import StoryRunState
from runwright.rules.bubustack.status import story_run_status, update_of
from runwright.rules.bubustack.status.gates import approval_command, comment_in
from tests.unit.rules.shown import (
    LATER,
    again,
    placed,
    refused,
    run_patch,
    running,
    said,
    with_gate,
)
from tests.unit.rules.states import NOW

START = placed()
OPENED: dict[str, Any] = {"opened_at": NOW}
TWO = Approval(required=2)


def asked(**gate: Any) -> StoryRunState:
    """Return a run that waits at its gate."""
    return with_gate(running(START, ask=Phase.PAUSED), **{**OPENED, **gate})


def entry_of(state: StoryRunState) -> GateStatus | None:
    """Return what the status says of the gate."""
    return story_run_status(START, state).gates.get("ask")


def entry_patch(before: StoryRunState | None, now: StoryRunState) -> Any:
    """Return what is written about the gate; `{}` if nothing."""
    return run_patch(update_of(START, before, now)).get("gates", {}).get("ask", {})


def test_an_open_gate_says_how_to_decide_it() -> None:
    entry = entry_of(asked(deadline=LATER))

    assert entry is not None
    assert entry.state is GateDecisionState.PENDING
    assert entry.message == (
        "Waits for a decision: 0 of 1 approvals, until 2026-03-01 12:01:05 UTC. Approve it with: "
        + approval_command(START, Gate(name="ask", activation=1))
    )


def test_the_command_that_approves_a_gate_is_one_for_a_shell() -> None:
    """Copied as it stands it must decide, and in the name of whoever copied it."""
    command = approval_command(START, Gate(name="ask", activation=1))

    words = shlex.split(command.replace("${USER:?}", "ada"))

    assert words[:5] == ["kubectl", "patch", "storyrun", "release-1", "-n"]
    assert words[5:9] == ["default", "--subresource=status", "--type=merge", "-p"]
    decision = {"state": "Approved", "updatedBy": "ada"}
    assert json.loads(words[9]) == {"status": {"gates": {"ask": decision}}}


def test_a_gate_that_names_people_gives_a_command_that_asks_for_one_of_them() -> None:
    """The user of a shell is seldom called as the policy calls people."""
    policy = Approval(users=("ada", "grace"), identity=Identity.CLAIMED)

    entry = entry_of(asked(approval=policy))

    assert entry is not None
    assert "Approve it, where NAME is ada or grace, with: kubectl patch" in entry.message
    assert "${NAME:?}" in entry.message
    assert "USER" not in entry.message


def test_a_gate_for_verified_identities_gives_no_command_that_would_be_refused() -> None:
    entry = entry_of(asked(approval=Approval(users=("ada",))))

    assert entry is not None
    assert "kubectl" not in entry.message
    assert entry.message.endswith("Only verified identities may decide it.")


def test_case_15_an_approved_gate_says_by_whom_and_with_which_words() -> None:
    decided = asked(
        outcome=GateOutcome.APPROVED, closed_at=LATER, decisions=(said("alice", comment="go"),)
    )

    assert entry_of(decided) == GateStatus(
        state=GateDecisionState.APPROVED, message="go", updated_at=LATER, updated_by="alice"
    )


def test_several_approvals_name_everybody() -> None:
    decisions = (said("alice"), said("bob"))
    decided = asked(outcome=GateOutcome.APPROVED, closed_at=LATER, decisions=decisions)

    entry = entry_of(decided)

    assert entry is not None
    assert (entry.message, entry.updated_by) == ("Gate approved.", "alice, bob")


def test_case_16_a_rejected_gate_names_who_rejected_it() -> None:
    decisions = (said("bob", Verdict.REJECT), said("alice"))
    decided = asked(outcome=GateOutcome.REJECTED, closed_at=LATER, decisions=decisions)

    entry = entry_of(decided)

    assert entry is not None
    assert (entry.state, entry.updated_by) == (GateDecisionState.REJECTED, "bob")


@pytest.mark.parametrize("outcome", [GateOutcome.TIMED_OUT, GateOutcome.CLOSED])
def test_a_gate_that_nobody_decided_has_no_entry(outcome: GateOutcome) -> None:
    closed = asked(outcome=outcome, closed_at=LATER)

    assert entry_of(closed) is None
    assert entry_patch(asked(), closed) is None


def test_a_gate_that_needs_more_approvals_waits_for_the_next_person() -> None:
    """An entry that stayed Approved would leave nothing to write for the second one."""
    partly = asked(approval=TWO, decisions=(said("alice", at=LATER),))

    patch = entry_patch(asked(approval=TWO), partly)

    assert patch["state"] == "Pending"
    assert patch["message"].startswith("Waits for a decision: 1 of 2 approvals.")
    assert (patch["updatedBy"], patch["updatedAt"]) == (None, "2026-03-01T12:01:05.500000Z")


def test_a_refused_decision_does_not_stay_there_as_if_it_counted() -> None:
    state = asked().model_copy(update={"refused_decisions": (refused("eve"),)})

    patch = entry_patch(asked(), state)

    assert patch == {
        "state": "Pending",
        "message": "Waits for a decision; that of eve was refused: ask somebody else. "
        "0 of 1 approvals. Approve it with: "
        + approval_command(START, Gate(name="ask", activation=1)),
        "updatedAt": "2026-03-01T12:01:05.500000Z",
        "updatedBy": None,
    }


def test_the_same_refusal_again_is_written_again() -> None:
    """The person wrote Approved again, too."""
    once = asked().model_copy(update={"refused_decisions": (refused("eve"),)})
    later = refused("eve", LATER + timedelta(seconds=1))
    twice = once.model_copy(update={"refused_decisions": (refused("eve"), later)})

    assert entry_patch(once, twice)["state"] == "Pending"


def test_a_decision_that_counts_outweighs_a_refusal_before_it() -> None:
    state = asked(approval=TWO, decisions=(said("alice", at=LATER),))
    state = state.model_copy(update={"refused_decisions": (refused("eve", NOW),)})

    entry = entry_of(state)

    assert entry is not None
    assert "refused" not in entry.message


def test_a_decision_against_a_decided_gate_is_overwritten_with_what_was_decided() -> None:
    decided = asked(outcome=GateOutcome.APPROVED, closed_at=NOW, decisions=(said("alice"),))
    against = decided.model_copy(update={"refused_decisions": (refused("eve"),)})

    patch = entry_patch(decided, against)

    assert (patch["state"], patch["updatedBy"]) == ("Approved", "alice")


def test_a_decision_about_a_gate_that_does_not_exist_is_removed() -> None:
    """A misspelt gate must not look approved."""
    misspelt = refused("ada", gate="asc")
    state = asked().model_copy(update={"refused_decisions": (misspelt,)})

    assert run_patch(update_of(START, asked(), state))["gates"] == {"asc": None}


def test_opening_a_gate_takes_back_no_decision_made_meanwhile() -> None:
    """The entry may say Approved by now, which the run has yet to hear."""
    before = running(START)

    assert set(entry_patch(before, asked())) == {"message"}


def test_an_early_decision_is_left_alone_until_its_gate_is_reached() -> None:
    early = with_gate(running(START), decisions=(said("alice"),))

    assert entry_patch(None, early) == {}


def test_an_early_decision_goes_with_a_gate_that_is_never_reached() -> None:
    early = with_gate(running(START), decisions=(said("alice"),))
    closed = with_gate(early, outcome=GateOutcome.CLOSED, closed_at=LATER)

    assert entry_patch(early, closed) is None


def test_a_new_execution_starts_without_the_decisions_of_the_one_before() -> None:
    """They would count as early ones: nobody approved this execution."""
    start = again()

    assert run_patch(update_of(start, None, running(start)))["gates"] == {"ask": None}


def test_a_new_execution_at_its_gate_overwrites_the_old_entry_as_a_whole() -> None:
    start = again()
    state = with_gate(running(start, ask=Phase.PAUSED), opened_at=NOW)

    entry = run_patch(update_of(start, None, state))["gates"]["ask"]

    assert (entry["state"], entry["updatedAt"], entry["updatedBy"]) == ("Pending", None, None)


def test_a_message_of_ours_is_nobodys_comment() -> None:
    """Whoever writes only a state leaves our message there."""
    pending = entry_of(asked())

    assert pending is not None
    assert comment_in(pending) == ""
    assert comment_in(GateStatus(message="go")) == "go"
