"""What people say to a run, or to what looks after a parent: decisions, pause, resume."""

import uuid
from typing import TypeVar

from runwright.models.base import Message
from runwright.models.gates import DecideGate, DecisionAnswer, Verdict
from runwright.models.runs import Paused, PauseRun, Resumed, ResumeRun

T = TypeVar("T", bound=Message)


class Messages:
    """The messages that every workflow understands to which people talk."""

    async def _told(self, name: str, message: Message, answer: type[T]) -> T | None:
        """Send a message, and return its answer; None when no worker answered, and it waits."""
        raise NotImplementedError

    async def decide(self, request: DecideGate) -> DecisionAnswer | None:
        """Decide a gate; None when no worker answered and the decision waits in Temporal.

        Raises:
            RefusedError: the decision does not count; the message says why.
        """
        named = request if request.id else request.model_copy(update={"id": uuid.uuid4().hex})
        return await self._told("decide_gate", named, DecisionAnswer)

    async def approve(self, gate: str, *, by: str = "", comment: str = "") -> DecisionAnswer | None:
        """Approve a gate, as `decide` does; that of a suspended pipeline lets it go on."""
        return await self.decide(
            DecideGate(gate=gate, verdict=Verdict.APPROVE, by=by, comment=comment)
        )

    async def reject(self, gate: str, *, by: str = "", comment: str = "") -> DecisionAnswer | None:
        """Reject a gate, as `decide` does; that of a suspended pipeline lets it fail."""
        return await self.decide(
            DecideGate(gate=gate, verdict=Verdict.REJECT, by=by, comment=comment)
        )

    async def pause(self, *, by: str = "", comment: str = "") -> Paused | None:
        """Start nothing more until resumed; None when no worker answered, as in `decide`."""
        return await self._told("pause", PauseRun(by=by, comment=comment), Paused)

    async def resume(self, *, by: str = "", comment: str = "") -> Resumed | None:
        """Go on after a pause; None when no worker answered, as in `decide`."""
        return await self._told("resume", ResumeRun(by=by, comment=comment), Resumed)
