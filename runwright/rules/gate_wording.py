"""How far a gate is, who decided it and who may, as a person reads it."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from runwright.models.gates import Author, Gate, GateOutcome, RefusedDecision, Verdict
from runwright.rules import gates
from runwright.rules.wording import listed

_MOST_REFUSED: Final = 3


def approvals(gate: Gate) -> str:
    """Return how far a gate's decision is: `1 of 2 approvals`."""
    return f"{gates.approvals(gate)} of {gate.approval.required} approvals"


def standing(gate: Gate) -> str:
    """Return how far a gate's decision is, who said what so far, and who may say more."""
    return "; ".join([approvals(gate), *_said(gate), *_entitled(gate)])


def verdict_of(gate: Gate) -> str:
    """Return by whom a gate was approved or rejected; empty while neither."""
    if gate.outcome is GateOutcome.APPROVED:
        return f"approved by {_names(gate, Verdict.APPROVE)}"
    if gate.outcome is GateOutcome.REJECTED:
        comments = (one.comment for one in gate.decisions if one.verdict is Verdict.REJECT)
        comment = next((f": {said}" for said in comments if said), "")
        return f"rejected by {_names(gate, Verdict.REJECT)}{comment}"
    return ""


def as_whom(gate: Gate, user: str, authors: Collection[str]) -> str:
    """Return ` --as NAME` where the gate's policy does not let the user decide."""
    policy = gate.approval
    is_other = bool(policy.users) and user not in policy.users
    is_author = policy.author is Author.MAY_NOT and user in authors
    return " --as NAME" if is_other or is_author else ""


def why_nobody(gate: Gate, authors: Collection[str]) -> str:
    """Return why nobody can decide a gate in this version, and what helps; empty: somebody can.

    `authors` started the run; an empty name among them is somebody who did not say who it was.
    """
    policy = gate.approval
    if policy.demands_verified:
        why = "it takes verified identities only, and this version has none"
        helps = "Write `identity: claimed` into its policy"
    elif policy.groups and not policy.users:
        why = "this version has no way to know who is in a group"
        helps = "Name `users` in its policy"
    elif policy.author is Author.MAY_NOT and "" in authors:
        why = "it may not be whoever started the run, and nobody knows who that is"
        helps = "Take `author: may-not` out of its policy"
    else:
        return ""
    return f"Nobody can decide it: {why}. {helps}, and run it anew"


def refused(decisions: Sequence[RefusedDecision]) -> Iterator[str]:
    """Yield the newest decisions that did not count, and why, the newest last."""
    for one in decisions[-_MOST_REFUSED:]:
        who, request = one.request.by or "somebody", one.request
        yield f"Refused: {who} said {request.verdict} to gate {request.gate}: {one.reason}"


def _names(gate: Gate, verdict: Verdict) -> str:
    return listed(one.by or "somebody" for one in gate.decisions if one.verdict is verdict)


def _said(gate: Gate) -> Iterator[str]:
    if names := _names(gate, Verdict.APPROVE):
        yield f"{names} approved"
    if names := _names(gate, Verdict.REJECT):
        yield f"{names} rejected"


def _entitled(gate: Gate) -> Iterator[str]:
    policy = gate.approval
    if policy.users or policy.groups:
        people = [*policy.users, *(f"group {name}" for name in policy.groups)]
        yield f"may be decided by {listed(people, 'or')}"
    if policy.author is Author.MAY_NOT:
        yield "not by who started the run"
    if policy.demands_verified:
        yield "verified identities only"
