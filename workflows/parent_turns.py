"""A request's turn, for which it asks the entity of its Promise before it runs."""

from datetime import datetime, timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import FailureError

from runwright.models.kratix import (
    AskTurn,
    EndTurn,
    Standing,
    StartParent,
    Trigger,
    Turn,
    TurnPlace,
    promise_id,
)
from runwright.rules.kratix import turns
from runwright.rules.kratix.triggers import Decision
from workflows.parents import ParentWorkflow
from workflows.policies import LONGEST_WINDOW

ASK_AGAIN: Final = timedelta(minutes=5)
"""A request that waits asks again after that; it doubles with each time, up to an hour."""
_MOST_DOUBLINGS: Final = 10


class ParentTurns(ParentWorkflow):
    """The turns of a request.

    A Promise whose entity is not there holds nobody up: its requests run without.
    """

    def __init__(self, start: StartParent) -> None:
        super().__init__(start)
        self._is_asked_about_turn = False

    @workflow.signal(name="take_turn", description="It is the request's turn to run.")
    def take_turn(self) -> None:
        """Take the turn; one that is no longer wanted goes back."""
        if self._turn is None:
            self._is_asked_about_turn = True
        else:
            self._turn = self._turn.model_copy(update={"is_taken": True, "place": None})
        self._note_change()

    @workflow.signal(name="wait_turn", description="Where the request stands that waits.")
    def wait_turn(self, place: TurnPlace) -> None:
        """Keep where it stands."""
        if self._turn is not None and not self._turn.is_taken:
            self._turn = self._turn.model_copy(update={"place": place})
            self._note_change()

    @workflow.signal(name="confirm_turn", description="Does the request still have its turn?")
    def confirm_turn(self) -> None:
        """Answer if it has none; else nothing needs to be said."""
        if self._turn is None:
            self._is_asked_about_turn = True
            self._note_change()

    async def _has_turn(self, decision: Decision) -> bool:
        """Return whether it is its turn; where it has none, it asks for one."""
        trigger = decision.trigger or Trigger.NEXT
        turn = self._turn
        if turn is None or (not turn.is_taken and self._must_ask_again(turn, trigger)):
            turn = await self._asked_turn(turn, trigger)
        if turn.is_taken:
            return True
        self._stand(Standing.WAITING, turns.said_of(turn.place), in_status=True)
        return False

    def _must_ask_again(self, turn: Turn, trigger: Trigger) -> bool:
        return trigger is not turn.trigger or workflow.now() >= due(turn)

    async def _asked_turn(self, turn: Turn | None, trigger: Trigger) -> Turn:
        """Return the turn once it was asked for: taken where nobody is there who gives it."""
        now = workflow.now()
        before = turn or Turn(since=now, asked_at=now, trigger=trigger, asks=0)
        update = {"asked_at": now, "trigger": trigger, "asks": before.asks + 1}
        self._turn = before.model_copy(update=update)
        asked = AskTurn(
            id=workflow.info().workflow_id,
            trigger=trigger,
            is_own=self._seen.sight.generation not in self._known_generations,
            promise_version=self._seen.promise_version,
        )
        if not await self._told_promise("ask_turn", asked):
            self._turn = self._turn.model_copy(update={"is_taken": True})
        return self._turn

    @property
    def _known_generations(self) -> set[int]:
        """Those of the request that ran already; one that failed, or waits, is not observed."""
        return {self._state.observed_generation, self._started_generation}

    def _asks_again_at(self) -> datetime | None:
        turn = self._turn
        return due(turn) if turn is not None and not turn.is_taken else None

    async def _give_turn_back(self, *, ran: bool = False) -> None:
        """Let the next one run, or say that it waits no longer."""
        if self._turn is None and not self._is_asked_about_turn:
            return
        self._turn, self._is_asked_about_turn = None, False
        await self._told_promise("end_turn", EndTurn(id=workflow.info().workflow_id, ran=ran))

    async def _told_promise(self, signal: str, message: Any) -> bool:
        """Return whether the entity of its Promise was told something: it may not be there."""
        if not self._start.promise_uid:
            return False
        promise = promise_id(self._parent.promise, self._start.promise_uid)
        try:
            await workflow.get_external_workflow_handle(promise).signal(signal, message)
        except FailureError as error:
            workflow.logger.info("promise cannot be told: %s", error)
            return False
        return True


def due(turn: Turn) -> datetime:
    """Return when to ask again: its Promise may have forgotten it, or be gone."""
    wait: timedelta = ASK_AGAIN * 2 ** min(max(turn.asks - 1, 0), _MOST_DOUBLINGS)
    return turn.asked_at + min(wait, LONGEST_WINDOW)
