"""Delete a run: end it, run what always comes last, remove its tasks, and let its object go."""

import asyncio
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.objects import ObjectActivities, ReleaseObject, RemoveTasks
    from activities.runs import EndRun, RunActivities, TerminateRun
    from runwright.models.deletion import Deleted, DeleteRun
    from runwright.models.objects import EventType, ObjectEvent, StatusUpdate
    from runwright.models.runs import CancelRun
    from workflows.policies import (
        CALL_HEARTBEAT,
        CLAIM_TIMEOUT,
        CLUSTER_CALL,
        LOOK,
        REMOVAL,
        STOP_HEARTBEAT,
        TRY_FOR_EVER,
    )

_BY: Final = "kubernetes"
_REASON: Final = "its object was deleted"


@workflow.defn(name="Deletion")
class DeletionWorkflow:
    """Delete one run whose object was deleted.

    Signals, queries, updates: none.
    Closes: Completed with how it went. It does not fail: what the cluster or Temporal cannot do
    now is tried again, and a run that does not end within its grace is terminated.
    """

    @workflow.run
    async def run(self, request: DeleteRun) -> Deleted:
        """End the run, remove what it left, and take the finalizer from its object."""
        self._request = request
        is_ending = await self._is_namespace_ending()
        deleted = await self._ended(run_hooks=not is_ending)
        if deleted.was_open and is_ending:
            await self._tell("HooksSkipped", "its namespace is being deleted: no hooks were run")
        if deleted.was_terminated:
            grace = request.grace
            await self._tell("Terminated", f"it did not end within {grace}, and was terminated")
        await self._remove_tasks()
        await self._release()
        return deleted

    async def _ended(self, *, run_hooks: bool) -> Deleted:
        """Return once the run is closed, by itself or when its grace is over."""
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
        if ending.done():
            return Deleted(was_open=ending.result(), was_terminated=False)
        ending.cancel()
        await self._terminate()
        return Deleted(was_open=True, was_terminated=True)

    async def _terminate(self) -> None:
        reason = f"deleted, and not ended within {self._request.grace}"
        await workflow.execute_activity_method(
            RunActivities.terminate_run,
            TerminateRun(workflow_id=self._request.workflow_id, reason=reason),
            start_to_close_timeout=LOOK,
            retry_policy=TRY_FOR_EVER,
            summary="terminate the run",
        )

    async def _remove_tasks(self) -> None:
        request = self._request
        await workflow.execute_activity_method(
            ObjectActivities.remove_tasks,
            RemoveTasks(workflow_id=request.workflow_id, namespace=request.object.namespace),
            start_to_close_timeout=REMOVAL,
            heartbeat_timeout=STOP_HEARTBEAT,
            retry_policy=TRY_FOR_EVER,
            summary="remove its tasks",
        )

    async def _release(self) -> None:
        await workflow.execute_activity_method(
            ObjectActivities.release_object,
            ReleaseObject(object=self._request.object, finalizer=self._request.finalizer),
            start_to_close_timeout=CLUSTER_CALL,
            heartbeat_timeout=CALL_HEARTBEAT,
            retry_policy=TRY_FOR_EVER,
            summary="let its object go",
        )

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
