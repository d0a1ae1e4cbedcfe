"""What is told of people and gates in the history of a run, and how much of it is kept."""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from pydantic import TypeAdapter

from runwright.models.gates import Decision, Gate, GateOutcome, Identity, RefusedDecision, Verdict
from runwright.models.history import OPEN, Cause, History, Subject, Transition
from runwright.models.runs import Cancelled
from runwright.rules import gates
from runwright.rules.times import lasting, moment
from runwright.rules.wording import excerpt

MOST_TRANSITIONS: Final = 2_000
MOST_BYTES: Final = 256 * 1024
"""Of JSON, that the transitions of a run take: they travel with its state, and into a retry."""
LONGEST_MESSAGE: Final = 256
"""Characters of a message, or of a list of names."""
_TRANSITIONS: Final = TypeAdapter(tuple[Transition, ...])
_CAUSES: Final = {Verdict.APPROVE: Cause.APPROVE, Verdict.REJECT: Cause.REJECT}


class When(NamedTuple):
    """The moment of a transition, and the execution of the run that it lies in."""

    at: datetime
    activation: int


class Request(Protocol):
    """What a person asks of a run."""

    @property
    def by(self) -> str:
        """Who asks, as the sender says."""
        ...

    @property
    def comment(self) -> str:
        """Why."""
        ...


class Trail:
    """The newest transitions of a run, in their order; of older ones only the number is kept.

    They are kept as JSON, which takes a tenth of the memory: a worker holds thousands of runs, and
    few of them are asked. `carried` is the history of the executions before this one.
    """

    def __init__(self, carried: History, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: deque[bytes] = deque()
        self._bytes = 0
        self._dropped = carried.dropped
        self.add(carried.transitions)

    def add(self, transitions: Iterable[Transition]) -> None:
        """Append what happened; the oldest make room for it."""
        for transition in transitions:
            self._kept.append(_written(transition))
            self._bytes += len(self._kept[-1])
        while len(self._kept) > MOST_TRANSITIONS or self._bytes > self._most_bytes:
            self._bytes -= len(self._kept.popleft())
            self._dropped += 1

    def history(self) -> History:
        """Return what is kept."""
        transitions = _TRANSITIONS.validate_json(b"[%s]" % b"".join(self._kept)[:-1])
        return History(transitions=transitions, dropped=self._dropped)


def size_of(transition: Transition) -> int:
    """Return the bytes that a transition takes in a list, as it travels: without what is None."""
    return len(_written(transition))


def _written(transition: Transition) -> bytes:
    return transition.model_dump_json(exclude_none=True).encode() + b","


def newest(history: History, most_bytes: int) -> History:
    """Return as much of the history as that many bytes of JSON can hold."""
    return Trail(history, most_bytes).history()


def in_order(history: History) -> History:
    """Return the history by time: what a run tells at its end happened among what is known.

    What happened at the same moment stays in the order in which it was kept.
    """
    ordered = sorted(history.transitions, key=lambda one: one.at)
    return history.model_copy(update={"transitions": tuple(ordered)})


def said(text: str) -> str | None:
    """Return a message as it is kept; None for an empty one."""
    return excerpt(text, LONGEST_MESSAGE) or None


def claimed(by: str) -> Identity | None:
    """Return how it is known who asked: the sender said so, or said nothing."""
    return Identity.CLAIMED if by else None


def of_request(cause: Cause, request: Request, when: When) -> Transition:
    """Return that a person asked something of the run, and was heard."""
    return _of_person(cause, request.by, request.comment, when)


def of_cancel(cancelled: Cancelled, when: When) -> Transition:
    """Return that a person asked to cancel the run, why, and what is left to its tasks."""
    rest = f"what runs gets {lasting(cancelled.grace)} to end"
    hooks = "what always comes last still runs" if cancelled.run_hooks else ""
    room = LONGEST_MESSAGE - len(f"; {rest}; {hooks}")
    why = "; ".join(filter(None, (excerpt(cancelled.reason, room), rest, hooks)))
    return _of_person(Cause.CANCEL_REQUESTED, cancelled.by, why, when)


def _of_person(cause: Cause, by: str, why: str, when: When) -> Transition:
    return Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.RUN,
        reason=cause,
        message=said(why),
        by=by,
        identity=claimed(by),
    )


def of_refusal(refused: RefusedDecision, when: When) -> Transition:
    """Return that a decision did not count, and why. Its gate may not exist."""
    request = refused.request
    return Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.GATE,
        name=request.gate,
        reason=Cause.DECISION_REFUSED,
        message=said(f"{request.verdict}: {refused.reason}"),
        by=request.by,
        identity=claimed(request.by),
    )


def of_gate(before: Gate, after: Gate, when: When) -> Iterator[Transition]:
    """Yield that a gate was reached, each decision, and how it was closed.

    A decision that settles the gate and the gate's outcome are one transition. To say again what
    one has said is none; nor is the end of a gate that was never reached, of which its step tells.
    """
    was_reached = after.opened_at and not before.opened_at
    if was_reached:
        yield from _reached(before, after, when)
    outcome = None if before.outcome else after.outcome
    new = [decision for decision in after.decisions if not gates.is_repeat(before, decision)]
    for decision in new:
        yield _of_decision(decision, _CAUSES[decision.verdict], when, outcome)
    if outcome and not new and (after.opened_at or after.decisions):
        cause = Cause.DECIDED_BEFORE if was_reached else None
        yield _of_outcome(after, outcome, when, cause)


def _reached(before: Gate, after: Gate, when: When) -> Iterator[Transition]:
    yield Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.GATE,
        name=after.name,
        after=OPEN,
        message=f"until {moment(after.deadline, when.at)}" if after.deadline else None,
    )
    for decision in before.decisions:
        if not gates.is_repeat(after, decision):
            yield _of_decision(decision, Cause.DECISION_VOID, when)


def _of_decision(
    decision: Decision, cause: Cause, when: When, outcome: GateOutcome | None = None
) -> Transition:
    return Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.GATE,
        name=decision.gate,
        before=OPEN if outcome else None,
        after=outcome,
        reason=cause,
        message=said(decision.comment),
        by=decision.by,
        identity=decision.identity if decision.by else None,
    )


def _of_outcome(gate: Gate, outcome: GateOutcome, when: When, cause: Cause | None) -> Transition:
    return Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.GATE,
        name=gate.name,
        before=OPEN if gate.opened_at else None,
        after=outcome,
        reason=cause,
    )
