"""Who may decide a gate, what a decision changes, and when a gate is decided."""

import re
from datetime import timedelta
from typing import Any

import pytest

from runwright.models.gates import Approval, Author, Decision, Gate, GateOutcome, Identity, Verdict
from runwright.rules import gates
from tests.unit.rules.states import NOW

ASKED = gates.digest({"image": "app:7"})
LATER = NOW + timedelta(minutes=5)
APPROVE, REJECT = Verdict.APPROVE, Verdict.REJECT


def gate(approval: Approval | None = None, **fields: Any) -> Gate:
    """Return a gate that was not reached yet."""
    return Gate(name="ask", activation=1, approval=approval or Approval(), **fields)


def open_gate(approval: Approval | None = None) -> Gate:
    """Return a gate that waits for its decisions."""
    return gates.opened(gate(approval), ASKED, NOW, None)


def says(verdict: Verdict, by: str = "", **fields: Any) -> Decision:
    """Return what a person says."""
    given = {"gate": "ask", "activation": 1, "at": LATER, **fields}
    return Decision(verdict=verdict, by=by, **given)


def decided(one: Gate, *decisions: Decision) -> Gate:
    """Return the gate with these decisions, one after the other."""
    for decision in decisions:
        one = gates.with_decision(one, decision)
    return one


def claimed(**fields: Any) -> Approval:
    """Return a policy that believes the names it is told."""
    return Approval(identity=Identity.CLAIMED, **fields)


def test_a_digest_is_that_of_the_content_and_not_of_its_order() -> None:
    assert gates.digest({"a": 1, "b": "ü"}) == gates.digest({"b": "ü", "a": 1})
    assert gates.digest({"a": 1}) != gates.digest({"a": 2})
    assert gates.digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_anybody_may_decide_where_no_policy_says_who() -> None:
    assert gates.refusal(open_gate(), says(APPROVE), {"ada"}) is None
    assert gates.refusal(open_gate(), says(REJECT, "grace"), {"ada"}) is None


def test_one_approval_opens_a_gate_without_a_policy() -> None:
    one = decided(open_gate(), says(APPROVE, "grace"))

    assert (one.outcome, one.closed_at) == (GateOutcome.APPROVED, LATER)
    assert gates.missing(one) == 0


def test_a_decision_on_another_activation_is_refused() -> None:
    refusal = gates.refusal(open_gate(), says(APPROVE, activation=2), {"starter"})

    assert refusal == "gate ask is in activation 1; the decision is about activation 2"


def test_a_decision_about_something_else_is_refused_and_told_the_digest() -> None:
    refusal = gates.refusal(open_gate(), says(APPROVE, digest="0" * 64), {"starter"})

    assert refusal == (
        f"gate ask asks about something else by now: look at it again and decide on digest {ASKED}"
    )
    assert gates.refusal(open_gate(), says(APPROVE, digest=ASKED), {"starter"}) is None


@pytest.mark.parametrize(
    ("verdict", "said"),
    [(APPROVE, "already approved by ada"), (REJECT, "already rejected by ada")],
)
def test_a_decided_gate_says_by_whom_and_when(verdict: Verdict, said: str) -> None:
    one = decided(open_gate(), says(verdict, "ada"))
    other = REJECT if verdict is APPROVE else APPROVE

    assert (
        gates.refusal(one, says(other, "grace"), {"starter"})
        == f"gate ask is {said} at {LATER:%FT%TZ}"
    )


def test_a_gate_that_nobody_named_decided_says_only_when() -> None:
    one = decided(open_gate(), says(APPROVE))

    refusal = gates.refusal(one, says(REJECT, "grace"), {"starter"})

    assert refusal == f"gate ask is already approved at {LATER:%FT%TZ}"


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (GateOutcome.TIMED_OUT, "timed out"),
        (GateOutcome.CLOSED, "is closed without a decision"),
    ],
)
def test_a_gate_that_closed_by_itself_names_nobody(outcome: GateOutcome, said: str) -> None:
    """An approval that was not enough does not make its giver the one who closed it."""
    waiting = decided(open_gate(Approval(required=2)), says(APPROVE, "ada"))

    refusal = gates.refusal(
        gates.closed(waiting, outcome, LATER), says(APPROVE, "grace"), {"starter"}
    )

    assert refusal == f"gate ask {said} at {LATER:%FT%TZ}"


def test_every_outcome_has_its_words() -> None:
    for outcome in GateOutcome:
        refusal = gates.refusal(
            gates.closed(open_gate(), outcome, LATER), says(APPROVE, "x"), {"starter"}
        )
        assert refusal is not None
        assert re.match(r"gate ask (is already|timed|is closed)", refusal)


@pytest.mark.parametrize(
    ("policy", "decision", "refused"),
    [
        pytest.param(Approval(users=("ada",)), says(APPROVE, "ada"), "verified", id="users"),
        pytest.param(Approval(groups=("ops",)), says(APPROVE, "ada"), "verified", id="groups"),
        pytest.param(
            Approval.model_validate({"author": "may-not"}),
            says(APPROVE, "ada"),
            "verified",
            id="author",
        ),
        pytest.param(
            Approval(identity=Identity.VERIFIED), says(APPROVE, "ada"), "verified", id="demanded"
        ),
        pytest.param(
            Approval(users=("ada",)),
            says(APPROVE, "ada", identity=Identity.VERIFIED),
            None,
            id="a verified name",
        ),
        pytest.param(claimed(users=("ada",)), says(APPROVE, "ada"), None, id="a claim is enough"),
        pytest.param(Approval(required=2), says(APPROVE, "ada"), None, id="no people named"),
    ],
)
def test_a_policy_that_names_people_takes_verified_identities_unless_it_says_otherwise(
    policy: Approval, decision: Decision, refused: str | None
) -> None:
    """Anyone who reaches Temporal can send any name."""
    refusal = gates.refusal(open_gate(policy), decision, {"lin"})

    assert refusal == refused or (refused is not None and refused in str(refusal))


@pytest.mark.parametrize(
    ("decision", "counts"),
    [
        pytest.param(says(APPROVE, "ada"), True, id="listed"),
        pytest.param(says(APPROVE, "grace", groups=("dev", "ops")), True, id="by group"),
        pytest.param(says(APPROVE, "grace", groups=("dev",)), False, id="other group"),
        pytest.param(says(APPROVE, "ops"), False, id="a group is no user"),
        pytest.param(says(REJECT, "mallory"), False, id="nor may others reject"),
    ],
)
def test_users_and_members_of_groups_may_decide(decision: Decision, *, counts: bool) -> None:
    refusal = gates.refusal(
        open_gate(claimed(users=("ada",), groups=("ops",))), decision, {"starter"}
    )

    expected = f"gate ask may be decided by ada, group ops; {decision.by} is not among them"
    assert refusal == (None if counts else expected)


def test_a_policy_of_groups_alone_keeps_out_who_is_in_none_of_them() -> None:
    refusal = gates.refusal(
        open_gate(claimed(groups=("ops",))), says(APPROVE, "mallory"), {"starter"}
    )

    assert refusal == "gate ask may be decided by group ops; mallory is not among them"


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (claimed(users=("ada",)), "gate ask must know who decides: give a name"),
        (claimed(groups=("ops",)), "gate ask must know who decides: give a name"),
        (Approval(required=3), "gate ask must know who decides: give a name"),
    ],
    ids=["users", "groups", "several"],
)
def test_nobody_decides_without_a_name_where_names_matter(policy: Approval, said: str) -> None:
    assert gates.refusal(open_gate(policy), says(APPROVE), {"starter"}) == said


def test_the_author_of_a_run_may_be_kept_from_deciding() -> None:
    one = open_gate(Approval.model_validate({"author": "may-not", "identity": "claimed"}))

    refusal = gates.refusal(one, says(APPROVE, "ada"), {"ada"})

    assert refusal == "gate ask may not be decided by ada, who started the run"
    assert gates.refusal(one, says(APPROVE, "grace"), {"ada"}) is None


@pytest.mark.parametrize(
    ("again", "repeat"),
    [
        pytest.param(says(APPROVE, "ada"), True, id="same person, same word"),
        pytest.param(says(APPROVE, "ada", comment="indeed"), True, id="other comment"),
        pytest.param(says(APPROVE, "grace", id="7"), False, id="same id, other person"),
        pytest.param(says(REJECT, "ada", id="7"), False, id="other word"),
        pytest.param(says(APPROVE, "grace", id="8"), False, id="other person"),
        pytest.param(
            says(APPROVE, "ada", identity=Identity.VERIFIED), False, id="now with a verified name"
        ),
    ],
)
def test_saying_the_same_again_is_a_repeat(again: Decision, *, repeat: bool) -> None:
    one = decided(open_gate(), says(APPROVE, "ada", id="7"))

    assert gates.is_repeat(one, again) is repeat


def test_what_is_said_again_counts_once_and_as_of_now() -> None:
    waiting = decided(open_gate(claimed(required=2)), says(APPROVE, "ada", at=NOW))
    done = decided(open_gate(), says(APPROVE, "ada", at=NOW))

    again = gates.repeated(waiting, says(APPROVE, "ada"))

    assert [(one.by, one.at) for one in again.decisions] == [("ada", LATER)]
    assert gates.missing(again) == 1
    assert gates.repeated(done, says(APPROVE, "ada")) == done


def test_a_repeat_is_not_refused_although_the_gate_is_closed() -> None:
    one = decided(open_gate(), says(APPROVE, "ada"))

    assert gates.refusal(one, says(APPROVE, "ada"), {"starter"}) is None


def test_several_people_must_approve_where_the_policy_says_so() -> None:
    one = open_gate(Approval(required=2))

    first = decided(one, says(APPROVE, "ada"))
    second = decided(first, says(APPROVE, "grace"))

    assert (first.outcome, gates.missing(first)) == (None, 1)
    assert second.outcome is GateOutcome.APPROVED


def test_one_rejection_is_enough_whatever_is_required() -> None:
    one = decided(open_gate(Approval(required=3)), says(APPROVE, "ada"), says(REJECT, "grace"))

    assert one.outcome is GateOutcome.REJECTED


def test_one_person_counts_once() -> None:
    one = decided(
        open_gate(Approval(required=2)),
        says(APPROVE, "ada"),
        says(APPROVE, "ada", identity=Identity.VERIFIED),
    )

    assert (one.outcome, gates.missing(one)) == (None, 1)
    assert [decision.identity for decision in one.decisions] == [Identity.VERIFIED]


def test_who_decides_again_withdraws_the_earlier_word() -> None:
    """Before the gate is reached a mind can still be changed."""
    early = decided(gate(), says(REJECT, "ada"), says(APPROVE, "ada"))

    assert [decision.verdict for decision in early.decisions] == [APPROVE]
    assert gates.opened(early, ASKED, LATER, None).outcome is GateOutcome.APPROVED


def test_nameless_decisions_do_not_withdraw_one_another() -> None:
    early = decided(gate(), says(REJECT), says(APPROVE))

    assert gates.opened(early, ASKED, LATER, None).outcome is GateOutcome.REJECTED


def test_a_decision_before_the_gate_is_reached_waits_for_it() -> None:
    early = decided(gate(), says(APPROVE, "ada"))

    reached = gates.opened(early, ASKED, LATER, LATER + timedelta(hours=1))

    assert early.outcome is None
    assert (reached.outcome, reached.opened_at, reached.closed_at) == (
        GateOutcome.APPROVED,
        LATER,
        LATER,
    )


def test_an_early_decision_about_something_else_is_dropped_when_the_gate_is_reached() -> None:
    """What was approved is not what is asked now."""
    early = decided(gate(), says(APPROVE, "ada", digest="0" * 64))

    reached = gates.opened(early, ASKED, LATER, None)

    assert (reached.outcome, reached.decisions) == (None, ())


@pytest.mark.parametrize("digest", ["", ASKED], ids=["about anything", "about this"])
def test_an_early_decision_is_bound_to_what_the_gate_asks(digest: str) -> None:
    early = decided(gate(), says(APPROVE, "ada", digest=digest))

    reached = gates.opened(early, ASKED, LATER, None)

    assert [decision.digest for decision in reached.decisions] == [ASKED]


def test_a_decision_on_an_open_gate_is_kept_with_what_was_decided_on() -> None:
    one = decided(open_gate(), says(APPROVE, "ada"))

    assert one.decisions[0].digest == ASKED


def test_an_opened_gate_has_a_deadline_and_waits() -> None:
    one = gates.opened(gate(), ASKED, NOW, LATER)

    assert (one.opened_at, one.deadline, one.digest) == (NOW, LATER, ASKED)
    assert one.outcome is None


def test_case_18_a_gate_that_is_decided_does_not_time_out() -> None:
    one = decided(open_gate(), says(APPROVE, "ada"))

    assert gates.closed(one, GateOutcome.TIMED_OUT, LATER + timedelta(hours=1)) == one


def test_a_gate_that_timed_out_is_not_opened_by_what_comes_later() -> None:
    late = decided(gates.closed(open_gate(), GateOutcome.TIMED_OUT, NOW), says(APPROVE, "ada"))

    assert (late.outcome, late.closed_at) == (GateOutcome.TIMED_OUT, NOW)


def test_the_sender_is_told_what_became_of_a_decision() -> None:
    decision = says(APPROVE, "ada")
    waiting = decided(open_gate(Approval(required=2)), decision)
    done = decided(waiting, says(REJECT, "grace"))

    open_answer = gates.answer(waiting, decision, repeated=False)
    closed_answer = gates.answer(done, decision, repeated=True)

    assert (open_answer.outcome, open_answer.missing) == (None, 1)
    assert (closed_answer.outcome, closed_answer.missing) == (GateOutcome.REJECTED, 0)
    assert (open_answer.repeated, closed_answer.repeated) == (False, True)


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        (says(APPROVE, comment="ship it"), "ship it"),
        (says(APPROVE), "Gate approved."),
        (says(REJECT), "Gate rejected."),
        (says(REJECT, comment="not today"), "not today"),
    ],
)
def test_case_15_and_16_a_decided_gate_says_what_its_decider_said(
    decision: Decision, message: str
) -> None:
    assert gates.message_of(decided(open_gate(), decision)) == message


def test_nobody_decides_a_gate_closed_to_an_author_whom_nobody_knows() -> None:
    """Whoever comes may be that author."""
    one = open_gate(claimed(author=Author.MAY_NOT))

    refusal = gates.refusal(one, says(APPROVE, "ada"), {""})

    assert refusal == ("gate ask may not be decided by who started the run, and nobody knows who")


def test_a_gate_takes_no_more_decisions_than_a_run_can_hold() -> None:
    one = open_gate(Approval(required=gates.MOST_DECISIONS + 1))
    for number in range(gates.MOST_DECISIONS):
        one = gates.with_decision(one, says(APPROVE, f"person-{number}"))

    refusal = gates.refusal(one, says(APPROVE, "one-more"), {"starter"})

    assert refusal == "gate ask has 100 decisions, which is as many as it takes"
