"""Gates: who may decide, what was decided, and what became of it."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from runwright.models.base import Message


class Verdict(StrEnum):
    """What one person says to a gate."""

    APPROVE = "approve"
    REJECT = "reject"


class Identity(StrEnum):
    """How it is known who decided."""

    VERIFIED = "verified"
    """The cluster vouches for it."""
    CLAIMED = "claimed"
    """The caller said so."""


class Author(StrEnum):
    """Whether the one who started a run may open its gates."""

    MAY = "may"
    MAY_NOT = "may-not"


class Approval(Message):
    """A gate's policy: who may decide, and how many have to approve.

    In a Story it stands in the gate's `with.approval`.
    """

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    required: int = Field(default=1, ge=1)
    author: Author = Author.MAY
    identity: Identity | None = None
    """None: verified where the policy names people, else claimed."""

    @property
    def names_people(self) -> bool:
        """Whether only some may decide."""
        return bool(self.users or self.groups) or self.author is Author.MAY_NOT

    @property
    def demands_verified(self) -> bool:
        """Whether a name that the caller merely claims is not enough."""
        if self.identity is None:
            return self.names_people
        return self.identity is Identity.VERIFIED


class DecideGate(Message):
    """The message that decides a gate, as an update or as a signal."""

    gate: str = Field(min_length=1, max_length=127)
    """The name of its step; a branch's with that of its block before it."""
    verdict: Verdict
    by: str = Field(default="", max_length=256)
    """Who decides, as the sender says: always a claimed identity."""
    comment: str = Field(default="", max_length=2048)
    id: str = Field(default="", max_length=128)
    """Kept with the decision, for the sender to find it again."""
    activation: int | None = Field(default=None, ge=1)
    """The activation that was looked at; None: that of the gate."""
    digest: str = Field(default="", max_length=64)
    """What was looked at; refused when the gate asks about something else by now."""


class Decision(Message):
    """One person's word on one activation of a gate."""

    gate: str
    verdict: Verdict
    activation: int
    by: str = ""
    groups: tuple[str, ...] = ()
    identity: Identity = Identity.CLAIMED
    at: datetime
    comment: str = ""
    id: str = ""
    digest: str = ""
    """Of what was approved; empty as long as the gate was not reached."""


class GateOutcome(StrEnum):
    """How a gate ended."""

    APPROVED = "Approved"
    REJECTED = "Rejected"
    TIMED_OUT = "TimedOut"
    CLOSED = "Closed"
    """The run went on or ended without it: it was skipped, or the run was cancelled."""


class Gate(Message):
    """A gate in a run: its policy, its deadline and the decisions so far."""

    name: str
    activation: int
    approval: Approval = Approval()
    opened_at: datetime | None = None
    """None: not reached yet; decisions are kept for when it is."""
    deadline: datetime | None = None
    digest: str = ""
    """SHA-256 of what a decision is about: the gate's input and the outputs it needs."""
    decisions: tuple[Decision, ...] = ()
    outcome: GateOutcome | None = None
    closed_at: datetime | None = None


class DecisionAnswer(Message):
    """What became of a decision."""

    decision: Decision
    repeated: bool = False
    """It had been made before; nothing changed."""
    outcome: GateOutcome | None = None
    """Of the gate after this decision; None: not reached yet, or more approvals are needed."""
    missing: int = 0
    """Approvals still needed."""


class RefusedDecision(Message):
    """A decision that came as a signal and did not count, and why."""

    request: DecideGate
    at: datetime
    reason: str
