"""Telling runs how their tasks ended, by the claim that awaits it."""

from collections.abc import Awaitable, Callable
from typing import Final

from temporalio.api.enums.v1 import PendingActivityState, WorkflowExecutionStatus
from temporalio.client import (
    AsyncActivityCancelledError,
    AsyncActivityHandle,
    Client,
    WorkflowExecutionDescription,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal.connection import translated
from runwright.errors import PermanentError, RunwrightError
from runwright.models.tasks import Claim, TaskNote, TaskOutcome
from runwright.ports import Answer

_OPEN: Final = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING
_CANCEL_REQUESTED: Final = PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED


class TemporalCompletions:
    """The port Completions, over asynchronous completion of activities by their ids."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def finish(self, claim: Claim, outcome: TaskOutcome) -> Answer:
        """Complete the claim's activity with the outcome."""
        return await self._told("finish", claim, lambda activity: activity.complete(outcome))

    async def fail(self, claim: Claim, error: RunwrightError) -> Answer:
        """Fail the claim's activity; Temporal tries it again unless the error is permanent."""
        failure = ApplicationError(
            str(error), type=type(error).__name__, non_retryable=isinstance(error, PermanentError)
        )
        return await self._told("fail", claim, lambda activity: activity.fail(failure))

    async def beat(self, claim: Claim, progress: str) -> Answer:
        """Heartbeat the claim's activity."""
        return await self._told("beat", claim, lambda activity: activity.heartbeat(progress))

    async def note(self, claim: Claim, note: TaskNote) -> Answer:
        """Send the run the signal `note_task`."""
        run = self._client.get_workflow_handle(claim.workflow_id, run_id=claim.run_id or None)
        try:
            await run.signal("note_task", note)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise translated(error, f"note {claim.activity_id}") from error
            return await self._why_not_found(claim)
        return Answer.RECORDED

    async def _told(
        self, attempt: str, claim: Claim, report: Callable[[AsyncActivityHandle], Awaitable[None]]
    ) -> Answer:
        found = claim if claim.is_exact else await self._awaiting(claim)
        if isinstance(found, Answer):
            return found
        try:
            await report(self._activity(found))
        except AsyncActivityCancelledError as told:
            cancelled = told.details is not None and told.details.cancel_requested
            return await self._why_not_found(found) if cancelled else Answer.RECORDED
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise translated(error, f"{attempt} {found.activity_id}") from error
            return await self._why_not_found(found)
        return Answer.RECORDED

    def _activity(self, claim: Claim) -> AsyncActivityHandle:
        return self._client.get_async_activity_handle(
            workflow_id=claim.workflow_id,
            run_id=claim.run_id or None,
            activity_id=claim.activity_id,
        )

    async def _why_not_found(self, claim: Claim) -> Answer:
        """Tell apart a claim that was replaced from a try that nobody awaits."""
        found = await self._awaiting(claim)
        return found if isinstance(found, Answer) else Answer.STALE

    async def _awaiting(self, claim: Claim) -> Claim | Answer:
        """Return the claim that is open on the same try, or why there is none.

        A try is awaited as long as the run has an activity of its id, up to the number of the
        claim, that was not cancelled.
        """
        run = await self._described(claim)
        if run is None:
            return Answer.UNKNOWN
        if run.raw_description.workflow_execution_info.status != _OPEN:
            return Answer.GONE
        this_try = claim.activity_id.rpartition("/")[0] + "/"
        for pending in run.raw_description.pending_activities:
            is_of_it = pending.activity_id.startswith(this_try)
            if is_of_it and pending.state != _CANCEL_REQUESTED:
                return claim.model_copy(update={"activity_id": pending.activity_id})
        return Answer.GONE

    async def _described(self, claim: Claim) -> WorkflowExecutionDescription | None:
        """Return the run of a claim; None if Temporal knows none, or not even its namespace."""
        run = self._client.get_workflow_handle(claim.workflow_id, run_id=claim.run_id or None)
        try:
            return await run.describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise translated(error, f"look for claim {claim.activity_id}") from error
