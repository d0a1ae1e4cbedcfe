"""How workflows stand that were started for objects, whatever system the objects are of."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.api.enums.v1 import (
    EventType,
    WorkflowExecutionStatus,
    WorkflowTaskFailedCause,
)
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal.connection import translated
from runwright.models.base import Message
from runwright.ports import Fate, RunStanding
from runwright.rules.wording import excerpt

_STATUS: Final = WorkflowExecutionStatus
_OUTSIDE: Final = {
    _STATUS.WORKFLOW_EXECUTION_STATUS_TERMINATED: "Terminated",
    _STATUS.WORKFLOW_EXECUTION_STATUS_TIMED_OUT: "WorkflowTimedOut",
}
_CAUSE: Final = WorkflowTaskFailedCause
_NOT_OF_CODE: Final = frozenset(
    {
        _CAUSE.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
        _CAUSE.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_UPDATE,
        _CAUSE.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW,
        _CAUSE.WORKFLOW_TASK_FAILED_CAUSE_RESET_STICKY_TASK_QUEUE,
        _CAUSE.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND,
        _CAUSE.WORKFLOW_TASK_FAILED_CAUSE_FAILOVER_CLOSE_COMMAND,
        _CAUSE.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_PAUSE_REQUESTED_BEFORE_TASK_STARTED,
    }
)
"""Why Temporal gives a task back: something came in meanwhile, or somebody had it begin anew."""
_STUCK_AFTER: Final = 3
"""Attempts of one workflow task: a deploy, or a worker that died, fails one or two."""
_LATELY: Final = timedelta(minutes=15)
_PAGE: Final = 1000
_NEWEST_EVENTS: Final = 20
_LONGEST_MESSAGE: Final = 512


def failure_of_code(newest: Sequence[HistoryEvent]) -> str:
    """Return what a workflow's code has failed of since it last got on; empty if of nothing.

    `newest` are events, the newest first. A task that Temporal gave back is none: the code looks at
    what came in, and decides anew.
    """
    for event in newest:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            return ""
        failed = event.workflow_task_failed_event_attributes
        if failed.failure.message and failed.cause not in _NOT_OF_CODE:
            return failed.failure.message
    return ""


class TemporalStandings:
    """The port Standings, over a Temporal client: of the workflows of some kinds, in one cluster.

    `kinds` are the names under which they are registered.
    """

    def __init__(self, client: Client, cluster: str, *kinds: str) -> None:
        self._client = client
        named = ", ".join(f"'{kind}'" for kind in kinds)
        self._ours = f"WorkflowType IN ({named}) AND RunwrightCluster = '{cluster}'"

    async def signal(self, workflow_id: str, name: str, *message: Message) -> bool:
        """Send a message, or none but its name; return whether somebody is there who hears it."""
        try:
            await self._client.get_workflow_handle(workflow_id).signal(name, args=message)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise translated(error, f"send {name} to {workflow_id}") from error
            return False
        return True

    async def standing(self, workflow_id: str) -> RunStanding:
        """Return how the latest execution of a run stands."""
        try:
            found = await self._client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return RunStanding(Fate.MISSING)
            raise translated(error, f"look at {workflow_id}") from error
        run_id, status = found.run_id, found.raw_description.workflow_execution_info.status
        if status == _STATUS.WORKFLOW_EXECUTION_STATUS_RUNNING:
            attempt = found.raw_description.pending_workflow_task.attempt
            problem = await self._problem(workflow_id, run_id) if attempt >= _STUCK_AFTER else ""
            return RunStanding(Fate.OPEN, run_id, problem=problem)
        reason = _OUTSIDE.get(status)
        if reason is None:
            return RunStanding(Fate.CLOSED, run_id)
        message = await self._why_ended(workflow_id, run_id)
        return RunStanding(Fate.ENDED_OUTSIDE, run_id, reason, message)

    async def open_runs(self) -> frozenset[str]:
        """Return the ids of this cluster's open runs, as Temporal lists them."""
        return await self._listed("ExecutionStatus = 'Running'")

    async def in_trouble(self) -> frozenset[str]:
        """Return the ids of the runs that were ended outside lately, or whose code fails."""
        since = (datetime.now(UTC) - _LATELY).strftime("%Y-%m-%dT%H:%M:%SZ")
        ended = f"CloseTime > '{since}' AND ExecutionStatus IN ('Terminated', 'TimedOut')"
        failing = "ExecutionStatus = 'Running' AND TemporalReportedProblems IS NOT NULL"
        return await self._listed(ended) | await self._listed(failing)

    async def _listed(self, query: str) -> frozenset[str]:
        try:
            found = self._client.list_workflows(f"{self._ours} AND {query}", page_size=_PAGE)
            return frozenset([execution.id async for execution in found])
        except RPCError as error:
            raise translated(error, "list runs") from error

    async def _problem(self, workflow_id: str, run_id: str) -> str:
        """Return what the run's code fails of, as its history has it."""
        failed = failure_of_code(await self.newest_events(workflow_id, run_id))
        return (
            excerpt(failed, _LONGEST_MESSAGE) or "its workflow task is not completed by any worker"
        )

    async def _why_ended(self, workflow_id: str, run_id: str) -> str:
        for event in await self.newest_events(workflow_id, run_id):
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
                reason = event.workflow_execution_terminated_event_attributes.reason
                who = event.workflow_execution_terminated_event_attributes.identity
                said = f": {excerpt(reason)}" if reason else ""
                return f"The run was terminated in Temporal by {excerpt(who)}{said}"
        return "The run was ended in Temporal, outside its own code"

    async def newest_events(self, workflow_id: str, run_id: str) -> Sequence[HistoryEvent]:
        """Return the last events of an execution, the newest first."""
        request = GetWorkflowExecutionHistoryReverseRequest(
            namespace=self._client.namespace, maximum_page_size=_NEWEST_EVENTS
        )
        request.execution.workflow_id, request.execution.run_id = workflow_id, run_id
        try:
            service = self._client.workflow_service
            found = await service.get_workflow_execution_history_reverse(request)
        except RPCError as error:
            raise translated(error, f"read the history of {workflow_id}") from error
        return found.history.events
