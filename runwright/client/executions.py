"""The latest execution of one run's workflow: what Temporal, or a worker, says of it."""

from datetime import timedelta
from typing import Any, Final, TypeVar

from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal.connection import translated
from adapters.temporal.executions import NO_ANSWER, closed_with, input_of
from runwright.client.views import View, as_ended, troubles_of
from runwright.errors import (
    NotFoundError,
    NoWorkerError,
    RefusedError,
    TemporalUnavailableError,
)
from runwright.models.base import Message
from runwright.models.story_run import StartStoryRun, StoryRunState

_ANSWER_WITHIN: Final = timedelta(seconds=5)
"""A worker that lives answers a query or an update in milliseconds."""
ATTEMPTS: Final = {"decide_gate": "decide a gate of", "run_again": "run again"}
"""How a message is called where its name is no word."""
_T = TypeVar("_T", bound=Message)


class Execution:
    """The latest execution of a workflow; `what` is how messages call it, as `run ns/web`.

    A method that needs Temporal raises TemporalUnavailableError when it is away, and every method
    raises NotFoundError when Temporal knows no such workflow.
    """

    def __init__(self, client: Client, workflow_id: str, what: str) -> None:
        self._client = client
        self._workflow_id = workflow_id
        self._what = what

    async def view(self) -> View:
        """Return the run's state, and what goes wrong with it for now.

        Raises:
            NoWorkerError: the run is open, or was cancelled, and no worker answers.
        """
        description = await self._described()
        try:
            state = await self._state(description)
        except RPCError as error:
            raise self._translated(error, "look at") from error
        return View(state=state, troubles=troubles_of(description))

    async def asked(self, query: str, answer: type[_T]) -> tuple[_T, WorkflowExecutionDescription]:
        """Return the answer to a query, and how Temporal describes who gave it.

        Raises:
            NoWorkerError: no worker answers.
        """
        description = await self._described()
        latest = self._client.get_workflow_handle(self._workflow_id, run_id=description.run_id)
        return await self._queried(latest, query, answer), description

    async def ended(self) -> None:
        """Return once the run is over, however it ended."""
        try:
            await self._handle().result(follow_runs=False)
        except WorkflowFailureError:
            return
        except RPCError as error:
            raise self._translated(error, "wait for") from error

    async def tell(self, name: str, message: Message, answer: type[_T]) -> _T | None:
        """Return the answer to an update; None when it had to go as a signal.

        Raises:
            RefusedError: the run is over, or says no.
        """
        try:
            told: _T = await self._handle().execute_update(  # pyright: ignore[reportUnknownMemberType] # one of its overloads has no types
                name, message, result_type=answer, rpc_timeout=_ANSWER_WITHIN
            )
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            said = cause.message if isinstance(cause, ApplicationError) else str(cause)
            raise RefusedError(said) from error
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            await self._signal(name, message)
            return None
        except RPCError as error:
            if error.status in NO_ANSWER:
                await self._signal(name, message)
                return None
            raise self._translated(error, ATTEMPTS.get(name, name)) from error
        return told

    async def started_with(self) -> StartStoryRun:
        """Return what it was started with."""
        description = await self._described()
        try:
            return await input_of(self._client, self._workflow_id, description.run_id)
        except RPCError as error:
            raise self._translated(error, "read the input of") from error

    async def _described(self) -> WorkflowExecutionDescription:
        try:
            return await self._handle().describe(rpc_timeout=_ANSWER_WITHIN)
        except RPCError as error:
            raise self._translated(error, "look at") from error

    async def _state(self, description: WorkflowExecutionDescription) -> StoryRunState:
        latest = self._client.get_workflow_handle(
            self._workflow_id, run_id=description.run_id, result_type=StoryRunState
        )
        match description.status:
            case WorkflowExecutionStatus.COMPLETED | WorkflowExecutionStatus.FAILED:
                return await closed_with(latest)
            case _:
                state = await self._queried(latest, "state", StoryRunState)
                return as_ended(state, description)

    async def _queried(self, latest: WorkflowHandle[Any, Any], query: str, type_: type[_T]) -> _T:
        try:
            answer: _T = await latest.query(query, result_type=type_, rpc_timeout=_ANSWER_WITHIN)
        except RPCError as error:
            if error.status in NO_ANSWER:
                message = f"look at {self._what}: no worker answers"
                raise NoWorkerError(message) from error
            raise self._translated(error, "look at") from error
        except WorkflowQueryFailedError as error:
            message = f"look at {self._what}: no worker can tell: {error}"
            raise NoWorkerError(message) from error
        return answer

    async def _signal(self, name: str, message: Message) -> None:
        try:
            await self._handle().signal(name, message)
        except RPCError as error:
            raise self._translated(error, ATTEMPTS.get(name, name)) from error

    def _handle(self) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(self._workflow_id)

    def _translated(
        self, error: RPCError, attempt: str
    ) -> NotFoundError | RefusedError | TemporalUnavailableError:
        if error.status is not RPCStatusCode.NOT_FOUND:
            return translated(error, f"{attempt} {self._what}")
        if "already completed" in error.message:
            message = f"{attempt} {self._what}: it is over"
            return RefusedError(message)
        message = f"there is no {self._what}"
        return NotFoundError(message)
