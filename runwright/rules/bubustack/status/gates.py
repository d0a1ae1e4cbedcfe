"""The gates of a run as its StoryRun shows them, for people who decide with kubectl."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from runwright.models.bubustack import GateDecisionState, GateStatus, StoryRunStatus
from runwright.models.gates import Decision, Gate, GateOutcome, RefusedDecision, Verdict
from runwright.models.story_run import StartStoryRun, StoryRunState
from runwright.rules import gates
from runwright.rules.bubustack.conditions import cut
from runwright.rules.bubustack.progress import MESSAGE
from runwright.rules.wording import listed

_WAITS: Final = "Waits for a decision"
"""How every message of an undecided gate begins, by which it is told from a person's comment."""
_LONGEST_NAMES: Final = 256


class _Decided(NamedTuple):
    state: GateDecisionState
    verdict: Verdict


_DECIDED: Final[Mapping[GateOutcome | None, _Decided]] = {
    GateOutcome.APPROVED: _Decided(GateDecisionState.APPROVED, Verdict.APPROVE),
    GateOutcome.REJECTED: _Decided(GateDecisionState.REJECTED, Verdict.REJECT),
}


def gate_statuses(start: StartStoryRun, state: StoryRunState) -> dict[str, GateStatus]:
    """Return the entries of `status.gates` that are the run's to write.

    Approved and Rejected only where the run decided so. A gate that waits is Pending and says how
    to decide it; so is one for which the newest decision was refused, so that what a person wrote
    there does not look as if it counted. A Pending entry names nobody: who writes only `state`
    into it must not decide in another's name. What was written early, for a gate that was not
    reached yet, is left alone.
    """
    refused = {one.request.gate: one for one in state.refused_decisions}
    entries = {name: _entry(start, gate, refused.get(name)) for name, gate in state.gates.items()}
    return {name: entry for name, entry in entries.items() if entry is not None}


class Shown(NamedTuple):
    """A run's state, and the status made of it."""

    state: StoryRunState
    status: StoryRunStatus


def gate_patch(before: Shown | None, now: Shown, *, again: bool) -> dict[str, Any]:
    """Return the changed entries of `status.gates`; null for one that is to go.

    People write there too. So what a refused decision wrote is overwritten even if nothing else
    changed, and an entry that only says how to decide is written without a state: it must not take
    back a decision that was made meanwhile. `again`: an earlier execution of the run left entries
    there, which nobody may take for decisions of this one.
    """
    known = before.status.gates if before else {}
    overwritten = set(_overwritten(before, now))
    patch: dict[str, Any] = {
        name: _written(entry, known.get(name), whole=again or name in overwritten)
        for name, entry in now.status.gates.items()
        if entry != known.get(name) or name in overwritten
    }
    gone = [*known, *(now.state.gates if again else ()), *sorted(overwritten)]
    return patch | {name: None for name in gone if name not in now.status.gates}


def _overwritten(before: Shown | None, now: Shown) -> Iterator[str]:
    """Yield the gates for which something is written that did not count, or no longer does."""
    known = before.state.refused_decisions if before else ()
    for refused in now.state.refused_decisions:
        if refused not in known:
            yield refused.request.gate
    for name, gate in now.state.gates.items():
        was = before.state.gates.get(name) if before else None
        if gate.outcome and gate.decisions and not (was and was.outcome):
            yield name


def _written(entry: GateStatus, before: GateStatus | None, *, whole: bool) -> dict[str, Any]:
    was_touched = before is not None and before.updated_at is not None
    if entry.updated_at or was_touched or whole:
        return entry.model_dump(mode="json")
    return {"message": entry.message}


def comment_in(entry: GateStatus) -> str:
    """Return what a person wrote into an entry; empty where the message is our own."""
    return "" if entry.message.startswith(_WAITS) else entry.message


def approval_command(start: StartStoryRun, gate: Gate) -> str:
    """Return the command for a shell that approves a gate; with Rejected in it, it rejects.

    A shell that does not know who its user is refuses it: a decision has an author. Where a gate
    names people, the one who decides is to be said: a user of a machine is seldom called so.
    """
    author = "NAME" if gate.approval.users else "USER"
    entry = f"""{{"state":"Approved","updatedBy":"'"${{{author}:?}}"'"}}"""
    return (
        f"kubectl patch storyrun {start.name} -n {start.namespace} --subresource=status"
        f""" --type=merge -p '{{"status":{{"gates":{{"{gate.name}":{entry}}}}}}}'"""
    )


def how_to_decide(start: StartStoryRun, gate: Gate) -> str:
    """Return how many approvals an open gate has, until when it waits, and how to give one."""
    until = f", until {_moment(gate.deadline)}" if gate.deadline else ""
    so_far = f"{gates.approvals(gate)} of {gate.approval.required} approvals{until}"
    if gate.approval.demands_verified:
        return f"{so_far}. Only verified identities may decide it."
    names = listed(gate.approval.users, "or")
    who = f", where NAME is {names}," if names else ""
    return f"{so_far}. Approve it{who} with: {approval_command(start, gate)}"


def deciders(gate: Gate) -> str:
    """Return the names of who decided a gate as it was decided; empty where none gave one."""
    decided = _DECIDED.get(gate.outcome)
    names = (said.by for said in gate.decisions if decided and said.verdict is decided.verdict)
    return ", ".join(dict.fromkeys(filter(None, names)))


def decided_entry(gate: Gate) -> GateStatus | None:
    """Return what is shown of a gate that was approved or rejected; None while it is neither."""
    decided = _DECIDED.get(gate.outcome)
    if decided is None:
        return None
    return GateStatus(
        state=decided.state,
        message=cut(gates.message_of(gate), MESSAGE),
        updated_at=gate.closed_at,
        updated_by=cut(deciders(gate), _LONGEST_NAMES) or None,
    )


def _entry(start: StartStoryRun, gate: Gate, refused: RefusedDecision | None) -> GateStatus | None:
    if gate.outcome:
        return decided_entry(gate)
    newest = _newest(gate.decisions)
    if refused and (newest is None or refused.at > newest):
        message = f"{_WAITS}; that of {refused.request.by or 'somebody'} was refused: "
        again = f". {how_to_decide(start, gate)}" if gate.opened_at else ""
        return _pending(f"{message}{refused.reason}{again}", refused.at)
    if gate.opened_at is None:
        return None
    return _pending(f"{_WAITS}: {how_to_decide(start, gate)}", newest)


def _pending(message: str, updated_at: datetime | None) -> GateStatus:
    return GateStatus(message=cut(message, MESSAGE), updated_at=updated_at)


def _newest(decisions: Sequence[Decision]) -> datetime | None:
    return max((said.at for said in decisions), default=None)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
