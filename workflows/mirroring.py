"""Showing a run in its cluster: the latest state, one write at a time, the last one awaited."""

from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.objects import ObjectActivities
from runwright.models.objects import StatusUpdate
from workflows.asking import asked
from workflows.policies import CALL_HEARTBEAT, CLUSTER_CALL, ONE_WRITE, TRY_FOR_EVER

S = TypeVar("S")


class Mirror(Generic[S]):
    """Writes what `update(before, now)` says has changed since the state that was shown last."""

    def __init__(
        self, update: Callable[[S | None, S], StatusUpdate], *, at_once: bool = False
    ) -> None:
        """Write by activities; `at_once`: within the tasks of the workflow, where it can be."""
        self._update = update
        self._write = _asked if at_once else _executed
        self._shown: S | None = None
        self._told: S | None = None
        """The last state whose Events were told; the cluster may have refused its status."""

    def assume(self, shown: S | None) -> None:
        """Take a state for shown that somebody else showed; None: nobody knows what is shown."""
        self._shown = self._told = shown

    async def show(self, now: S) -> None:
        """Show a state, and return when it is written; what changes nothing is not written.

        What the cluster refuses for good is given up: the run goes on, and its next state is
        shown from what was shown before. Events are told once.
        """
        update = self._update(self._shown, now)
        if self._told is not self._shown:
            events = self._update(self._told, now).events
            update = update.model_copy(update={"events": events})
        self._told = now
        if update.patches or update.events:
            try:
                await self._write(update)
            except ActivityError as error:
                workflow.logger.warning("status refused: %s", error.cause or error)
                return
        self._shown = now


async def _asked(update: StatusUpdate) -> None:
    await asked(
        ObjectActivities.show_status, update, summary="show status", within=_limit_of(update)
    )


async def _executed(update: StatusUpdate) -> None:
    """Write as all recorded StoryRuns did: their histories have an activity, and no mark."""
    await workflow.execute_activity_method(
        ObjectActivities.show_status,
        update,
        start_to_close_timeout=_limit_of(update),
        heartbeat_timeout=CALL_HEARTBEAT,
        retry_policy=TRY_FOR_EVER,
        summary="show status",
    )


def _limit_of(update: StatusUpdate) -> timedelta:
    return CLUSTER_CALL + len(update.patches + update.events) * ONE_WRITE
