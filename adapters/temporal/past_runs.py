"""What Temporal keeps of the latest execution of a run."""

from datetime import timedelta
from typing import Any, Final

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal.connection import translated
from runwright.models.story_run import StartStoryRun, StoryRunState
from runwright.ports import PastRun

_ANSWER_WITHIN: Final = timedelta(seconds=10)


class TemporalPastRuns:
    """The port PastRuns, over a Temporal client; a worker of the run's task queue must be there."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def last(self, workflow_id: str) -> PastRun | None:
        """Return the latest execution of a run; None if there is none, or it cannot be told."""
        try:
            return await self._last(workflow_id)
        except WorkflowQueryFailedError:
            return None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise translated(error, f"look back at {workflow_id}") from error

    async def _last(self, workflow_id: str) -> PastRun:
        described = await self._client.get_workflow_handle(workflow_id).describe()
        latest: WorkflowHandle[Any, Any] = self._client.get_workflow_handle(
            workflow_id, run_id=described.run_id
        )
        state: StoryRunState = await latest.query(
            "state", result_type=StoryRunState, rpc_timeout=_ANSWER_WITHIN
        )
        is_open = described.status is WorkflowExecutionStatus.RUNNING
        return PastRun(await self._start_of(latest), state, is_open=is_open)

    async def _start_of(self, latest: WorkflowHandle[Any, Any]) -> StartStoryRun:
        first = await anext(latest.fetch_history_events(page_size=1))
        given = first.workflow_execution_started_event_attributes.input.payloads
        decoded = await self._client.data_converter.decode(given, [StartStoryRun])
        start: StartStoryRun = decoded[0]
        return start
