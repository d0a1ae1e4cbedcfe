"""The executions of a run: what the last one came to, and how another one begins."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from temporalio.api.enums.v1 import WorkflowIdConflictPolicy, WorkflowIdReusePolicy
from temporalio.api.workflowservice.v1 import StartWorkflowExecutionRequest
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.common import TypedSearchAttributes
from temporalio.converter import encode_search_attributes
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal.connection import translated
from adapters.temporal.launching import Place
from runwright.errors import (
    ConflictError,
    NoWorkerError,
    RefusedError,
    RunwrightError,
)
from runwright.models.runs import CancelRun
from runwright.models.story_run import StartStoryRun, StoryRunState, workflow_id

NO_ANSWER: Final = frozenset(
    {
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.FAILED_PRECONDITION,
    }
)
"""What Temporal says when it had to ask a worker and none came."""
_ANSWER_WITHIN: Final = timedelta(seconds=10)
"""A worker may have to replay a run before it can tell of it."""


class TemporalExecutions:
    """The port Executions, over a Temporal client.

    `attributes` makes the search attributes of a run, by which Temporal lists it.
    """

    def __init__(
        self,
        client: Client,
        place: Place,
        attributes: Callable[[StartStoryRun], TypedSearchAttributes],
    ) -> None:
        self._client = client
        self._place = place
        self._attributes = attributes

    async def started_with(self, workflow_id: str, run_id: str) -> StartStoryRun:
        """Return what an execution was started with."""
        try:
            return await input_of(self._client, workflow_id, run_id)
        except RPCError as error:
            raise translated(error, f"read the input of {workflow_id}") from error

    async def ended_as(self, workflow_id: str, run_id: str) -> StoryRunState:
        """Return the last state of an execution that is over.

        What Temporal ended by itself never said that it was over: that is added.

        Raises:
            NoWorkerError: it did not close with its state, and no worker can tell it now.
            RefusedError: it failed before it had one.
        """
        handle: WorkflowHandle[Any, StoryRunState] = self._client.get_workflow_handle(
            workflow_id, run_id=run_id, result_type=StoryRunState
        )
        try:
            state = await self._state(handle)
        except RPCError as error:
            raise _untold(error, workflow_id) from error
        over = state.finished_at or datetime.now(UTC)
        return state.model_copy(update={"finished_at": over})

    async def cancel(self, workflow_id: str, run_id: str, request: CancelRun) -> None:
        """Send the signal `cancel` to that very execution; one that is over is past it."""
        try:
            handle = self._client.get_workflow_handle(workflow_id, run_id=run_id)
            await handle.signal("cancel", request)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise translated(error, f"cancel {workflow_id}") from error

    async def start_again(self, start: StartStoryRun) -> str:
        """Start another execution of a run, or find the one that was started with that redrive.

        The id of the request says which one it is: Temporal answers a second such request with the
        execution that the first one started, even if that is over by now. So two who start at the
        same time start one.

        Returns Temporal's run id.

        Raises:
            ConflictError: another execution is open.
            RefusedError: Temporal will not have it, for its size above all.
        """
        attempt = f"start run {start.namespace}/{start.name} again"
        try:
            request = await self._request(start)
            started = await self._client.workflow_service.start_workflow_execution(request)
        except RPCError as error:
            if error.status is RPCStatusCode.ALREADY_EXISTS:
                message = f"{attempt}: another execution is open"
                raise ConflictError(message) from error
            raise translated(error, attempt) from error
        return started.run_id

    async def _request(self, start: StartStoryRun) -> StartWorkflowExecutionRequest:
        """Return the request as the SDK would make it, but with an id that is ours."""
        name = workflow_id(start.namespace, start.name, start.uid)
        told = f"{name} {start.activation} {start.redrive}"
        request = StartWorkflowExecutionRequest(
            namespace=self._client.namespace,
            workflow_id=name,
            request_id=str(uuid.uuid5(uuid.NAMESPACE_URL, told)),
            identity=self._client.identity,
            workflow_id_reuse_policy=WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
            workflow_id_conflict_policy=WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
        )
        request.workflow_type.name = "StoryRun"
        request.task_queue.name = self._place.task_queue
        converter = self._client.data_converter
        request.input.payloads.extend(await converter.encode([start]))
        (summary,) = await converter.encode([f"{start.name}: story {start.story.metadata.name}"])
        request.user_metadata.summary.CopyFrom(summary)
        encode_search_attributes(self._attributes(start), request.search_attributes)
        return request

    async def _state(self, handle: WorkflowHandle[Any, StoryRunState]) -> StoryRunState:
        described = await handle.describe()
        match described.status:
            case WorkflowExecutionStatus.COMPLETED | WorkflowExecutionStatus.FAILED:
                return await closed_with(handle)
            case _:
                return await self._queried(handle)

    async def _queried(self, handle: WorkflowHandle[Any, StoryRunState]) -> StoryRunState:
        try:
            state: StoryRunState = await handle.query(
                "state", result_type=StoryRunState, rpc_timeout=_ANSWER_WITHIN
            )
        except WorkflowQueryFailedError as error:
            message = f"look at {handle.id}: no worker can tell: {error}"
            raise NoWorkerError(message) from error
        return state


async def input_of(client: Client, workflow_id: str, run_id: str) -> StartStoryRun:
    """Return what an execution was started with; Temporal's own errors are let through."""
    handle = client.get_workflow_handle(workflow_id, run_id=run_id)
    first = await anext(handle.fetch_history_events(page_size=1))
    given = first.workflow_execution_started_event_attributes.input.payloads
    start: StartStoryRun
    (start,) = await client.data_converter.decode(given, [StartStoryRun])
    return start


async def closed_with(handle: WorkflowHandle[Any, StoryRunState]) -> StoryRunState:
    """Return the state with which an execution completed, or of which it failed.

    Raises:
        RefusedError: it failed outside its own code, without a state.
    """
    try:
        return await handle.result(follow_runs=False)
    except WorkflowFailureError as failure:
        cause = failure.cause
        if isinstance(cause, ApplicationError) and cause.details:
            return StoryRunState.model_validate(cause.details[0])
        message = f"run {handle.id} failed outside its own code: {cause}"
        raise RefusedError(message) from failure


def _untold(error: RPCError, workflow_id: str) -> RunwrightError:
    if error.status in NO_ANSWER:
        message = f"look at {workflow_id}: no worker answers"
        return NoWorkerError(message)
    return translated(error, f"look at {workflow_id}")
