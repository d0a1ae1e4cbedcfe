"""Delete a run: end it, run what always comes last, remove its tasks, and let its object go."""

import asyncio
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.objects import ObjectActivities, RemoveTasks
    from activities.runs import EndRun, RunActivities, TerminateRun
    from runwright.models.deletion import Deleted, DeleteRun
    from runwright.models.objects import EventType, ObjectEvent, StatusUpdate
    from runwright.models.runs import CancelRun
    from runwright.rules.wording import listed
    from workflows.policies import (
        CALL_HEARTBEAT,
        CLAIM_TIMEOUT,
        CLUSTER_CALL,
        LOOK,
        STOP_HEARTBEAT,
        STOP_MARGIN,
        TRY_FOR_EVER,
    )
    from workflows.releasing import FOREGROUND, release

_BY: Final = "kubernetes"
_REASON: Final = "its object was deleted"


@workflow.defn(name="Deletion")
class DeletionWorkflow:
    """Delete one run whose object was deleted.

    Signals, queries, updates: none.
    Closes: Completed with how it went. What the cluster or Temporal cannot do now is tried again;
    a run that does not end within its grace, or cannot be told to, is terminated, and what is left
    of its tasks after that long again is left to the cluster.
    Fails: where the worker lacks a right that it needs. Its object stays, and asks anew.
    """

    @workflow.run
    async def run(self, request: DeleteRun) -> Deleted:
        """End the run, remove what it left, and take the finalizer from its object."""
        self._request = request
        is_ending = await self._is_namespace_ending()
        if not is_ending:
            await self._keep_what_hooks_need()
        deleted = await self._ended(run_hooks=not is_ending)
        if deleted.was_open and is_ending:
            await self._tell("HooksSkipped", "its namespace is being deleted: no hooks were run")
        await self._remove_tasks()
        await release(request.object, request.finalizer)
        return deleted

    async def _keep_what_hooks_need(self) -> None:
        """Have the cluster remove what the object owns after the object, not before.

        A foreground deletion would take the account and the Jobs of hooks from under them. That the
        tasks are gone before the object goes is what this workflow sees to.
        """
        await release(self._request.object, FOREGROUND)

    async def _ended(self, *, run_hooks: bool) -> Deleted:
        """Return once the run is closed, by itself, or because it does not end in time."""
        ending = workflow.start_activity_method(
            RunActivities.end_run,
            EndRun(
                workflow_id=self._request.workflow_id,
                cancel=CancelRun(by=_BY, reason=_REASON, run_hooks=run_hooks),
            ),
            start_to_close_timeout=CLAIM_TIMEOUT,
            heartbeat_timeout=STOP_HEARTBEAT,
            retry_policy=TRY_FOR_EVER,
            summary="end the run",
        )
        grace = asyncio.create_task(workflow.sleep(self._request.grace, summary="grace"))
        await workflow.wait([ending, grace], return_when=asyncio.FIRST_COMPLETED)
        grace.cancel()
        why = f"it did not end within {self._request.grace}"
        if ending.done():
            try:
                return Deleted(was_open=ending.result(), was_terminated=False)
            except ActivityError as error:
                why = f"it could not be told to end ({error.cause or error})"
        ending.cancel()
        await self._terminate(why)
        return Deleted(was_open=True, was_terminated=True)

    async def _terminate(self, why: str) -> None:
        await workflow.execute_activity_method(
            RunActivities.terminate_run,
            TerminateRun(workflow_id=self._request.workflow_id, reason=f"deleted: {why}"),
            start_to_close_timeout=LOOK,
            retry_policy=TRY_FOR_EVER,
            summary="terminate the run",
        )
        await self._tell("Terminated", f"{why}, and was terminated")

    async def _remove_tasks(self) -> None:
        """Remove what is left of the tasks, and tell what does not go in time: its node is dead."""
        request = self._request
        left = await workflow.execute_activity_method(
            ObjectActivities.remove_tasks,
            RemoveTasks(
                workflow_id=request.workflow_id,
                namespace=request.object.namespace,
                within=request.grace,
            ),
            start_to_close_timeout=request.grace + STOP_MARGIN,
            heartbeat_timeout=STOP_HEARTBEAT,
            retry_policy=TRY_FOR_EVER,
            summary="remove its tasks",
        )
        if left:
            await self._tell("TasksLeft", f"not gone within {request.grace}: {listed(left)}")

    async def _is_namespace_ending(self) -> bool:
        return await workflow.execute_activity_method(
            ObjectActivities.is_namespace_ending,
            self._request.object.namespace,
            start_to_close_timeout=CLUSTER_CALL,
            heartbeat_timeout=CALL_HEARTBEAT,
            retry_policy=TRY_FOR_EVER,
            summary="is its namespace being deleted?",
        )

    async def _tell(self, reason: str, message: str) -> None:
        """Tell an Event; in a namespace that ends nobody may, and then it stays untold."""
        event = ObjectEvent(
            object=self._request.object, type=EventType.WARNING, reason=reason, message=message
        )
        try:
            await workflow.execute_activity_method(
                ObjectActivities.show_status,
                StatusUpdate(events=(event,)),
                start_to_close_timeout=CLUSTER_CALL,
                heartbeat_timeout=CALL_HEARTBEAT,
                retry_policy=TRY_FOR_EVER,
                summary=reason,
            )
        except ActivityError as error:
            workflow.logger.info("event refused: %s", error.cause or error)
