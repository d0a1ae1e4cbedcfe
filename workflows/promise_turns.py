"""The turns that a Promise gives to the requests for it, as a semaphore."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from temporalio import workflow
from temporalio.exceptions import FailureError

from runwright.models.kratix import AskTurn, EndTurn, Seen, StartParent, TurnPlace
from runwright.rules.kratix import turns
from runwright.rules.kratix.triggers import Decision, Move
from workflows.parents import ParentWorkflow

LOOK_AT_HOLDERS: Final = timedelta(minutes=1)
"""While somebody waits, those who have a turn are asked that often whether they still do."""

TOLD_AT_ONCE: Final = 100
"""Requests. Five hundred took a busy machine longer than the two seconds of a workflow task."""
_TOLD_AT_FIRST: Final = 500
"""A workflow may wait for 2,000 signals that it sent: its task fails with one more, for ever."""
_TELLS_FEWER: Final = "few-are-told-at-once"
"""The mark of Promises that do so: the first ones told `_TOLD_AT_FIRST`."""


class Notice(NamedTuple):
    """What a request is to be told of its turn."""

    to: str
    signal: str
    message: TurnPlace | None = None


class PromiseTurns(ParentWorkflow):
    """The semaphore of a Promise: it is worked beside whatever the Promise itself is at."""

    def __init__(self, start: StartParent) -> None:
        super().__init__(start)
        self._notices: list[Notice] = []
        self._is_telling = False
        self._may_follow = False
        """Whether the Promise's own workflow is over, so that requests may follow a change."""
        self._asked_holders_at = workflow.now()

    @workflow.signal(name="ask_turn", description="A request wants to run.")
    def ask_turn(self, ask: AskTurn) -> None:
        """Give a request its turn, or say where it stands."""
        self._turns = turns.asked(self._turns, ask)
        if self._may_start(ask):  # whoever else waits and may start waits for room
            self._grant()
        if not turns.has_one(self._turns, ask.id):
            self._notices.append(Notice(ask.id, "wait_turn", self._place_of(ask)))
        elif not any(one.to == ask.id for one in self._notices):
            self._notices.append(Notice(ask.id, "take_turn"))  # it had one, and does not know
        if turns.is_ahead(ask, self._seen.version):
            self._is_to_be_seen = True
            self._note_change()

    @workflow.signal(name="end_turn", description="A request has run, or does not want to.")
    def end_turn(self, ended: EndTurn) -> None:
        """Let the next one run."""
        self._turns = turns.without(self._turns, ended.id)
        if ended.ran and self._fan_out is not None:
            self._fan_out = turns.one_more_done(self._fan_out)
        self._grant()

    def _place_of(self, ask: AskTurn) -> TurnPlace:
        held = not self._may_start(ask)
        return turns.place_of(self._turns, ask.id, self._start.most_at_once, is_held=held)

    def _may_start(self, ask: AskTurn) -> bool:
        if not turns.follows_its_promise(ask):
            return True
        return self._may_follow and not turns.is_ahead(ask, self._seen.version)

    def _grant(self) -> None:
        """Give turns to those who are next, as far as there is room."""
        most = self._start.most_at_once
        self._turns, chosen = turns.granted(self._turns, most, self._may_start)
        self._notices += [Notice(one.id, "take_turn") for one in chosen]

    def _note_seen(self, seen: Seen | None) -> None:
        before = self._seen.sight
        super()._note_seen(seen)
        now = self._seen.sight
        if (before.hash, before.generation) != (now.hash, now.generation):
            self._may_follow = False
        self._grant()

    def _note_settled(self, decision: Decision) -> None:
        """Hold those who follow the Promise back while its own workflow is not over."""
        if decision.move is not Move.REST:
            self._may_follow = False

    def _let_followers_start(self) -> None:
        self._may_follow = True
        self._grant()

    def _kept_up(self) -> Sequence[Coroutine[Any, Any, None]]:
        return [*super()._kept_up(), self._keep_turns()]

    def _may_renew(self) -> bool:
        return super()._may_renew() and not self._notices and not self._is_telling

    async def _keep_turns(self) -> None:
        """Tell requests of their turns, and look now and then whether those who have one live."""
        while True:
            await self._tell_turns()
            if not self._turns.waiting:
                await workflow.wait_condition(lambda: bool(self._notices or self._turns.waiting))
                self._asked_holders_at = workflow.now()
                continue
            due = self._asked_holders_at + LOOK_AT_HOLDERS
            await self._until(lambda: bool(self._notices), due)
            if workflow.now() >= due:
                self._asked_holders_at = workflow.now()
                self._notices += [Notice(one.id, "confirm_turn") for one in self._turns.under_way]

    async def _until(self, holds: Callable[[], bool], moment: datetime) -> None:
        """Return once that holds, or at that moment."""
        change = asyncio.create_task(workflow.wait_condition(holds))
        try:
            await self._alarms.wait([change], moment)
        finally:
            change.cancel()

    async def _tell_turns(self) -> None:
        while self._notices:
            most = self._most_to_tell()
            notices, self._notices = self._notices[:most], self._notices[most:]
            self._is_telling = True
            await asyncio.gather(*(self._tell_one(notice) for notice in notices))
            self._is_telling = False

    def _most_to_tell(self) -> int:
        if len(self._notices) <= TOLD_AT_ONCE or workflow.patched(_TELLS_FEWER):
            return TOLD_AT_ONCE
        return _TOLD_AT_FIRST

    async def _tell_one(self, notice: Notice) -> None:
        """Tell one request; one that is not there has no turn."""
        request = workflow.get_external_workflow_handle(notice.to)
        arguments: Sequence[Any] = [] if notice.message is None else [notice.message]
        try:
            await request.signal(notice.signal, args=arguments)
        except FailureError as error:
            workflow.logger.info("request is gone: %s", error)
            self._turns = turns.without(self._turns, notice.to)
            self._grant()
