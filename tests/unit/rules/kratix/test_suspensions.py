"""The gate in front of a suspended pipeline."""

from datetime import timedelta

import pytest

from runwright.errors import InvalidManifestError
from runwright.models.gates import Decision as Word
from runwright.models.gates import Gate, GateOutcome, Verdict
from runwright.models.kratix import (
    OnDeadline,
    ParentState,
    PipelineApproval,
    PipelinePhase,
    Resumption,
    Trigger,
    WorkflowControl,
)
from runwright.rules import gates
from runwright.rules.kratix import suspensions
from runwright.rules.kratix.approvals import approval_for, approval_of
from runwright.rules.kratix.outputs import workflow_control
from runwright.rules.kratix.suspensions import Suspension
from runwright.rules.kratix.triggers import Decision, Hold, Move
from tests.unit.rules.kratix.documents import pipeline
from tests.unit.rules.kratix.runs import REQUEST
from tests.unit.rules.kratix.states import at, ended, fresh, phases, started, suspended, told

LABEL = "kratix.io/workflow-suspended"
HELD = Decision(Move.HOLD, hold=Hold.SUSPENDED)
RESUMED = Decision(Move.START, Trigger.RESUMED)
STATE = suspended("a", "b")


def waiting(policy: PipelineApproval | None = None, state: ParentState = STATE) -> Suspension:
    """Return what waits for somebody."""
    found = suspensions.suspension_of(state, policy)
    assert found is not None
    return found


def gate(outcome: GateOutcome | None = None, policy: PipelineApproval | None = None) -> Gate:
    """Return the gate of the first run, with that outcome."""
    asked = suspensions.gate_of(REQUEST, STATE, waiting(policy), 1, at(3))
    return asked if outcome is None else gates.closed(asked, outcome, at(4))


def test_a_pipeline_that_runs_again_by_itself_waits_for_nobody() -> None:
    state = suspended("a", retry_after=timedelta(seconds=10))

    assert suspensions.suspension_of(state, None) is None
    assert suspensions.suspension_of(fresh("a"), None) is None


def test_a_gate_asks_about_what_was_suspended() -> None:
    policy = PipelineApproval(required=2, deadline=timedelta(minutes=5))
    asked = gate(policy=policy)

    assert (asked.name, asked.activation, asked.approval.required) == ("a", 1, 2)
    assert asked.deadline == at(2) + timedelta(minutes=5)
    other = suspended("a", "b", message="another reason")
    found = suspensions.gate_of(REQUEST, other, waiting(state=other), 1, at(3))
    assert found.digest != asked.digest


def test_a_yes_starts_the_pipeline_and_takes_the_label() -> None:
    decision = suspensions.may_go_on(HELD, waiting(), gate(GateOutcome.APPROVED))

    assert decision == Decision(Move.START, Trigger.RESUMED, removes=(LABEL,))


def test_without_a_policy_that_names_people_a_removed_label_is_enough() -> None:
    assert suspensions.may_go_on(RESUMED, waiting(), gate()) == RESUMED


@pytest.mark.parametrize(
    "policy", [PipelineApproval(users=("ada",)), PipelineApproval(required=2)], ids=["named", "two"]
)
def test_a_label_that_a_policy_guards_is_put_back(policy: PipelineApproval) -> None:
    decision = suspensions.may_go_on(RESUMED, waiting(policy), gate(policy=policy))

    assert (decision.move, decision.hold, decision.adds) == (Move.HOLD, Hold.SUSPENDED, (LABEL,))


def test_what_begins_anew_passes_a_gate_by() -> None:
    policy = PipelineApproval(users=("ada",))
    changed = Decision(Move.START, Trigger.CHANGED, anew=True)

    assert suspensions.may_go_on(changed, waiting(policy), gate()) == changed


def test_a_pause_holds_whatever_a_gate_says() -> None:
    paused = Decision(Move.HOLD, hold=Hold.PAUSED)

    assert suspensions.may_go_on(paused, waiting(), gate(GateOutcome.APPROVED)) == paused


def test_it_is_looked_at_again_at_the_deadline() -> None:
    policy = PipelineApproval(deadline=timedelta(minutes=5))
    decision = suspensions.may_go_on(HELD, waiting(policy), gate(policy=policy))

    assert decision.at == at(2) + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("on_deadline", "why"),
    [(OnDeadline.FAIL, "Not approved: nobody decided in time"), (OnDeadline.RESUME, None)],
)
def test_a_deadline_does_what_the_policy_says(on_deadline: OnDeadline, why: str | None) -> None:
    policy = PipelineApproval(deadline=timedelta(1), on_deadline=on_deadline)

    found = suspensions.refusal_of(waiting(policy), gate(GateOutcome.TIMED_OUT))

    assert found == why
    assert suspensions.is_let_go(waiting(policy), gate(GateOutcome.TIMED_OUT)) is (why is None)


def test_a_no_fails_the_pipeline_with_who_and_why() -> None:
    no = Word(gate="a", verdict=Verdict.REJECT, activation=1, by="ada", at=at(4), comment="late")
    why = suspensions.refusal_of(waiting(), gates.with_decision(gate(), no))
    assert why == "Rejected by ada: late"

    state = suspensions.refused(STATE, waiting(), why, at(5))

    assert phases(state) == [PipelinePhase.FAILED, PipelinePhase.PENDING]
    assert (state.message, state.configure.pipelines[0].message) == (why, why)
    assert told(state, "Reconciled")[1] == "ConfigureWorkflowFailed"
    assert state.configure.suspended_generation == 0


def test_the_policy_of_the_author_wins_over_that_of_the_pod() -> None:
    control = WorkflowControl(suspend=True, approval=PipelineApproval(required=1))
    state = ended(started(fresh("a"), anew=True), control=control)
    guarded = pipeline("a", annotations={"runwright.dev/approval": '{"required": 2}'})
    progress = state.configure.pipelines[0]

    assert approval_for(guarded, progress) == PipelineApproval(required=2)
    assert approval_for(pipeline("a"), progress) == PipelineApproval(required=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("required: 0", "required"),
        ("{", "annotations"),
        ("[]", "must be an object"),
        ("deadline: soon", "is not a duration"),
        ("approvers: [ada]", "approvers"),
    ],
)
def test_a_policy_that_cannot_be_read_is_refused(text: str, message: str) -> None:
    """Nobody may be let in by a mistake in it."""
    with pytest.raises(InvalidManifestError, match=message):
        approval_of(pipeline("a", annotations={"runwright.dev/approval": text}))


def test_a_pod_says_who_has_to_approve() -> None:
    control = workflow_control("suspend: true\napproval: {users: [ada], deadline: 1h}\n")

    assert control.approval == PipelineApproval(users=("ada",), deadline=timedelta(hours=1))
    with pytest.raises(InvalidManifestError, match=r"approval\.required"):
        workflow_control("suspend: true\napproval: {required: none}\n")


def word(by: str, verdict: Verdict = Verdict.APPROVE) -> Word:
    """Return what somebody said of the gate."""
    return Word(gate="a", verdict=verdict, activation=1, by=by, at=at(3))


def test_a_pipeline_is_told_who_approved_it() -> None:
    """Else one that suspends itself until it is approved would do so for ever."""
    said = (word("ada"), word(""), word("ada"), word("grace"))
    known = {"a": gate(GateOutcome.APPROVED).model_copy(update={"decisions": said})}

    found = suspensions.resumption_of(RESUMED, STATE, known)

    assert found == Resumption(by=("ada", "grace"))


def test_a_pipeline_whose_label_was_removed_is_told_that_it_goes_on() -> None:
    assert suspensions.resumption_of(RESUMED, STATE, {"a": gate()}) == Resumption()


def test_a_pipeline_that_begins_anew_or_when_its_time_came_is_told_nothing() -> None:
    later = suspended("a", retry_after=timedelta(seconds=10))
    anew = Decision(Move.START, Trigger.MANUAL, anew=True)

    assert suspensions.resumption_of(RESUMED, later, {}) is None
    assert suspensions.resumption_of(anew, STATE, {}) is None
