"""What is told in the history of a run of people and gates, and how much of it is kept."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.gates import (
    DecideGate,
    Decision,
    Gate,
    GateOutcome,
    Identity,
    RefusedDecision,
    Verdict,
)
from runwright.models.history import Cause, History, Subject, Transition
from runwright.models.runs import Cancelled, PauseRun
from runwright.rules import gates, history
from runwright.rules.history import MOST_BYTES, MOST_TRANSITIONS, Trail, When, size_of
from tests.unit.rules.states import NOW

WHEN = When(NOW, 2)
GATE = Gate(name="ask", activation=2)
OPEN = gates.opened(GATE, "d1", NOW, None)


def said(by: str, verdict: Verdict = Verdict.APPROVE, **fields: Any) -> Decision:
    """Return somebody's word on the gate."""
    return Decision(gate="ask", verdict=verdict, activation=2, by=by, **{"at": NOW, **fields})


def told(before: Gate, after: Gate) -> list[dict[str, Any]]:
    """Return what is told of a gate, each time without what is always the same."""
    always = {"at", "activation", "subject", "name"}
    found = list(history.of_gate(before, after, WHEN))
    assert all((one.at, one.activation, one.name) == (NOW, 2, "ask") for one in found)
    assert all(one.subject is Subject.GATE for one in found)
    return [one.model_dump(exclude=always, exclude_none=True) for one in found]


def happened(number: int, message: str = "") -> Transition:
    """Return something that happened to a run, as the one of that number."""
    at = NOW + timedelta(seconds=number)
    return Transition(at=at, activation=1, subject=Subject.RUN, message=message or None)


def test_a_gate_that_is_reached_is_open_until_its_deadline() -> None:
    timed = gates.opened(GATE, "d1", NOW, NOW + timedelta(hours=8))

    assert told(GATE, OPEN) == [{"after": "Open"}]
    assert told(GATE, timed) == [{"after": "Open", "message": "until 20:00:00 UTC"}]


@pytest.mark.parametrize(
    ("verdict", "cause", "outcome"),
    [
        (Verdict.APPROVE, Cause.APPROVE, GateOutcome.APPROVED),
        (Verdict.REJECT, Cause.REJECT, GateOutcome.REJECTED),
    ],
)
def test_a_decision_that_settles_a_gate_is_one_transition_with_its_outcome(
    verdict: Verdict, cause: Cause, outcome: GateOutcome
) -> None:
    decision = said("ada", verdict, comment="read\nit", identity=Identity.VERIFIED)

    assert told(OPEN, gates.with_decision(OPEN, decision)) == [
        {
            "before": "Open",
            "after": outcome,
            "reason": cause,
            "message": "read it",
            "by": "ada",
            "identity": Identity.VERIFIED,
        }
    ]


def test_a_decision_that_does_not_suffice_leaves_the_gate_as_it_is() -> None:
    two = OPEN.approval.model_copy(update={"required": 2})
    asked = OPEN.model_copy(update={"approval": two})

    first = gates.with_decision(asked, said("ada"))
    second = gates.with_decision(first, said("grace"))

    assert told(asked, first) == [{"reason": "Approve", "by": "ada", "identity": "claimed"}]
    (settling,) = told(first, second)
    assert (settling["after"], settling["by"]) == ("Approved", "grace")


def test_somebody_without_a_name_is_not_nobody() -> None:
    """Who reads `by` can tell a person from a timer, and nobody claims to be nobody."""
    (decided,) = told(OPEN, gates.with_decision(OPEN, said("")))
    (timed_out,) = told(OPEN, gates.closed(OPEN, GateOutcome.TIMED_OUT, NOW))

    assert (decided["by"], decided.get("identity")) == ("", None)
    assert timed_out == {"before": "Open", "after": "TimedOut"}


def test_to_say_again_what_one_has_said_is_nothing_new() -> None:
    two = OPEN.model_copy(update={"approval": OPEN.approval.model_copy(update={"required": 2})})
    decided = gates.with_decision(two, said("ada"))

    assert told(decided, gates.repeated(decided, said("ada", at=NOW + timedelta(1)))) == []


def test_a_decision_before_its_gate_is_told_when_it_is_made_and_when_it_counts() -> None:
    early = gates.with_decision(GATE, said("ada"))

    assert told(GATE, early) == [{"reason": "Approve", "by": "ada", "identity": "claimed"}]
    assert told(early, gates.opened(early, "d1", NOW, None)) == [
        {"after": "Open"},
        {"before": "Open", "after": "Approved", "reason": "DecidedBefore"},
    ]


def test_an_early_decision_about_something_else_is_void_and_that_is_told() -> None:
    """It goes from the gate without a trace; who approved must be able to find out why."""
    early = gates.with_decision(GATE, said("ada", digest="another"))

    assert told(early, gates.opened(early, "d1", NOW, None)) == [
        {"after": "Open"},
        {"reason": "DecisionVoid", "by": "ada", "identity": "claimed"},
    ]


def test_a_gate_that_is_closed_unreached_is_told_only_if_somebody_had_decided() -> None:
    early = gates.with_decision(GATE, said("ada"))

    assert told(GATE, gates.closed(GATE, GateOutcome.CLOSED, NOW)) == []
    assert told(early, gates.closed(early, GateOutcome.CLOSED, NOW)) == [{"after": "Closed"}]
    assert told(OPEN, gates.closed(OPEN, GateOutcome.CLOSED, NOW)) == [
        {"before": "Open", "after": "Closed"}
    ]


def test_a_gate_that_stays_as_it_is_tells_nothing() -> None:
    closed = gates.closed(OPEN, GateOutcome.CLOSED, NOW)

    assert told(closed, gates.closed(closed, GateOutcome.CLOSED, NOW)) == []


def test_a_refused_decision_is_told_with_what_it_was_to_be_and_why_not() -> None:
    request = DecideGate(gate="aks", verdict=Verdict.APPROVE, by="mallory")
    refused = RefusedDecision(request=request, at=NOW, reason="there is no gate aks")

    one = history.of_refusal(refused, WHEN)

    assert (one.subject, one.name, one.reason) == (Subject.GATE, "aks", Cause.DECISION_REFUSED)
    assert one.message == "approve: there is no gate aks"
    assert (one.by, one.identity) == ("mallory", Identity.CLAIMED)


def test_what_a_person_asks_of_a_run_leaves_its_phase() -> None:
    one = history.of_request(Cause.PAUSED, PauseRun(by="ada", comment="lunch"), WHEN)

    assert (one.subject, one.before, one.after) == (Subject.RUN, None, None)
    assert (one.reason, one.by, one.message) == (Cause.PAUSED, "ada", "lunch")
    assert (one.at, one.activation) == WHEN


def test_a_cancel_is_told_with_its_reason_and_its_grace() -> None:
    plain = Cancelled(by="ada", at=NOW, reason="enough", grace=timedelta(seconds=20))
    deleted = plain.model_copy(update={"reason": "", "run_hooks": True, "by": ""})

    long = plain.model_copy(update={"reason": "x" * 2048})

    one, other = history.of_cancel(plain, WHEN), history.of_cancel(deleted, WHEN)
    cut = history.of_cancel(long, WHEN)

    assert one.message == "enough; what runs gets 20s to end"
    assert other.message == "what runs gets 20s to end; what always comes last still runs"
    assert (one.by, other.by) == ("ada", "")
    assert (cut.message or "").endswith("x…; what runs gets 20s to end")


def test_a_message_is_one_line_and_cut() -> None:
    request = PauseRun(by="ada", comment="a\n" * 1000)

    message = history.of_request(Cause.PAUSED, request, WHEN).message

    assert message is not None
    assert (len(message), message[:4], message[-1]) == (256, "a a ", "…")


def test_of_too_many_transitions_the_newest_are_kept_and_the_others_counted() -> None:
    trail = Trail(History())

    trail.add(happened(number) for number in range(MOST_TRANSITIONS + 3))

    kept = trail.history()
    assert kept.dropped == 3
    assert kept.transitions == tuple(map(happened, range(3, MOST_TRANSITIONS + 3)))


def test_what_is_kept_is_bounded_in_bytes_as_it_travels() -> None:
    """It goes into the result of the run and into the input of the next execution."""
    trail = Trail(History())
    long = [happened(number, "ü" * 256) for number in range(1000)]

    trail.add(long)

    kept = trail.history()
    size = sum(map(size_of, kept.transitions))
    assert MOST_BYTES - size_of(long[-1]) < size <= MOST_BYTES
    assert len(kept.model_dump_json(exclude_none=True).encode()) < size + 64
    assert kept.dropped + len(kept.transitions) == 1000
    assert kept.transitions[-1] == long[-1]


def test_a_trail_on_which_nothing_happened_is_empty() -> None:
    assert Trail(History()).history() == History()


def test_a_trail_goes_on_from_what_was_carried_over() -> None:
    earlier = History(transitions=(happened(1), happened(2)), dropped=7)
    trail = Trail(earlier)

    assert trail.history() == earlier
    trail.add([happened(3)])
    assert trail.history().transitions == (happened(1), happened(2), happened(3))
    assert trail.history().dropped == 7


def test_as_much_of_a_history_is_newest_as_there_is_room_for() -> None:
    whole = History(transitions=(happened(1), happened(2)), dropped=1)

    assert history.newest(whole, size_of(happened(2))) == History(
        transitions=(happened(2),), dropped=2
    )
    assert history.newest(whole, 0) == History(dropped=3)


def test_a_history_travels_as_it_is() -> None:
    """Words of other enumerations come back as text, and are equal."""
    gate = list(history.of_gate(OPEN, gates.with_decision(OPEN, said("ada")), WHEN))
    whole = History(transitions=(happened(1, "a"), *gate), dropped=2)

    assert History.model_validate_json(whole.model_dump_json(exclude_none=True)) == whole


def test_what_is_told_late_stands_where_it_happened() -> None:
    """A run tells at its end what happened in it; meanwhile somebody asked for something."""
    asked, began = happened(5, "asked"), happened(1, "began")
    same = happened(5, "and at the same moment")

    shown = history.in_order(History(transitions=(asked, began, same), dropped=3))

    assert shown == History(transitions=(began, asked, same), dropped=3)
