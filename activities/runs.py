"""What a run asks about runs."""

from temporalio import activity

from activities.heartbeats import beating
from runwright.errors import RefusedError
from runwright.models.base import Message
from runwright.models.runs import CancelRun
from runwright.ports import Runs


class CancelOwnRun(Message):
    """Why a run asks to be cancelled."""

    reason: str


class EndRun(Message):
    """Which run is to end, and how it is told."""

    workflow_id: str
    cancel: CancelRun


class TerminateRun(Message):
    """Which run did not end in time, and why it had to."""

    workflow_id: str
    reason: str


class RunActivities:
    """Activities over the runs themselves."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    @activity.defn
    async def cancel_own_run(self, request: CancelOwnRun) -> None:
        """Request the cancellation of the run that asks.

        A workflow cannot close as cancelled unless Temporal was asked to cancel it. Idempotent:
        the run; a second request changes nothing.
        """
        info = activity.info()
        if info.workflow_id is None or info.workflow_run_id is None:
            message = "cancel own run: this activity has no workflow"
            raise RefusedError(message)
        await self._runs.cancel(info.workflow_id, info.workflow_run_id, request.reason)

    @activity.defn
    async def end_run(self, request: EndRun) -> bool:
        """Have another run cancel itself, wait until it is closed; return whether it was open.

        Idempotent: the run; of several requests it heeds the first. It heartbeats while it waits.
        """
        was_open = await self._runs.tell_to_end(request.workflow_id, request.cancel)
        if was_open:
            async with beating():
                await self._runs.wait_for_end(request.workflow_id)
        return was_open

    @activity.defn
    async def terminate_run(self, request: TerminateRun) -> None:
        """End another run without any more of its code. Idempotent: the run."""
        await self._runs.terminate(request.workflow_id, request.reason)
