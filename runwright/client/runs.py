"""One run: look at it, wait for it, talk to it."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
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
from runwright.client.views import View, as_ended, troubles_of
from runwright.errors import (
    NotFoundError,
    NoWorkerError,
    RefusedError,
    TemporalUnavailableError,
)
from runwright.models.base import Message
from runwright.models.bubustack import Phase
from runwright.models.gates import DecideGate, DecisionAnswer, Verdict
from runwright.models.runs import Cancelled, CancelRun, Paused, PauseRun, Resumed, ResumeRun
from runwright.models.story_run import StartStoryRun, StoryRunState, workflow_id
from runwright.rules.bubustack.resumption import resumed

_ANSWER_WITHIN: Final = timedelta(seconds=5)
"""A worker that lives answers a query or an update in milliseconds."""
_NO_WORKER: Final = frozenset(
    {
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.FAILED_PRECONDITION,
    }
)
"""What Temporal says when it had to ask a worker and none came."""
_ATTEMPTS: Final = {"decide_gate": "decide a gate of"}
"""How a message is called where its name is no word."""
_T = TypeVar("_T", bound=Message)


class Run:
    """One run. A method that needs Temporal raises TemporalUnavailableError when it is away.

    Every method raises NotFoundError when there is no such run.
    """

    def __init__(
        self,
        client: Client,
        identity: tuple[str, str, str],
        execute: Callable[[StartStoryRun], Awaitable["Run"]],
    ) -> None:
        self.namespace, self.name, _ = identity
        self.workflow_id = workflow_id(*identity)
        self._client = client
        self._execute = execute

    async def state(self) -> StoryRunState:
        """Return everything that is known of the run; of one that is over without a worker too.

        Raises:
            NoWorkerError: the run is open, or was cancelled, and no worker answers.
        """
        return (await self.view()).state

    async def view(self) -> View:
        """Return the run's state, and what goes wrong with it for now."""
        description = await self._described()
        try:
            state = await self._state(description)
        except RPCError as error:
            raise self._translated(error, "look at") from error
        return View(state=state, troubles=troubles_of(description))

    async def wait(self) -> StoryRunState:
        """Return the run's state once it is over, however it ended."""
        try:
            await self._handle().result(follow_runs=False)
        except WorkflowFailureError:
            pass
        except RPCError as error:
            raise self._translated(error, "wait for") from error
        return await self.state()

    async def decide(self, request: DecideGate) -> DecisionAnswer | None:
        """Decide a gate; None when no worker answered and the decision waits in Temporal.

        Raises:
            RefusedError: the decision does not count; the message says why.
        """
        named = request if request.id else request.model_copy(update={"id": uuid.uuid4().hex})
        return await self._told("decide_gate", named, DecisionAnswer)

    async def approve(self, gate: str, *, by: str = "", comment: str = "") -> DecisionAnswer | None:
        """Approve a gate, as `decide` does."""
        return await self.decide(
            DecideGate(gate=gate, verdict=Verdict.APPROVE, by=by, comment=comment)
        )

    async def reject(self, gate: str, *, by: str = "", comment: str = "") -> DecisionAnswer | None:
        """Reject a gate, as `decide` does."""
        return await self.decide(
            DecideGate(gate=gate, verdict=Verdict.REJECT, by=by, comment=comment)
        )

    async def pause(self, *, by: str = "", comment: str = "") -> Paused | None:
        """Start no further step until resumed; None when no worker answered, as in `decide`."""
        return await self._told("pause", PauseRun(by=by, comment=comment), Paused)

    async def resume(self, *, by: str = "", comment: str = "") -> Resumed | None:
        """Go on after a pause; None when no worker answered, as in `decide`."""
        return await self._told("resume", ResumeRun(by=by, comment=comment), Resumed)

    async def cancel(
        self, *, by: str = "", reason: str = "", grace: timedelta | None = None
    ) -> Cancelled | None:
        """Stop what runs and close the run; None when no worker answered, as in `decide`."""
        return await self._told("cancel", CancelRun(by=by, reason=reason, grace=grace), Cancelled)

    async def retry(
        self, *, step: str = "", inputs: Mapping[str, Any] | None = None, by: str = ""
    ) -> "Run":
        """Execute the run again from what failed, or from `step`; what succeeded is kept.

        Raises:
            RefusedError: the run is not over, or it succeeded and no `step` is given.
            NotFoundError: the Story has no such step.
            InvalidManifestError: changed inputs do not fit the Story's schema.
        """
        state = await self.state()
        if state.finished_at is None:
            message = f"retry run {self.namespace}/{self.name}: it is not over"
            raise RefusedError(message)
        if state.phase is Phase.SUCCEEDED and not step:
            message = (
                f"retry run {self.namespace}/{self.name}: it succeeded; "
                "--from STEP repeats a step and what depends on it"
            )
            raise RefusedError(message)
        start = resumed(await self.started_with(), state, step=step, inputs=inputs, by=by)
        return await self._execute(start)

    async def started_with(self) -> StartStoryRun:
        """Return what the latest execution was started with."""
        description = await self._described()
        latest = self._client.get_workflow_handle(self.workflow_id, run_id=description.run_id)
        try:
            first = await anext(latest.fetch_history_events(page_size=1))
        except RPCError as error:
            raise self._translated(error, "read the input of") from error
        given = first.workflow_execution_started_event_attributes.input.payloads
        decoded = await self._client.data_converter.decode(given, [StartStoryRun])
        start: StartStoryRun = decoded[0]
        return start

    async def _described(self) -> WorkflowExecutionDescription:
        try:
            return await self._handle().describe(rpc_timeout=_ANSWER_WITHIN)
        except RPCError as error:
            raise self._translated(error, "look at") from error

    async def _state(self, description: WorkflowExecutionDescription) -> StoryRunState:
        latest = self._client.get_workflow_handle(
            self.workflow_id, run_id=description.run_id, result_type=StoryRunState
        )
        match description.status:
            case WorkflowExecutionStatus.COMPLETED:
                done: StoryRunState = await latest.result()
                return done
            case WorkflowExecutionStatus.FAILED:
                return await self._failed(latest)
            case _:
                state = await self._queried(latest)
                return as_ended(state, description)

    async def _failed(self, latest: WorkflowHandle[Any, StoryRunState]) -> StoryRunState:
        try:
            return await latest.result()
        except WorkflowFailureError as failure:
            cause = failure.cause
            if isinstance(cause, ApplicationError) and cause.details:
                return StoryRunState.model_validate(cause.details[0])
            message = f"run {self.namespace}/{self.name} failed outside its own code: {cause}"
            raise RefusedError(message) from failure

    async def _queried(self, latest: WorkflowHandle[Any, StoryRunState]) -> StoryRunState:
        try:
            state: StoryRunState = await latest.query(
                "state", result_type=StoryRunState, rpc_timeout=_ANSWER_WITHIN
            )
        except RPCError as error:
            if error.status in _NO_WORKER:
                raise self._no_worker() from error
            raise self._translated(error, "look at") from error
        except WorkflowQueryFailedError as error:
            message = f"look at run {self.namespace}/{self.name}: no worker can tell: {error}"
            raise NoWorkerError(message) from error
        return state

    async def _told(self, name: str, message: Message, answer: type[_T]) -> _T | None:
        """Return the answer to an update; None when it had to go as a signal."""
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
            if error.status in _NO_WORKER:
                await self._signal(name, message)
                return None
            raise self._translated(error, _ATTEMPTS.get(name, name)) from error
        return told

    async def _signal(self, name: str, message: Message) -> None:
        try:
            await self._handle().signal(name, message)
        except RPCError as error:
            raise self._translated(error, _ATTEMPTS.get(name, name)) from error

    def _handle(self) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(self.workflow_id)

    def _no_worker(self) -> NoWorkerError:
        message = f"look at run {self.namespace}/{self.name}: no worker answers"
        return NoWorkerError(message)

    def _translated(
        self, error: RPCError, attempt: str
    ) -> NotFoundError | RefusedError | TemporalUnavailableError:
        if error.status is not RPCStatusCode.NOT_FOUND:
            return translated(error, f"{attempt} run {self.namespace}/{self.name}")
        if "already completed" in error.message:
            message = f"{attempt} run {self.namespace}/{self.name}: it is over"
            return RefusedError(message)
        message = f"there is no run {self.namespace}/{self.name}"
        return NotFoundError(message)
