"""The runs, as Temporal knows them."""

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal.connection import translated


class TemporalRuns:
    """The port Runs, over a Temporal client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def cancel(self, workflow_id: str, run_id: str, reason: str) -> None:
        """Request the cancellation of one execution; one that is closed stays as it is."""
        try:
            await self._client.get_workflow_handle(workflow_id, run_id=run_id).cancel(reason=reason)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise translated(error, f"cancel {workflow_id}") from error
