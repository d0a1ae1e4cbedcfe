"""What a run asks about runs."""

from temporalio import activity

from runwright.errors import RefusedError
from runwright.models.base import Message
from runwright.ports import Runs


class CancelOwnRun(Message):
    """Why a run asks to be cancelled."""

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
