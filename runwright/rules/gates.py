"""Who may decide a gate, what a decision changes, and when a gate is decided."""

import hashlib
import json
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from runwright.models.gates import (
    Approval,
    Author,
    Decision,
    DecisionAnswer,
    Gate,
    GateOutcome,
    Identity,
    Verdict,
)

MOST_DECISIONS: Final = 100
_OUTCOMES: Final = {
    GateOutcome.APPROVED: "is already approved",
    GateOutcome.REJECTED: "is already rejected",
    GateOutcome.TIMED_OUT: "timed out",
    GateOutcome.CLOSED: "is closed without a decision",
}


def digest(asked: Any) -> str:
    """Return the SHA-256 of what a gate asks about, as canonical JSON."""
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def never_enough(policy: Approval) -> str:
    """Return why a policy asks for more approvals than people may give; empty: it does not."""
    people = len(set(policy.users))
    if not people or policy.groups or policy.required <= people:
        return ""
    return f"asks for {policy.required} approvals, but no more than {people} may give one"


def refusal(gate: Gate, decision: Decision, authors: Collection[str]) -> str | None:
    """Return why the decision does not count, in a sentence for its sender; None: it counts.

    A repeat of what was decided is not refused. `authors` started the run, or retried it; an empty
    name among them is somebody who did not say who it was.
    """
    if decision.activation != gate.activation:
        return (
            f"gate {gate.name} is in activation {gate.activation}; "
            f"the decision is about activation {decision.activation}"
        )
    if is_repeat(gate, decision):
        return None
    if gate.outcome:
        return _closed(gate)
    if decision.digest and gate.digest and decision.digest != gate.digest:
        return (
            f"gate {gate.name} asks about something else by now: "
            f"look at it again and decide on digest {gate.digest}"
        )
    return _not_entitled(gate, decision, authors) or _too_many(gate)


def _closed(gate: Gate) -> str:
    said = _OUTCOMES[gate.outcome] if gate.outcome else "is open"
    last = gate.decisions[-1] if gate.decisions else None
    decided = gate.outcome in {GateOutcome.APPROVED, GateOutcome.REJECTED}
    by = f" by {last.by}" if decided and last and last.by else ""
    at = f" at {gate.closed_at:%Y-%m-%dT%H:%M:%SZ}" if gate.closed_at else ""
    return f"gate {gate.name} {said}{by}{at}"


def _too_many(gate: Gate) -> str | None:
    if len(gate.decisions) < MOST_DECISIONS:
        return None
    return f"gate {gate.name} has {MOST_DECISIONS} decisions, which is as many as it takes"


def _not_entitled(gate: Gate, decision: Decision, authors: Collection[str]) -> str | None:
    policy = gate.approval
    if policy.demands_verified and decision.identity is not Identity.VERIFIED:
        return (
            f"gate {gate.name} takes decisions of verified identities only; a name that the "
            "sender gives is not one (its policy may say `identity: claimed`)"
        )
    if (policy.names_people or policy.required > 1) and not decision.by:
        return f"gate {gate.name} must know who decides: give a name"
    if policy.author is Author.MAY_NOT and "" in authors:
        return f"gate {gate.name} may not be decided by who started the run, and nobody knows who"
    if policy.author is Author.MAY_NOT and decision.by in authors:
        return f"gate {gate.name} may not be decided by {decision.by}, who started the run"
    listed = decision.by in policy.users or not set(policy.groups).isdisjoint(decision.groups)
    if (policy.users or policy.groups) and not listed:
        allowed = ", ".join([*policy.users, *(f"group {name}" for name in policy.groups)])
        return f"gate {gate.name} may be decided by {allowed}; {decision.by} is not among them"
    return None


def is_repeat(gate: Gate, decision: Decision) -> bool:
    """Return whether the same person said the same before, known in the same way."""
    return any(_is_same(earlier, decision) for earlier in gate.decisions)


def _is_same(one: Decision, other: Decision) -> bool:
    return (one.by, one.identity, one.verdict) == (other.by, other.identity, other.verdict)


def with_decision(gate: Gate, decision: Decision) -> Gate:
    """Return the gate with a decision that counts.

    Whoever decides again withdraws the earlier word.
    """
    others = tuple(d for d in gate.decisions if not decision.by or d.by != decision.by)
    about = decision.model_copy(update={"digest": gate.digest or decision.digest})
    decided = gate.model_copy(update={"decisions": (*others, about)})
    return settled(decided, decision.at)


def repeated(gate: Gate, decision: Decision) -> Gate:
    """Return an undecided gate with a word that was said again, as of now.

    Nothing is counted twice. But who says it again by writing it where the gate is shown has
    overwritten what is shown, and the time tells that it has to be put right.
    """
    if gate.outcome:
        return gate
    said = tuple(
        one.model_copy(update={"at": decision.at}) if _is_same(one, decision) else one
        for one in gate.decisions
    )
    return gate.model_copy(update={"decisions": said})


def opened(gate: Gate, asked: str, at: datetime, deadline: datetime | None) -> Gate:
    """Return the gate as reached; decisions made before count now, if not about another digest."""
    kept = tuple(
        decision.model_copy(update={"digest": asked})
        for decision in gate.decisions
        if decision.digest in {"", asked}
    )
    update = {"opened_at": at, "deadline": deadline, "digest": asked, "decisions": kept}
    return settled(gate.model_copy(update=update), at)


def settled(gate: Gate, at: datetime) -> Gate:
    """Return the gate closed, if it was reached and its decisions suffice; one no is enough."""
    if gate.opened_at is None or gate.outcome:
        return gate
    if any(decision.verdict is Verdict.REJECT for decision in gate.decisions):
        return closed(gate, GateOutcome.REJECTED, at)
    return closed(gate, GateOutcome.APPROVED, at) if missing(gate) == 0 else gate


def closed(gate: Gate, outcome: GateOutcome, at: datetime) -> Gate:
    """Return the gate closed with that outcome; one that is closed stays as it is."""
    if gate.outcome:
        return gate
    return gate.model_copy(update={"outcome": outcome, "closed_at": at})


def approvals(gate: Gate) -> int:
    """Return how many approvals the gate has."""
    return sum(decision.verdict is Verdict.APPROVE for decision in gate.decisions)


def missing(gate: Gate) -> int:
    """Return how many approvals the gate still needs."""
    return max(0, gate.approval.required - approvals(gate))


def answer(gate: Gate, decision: Decision, *, repeated: bool) -> DecisionAnswer:
    """Return what the sender of a decision is told."""
    return DecisionAnswer(
        decision=decision,
        repeated=repeated,
        outcome=gate.outcome,
        missing=0 if gate.outcome else missing(gate),
    )


def message_of(gate: Gate) -> str:
    """Return what a decided gate says about itself: the decider's comment, else a sentence."""
    last = gate.decisions[-1] if gate.decisions else None
    said = "Gate approved." if gate.outcome is GateOutcome.APPROVED else "Gate rejected."
    return last.comment if last and last.comment else said
