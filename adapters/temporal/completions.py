"""Telling runs how their tasks ended, by the claim that awaits it."""

import base64
from collections.abc import Awaitable
from typing import Final

from temporalio.api.enums.v1 import PendingActivityState, WorkflowExecutionStatus
from temporalio.client import AsyncActivityCancelledError, AsyncActivityHandle, Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal.connection import translated
from runwright.errors import PermanentError, RunwrightError
from runwright.models.tasks import Claim, TaskNote, TaskOutcome
from runwright.ports import Answer

_OPEN: Final = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING
_CANCEL_REQUESTED: Final = PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED


class TemporalCompletions:
    """The port Completions, over asynchronous activity completion by task token."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def finish(self, claim: Claim, outcome: TaskOutcome) -> Answer:
        """Complete the claim's activity with the outcome."""
        return await self._told(claim, self._handle(claim).complete(outcome), "finish")

    async def fail(self, claim: Claim, error: RunwrightError) -> Answer:
        """Fail the claim's activity; Temporal tries it again unless the error is permanent."""
        failure = ApplicationError(
            str(error), type=type(error).__name__, non_retryable=isinstance(error, PermanentError)
        )
        return await self._told(claim, self._handle(claim).fail(failure), "fail")

    async def beat(self, claim: Claim, progress: str) -> Answer:
        """Heartbeat the claim's activity."""
        return await self._told(claim, self._handle(claim).heartbeat(progress), "beat")

    async def note(self, claim: Claim, note: TaskNote) -> Answer:
        """Send the run the signal `note_task`."""
        run = self._client.get_workflow_handle(claim.workflow_id, run_id=claim.run_id)
        try:
            await run.signal("note_task", note)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Answer.GONE
            raise translated(error, f"note {claim.activity_id}") from error
        return Answer.RECORDED

    def _handle(self, claim: Claim) -> AsyncActivityHandle:
        token = base64.b64decode(claim.token)
        return self._client.get_async_activity_handle(task_token=token)

    async def _told(self, claim: Claim, report: Awaitable[None], attempt: str) -> Answer:
        try:
            await report
        except AsyncActivityCancelledError as told:
            cancelled = told.details is not None and told.details.cancel_requested
            return await self._why_not_found(claim) if cancelled else Answer.RECORDED
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise translated(error, f"{attempt} {claim.activity_id}") from error
            return await self._why_not_found(claim)
        return Answer.RECORDED

    async def _why_not_found(self, claim: Claim) -> Answer:
        """Tell apart a claim that was replaced from a try that nobody awaits.

        Temporal says NOT_FOUND to both. A try is awaited as long as the run has an activity of
        its id, up to the number of the claim, that was not cancelled.
        """
        run = self._client.get_workflow_handle(claim.workflow_id, run_id=claim.run_id)
        try:
            description = (await run.describe()).raw_description
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Answer.GONE
            raise translated(error, f"look for claim {claim.activity_id}") from error
        if description.workflow_execution_info.status != _OPEN:
            return Answer.GONE
        this_try = claim.activity_id.rpartition("/")[0] + "/"
        awaited = any(
            pending.activity_id.startswith(this_try) and pending.state != _CANCEL_REQUESTED
            for pending in description.pending_activities
        )
        return Answer.STALE if awaited else Answer.GONE
