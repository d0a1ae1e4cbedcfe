"""The runs, as Temporal knows them."""

from temporalio.client import Client, WorkflowFailureError
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal.connection import translated
from runwright.models.runs import CancelRun


class TemporalRuns:
    """The port Runs, over a Temporal client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def cancel(self, workflow_id: str, run_id: str, reason: str) -> None:
        """Request the cancellation of one execution; one that is closed stays as it is."""
        try:
            await self._client.get_workflow_handle(workflow_id, run_id=run_id).cancel(reason=reason)
        except RPCError as error:
            _refuse_all_but_absence(error, f"cancel {workflow_id}")

    async def tell_to_end(self, workflow_id: str, request: CancelRun) -> bool:
        """Send the run the signal `cancel`; return whether it was open."""
        try:
            await self._client.get_workflow_handle(workflow_id).signal("cancel", request)
        except RPCError as error:
            _refuse_all_but_absence(error, f"tell {workflow_id} to end")
            return False
        return True

    async def wait_for_end(self, workflow_id: str) -> None:
        """Return once the run is closed, however it ended."""
        try:
            await self._client.get_workflow_handle(workflow_id).result(follow_runs=False)
        except WorkflowFailureError:
            return
        except RPCError as error:
            _refuse_all_but_absence(error, f"wait for the end of {workflow_id}")

    async def terminate(self, workflow_id: str, reason: str) -> None:
        """End the run without any more of its own code."""
        try:
            await self._client.get_workflow_handle(workflow_id).terminate(reason=reason)
        except RPCError as error:
            _refuse_all_but_absence(error, f"terminate {workflow_id}")


def _refuse_all_but_absence(error: RPCError, attempt: str) -> None:
    """Let an answer pass that says that there is nothing to be done any more."""
    if error.status is not RPCStatusCode.NOT_FOUND:
        raise translated(error, attempt) from error
