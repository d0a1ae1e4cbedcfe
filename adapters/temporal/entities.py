"""The entity workflows of Promises and of the requests for them."""

from collections.abc import Callable
from typing import Final

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.common import (
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal.connection import of_a_start, translated
from adapters.temporal.launching import Place
from adapters.temporal.standings import TemporalStandings
from runwright.models.kratix import (
    Parent,
    Requirers,
    Seen,
    StartParent,
    WorkflowType,
    parent_id,
)
from runwright.ports import Fate, RunStanding
from runwright.rules.wording import excerpt

_LONGEST: Final = 512
_KINDS: Final = {
    WorkflowType.PROMISE: "Promise",
    WorkflowType.RESOURCE: "ResourceRequest",
}
"""Under which names they are registered."""


class TemporalEntities(TemporalStandings):
    """The port Entities, over a Temporal client.

    `attributes` makes the search attributes of an entity, by which Temporal lists it.
    """

    def __init__(
        self,
        client: Client,
        place: Place,
        attributes: Callable[[StartParent], TypedSearchAttributes],
    ) -> None:
        super().__init__(client, place.cluster, *_KINDS.values())
        self._place = place
        self._attributes = attributes

    async def start(self, start: StartParent) -> str:
        """Start the entity of a parent, or find the one that is open; return Temporal's run id."""
        parent = start.parent
        try:
            started = await self._client.start_workflow(
                _KINDS[parent.type],
                start,
                id=parent_id(parent),
                task_queue=self._place.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=self._attributes(start),
                static_summary=_summary(parent),
            )
        except RPCError as error:
            raise of_a_start(error, f"start {parent_id(parent)}") from error
        return started.result_run_id or started.first_execution_run_id or ""

    async def standing(self, workflow_id: str) -> RunStanding:
        """Return how the latest execution of an entity stands; of one that failed, with why."""
        found = await super().standing(workflow_id)
        if found.fate is not Fate.CLOSED:
            return found
        message = await self._why_failed(workflow_id, found.run_id)
        return found._replace(reason="Failed" if message else "", message=message)

    async def _why_failed(self, workflow_id: str, run_id: str) -> str:
        """Return of what an entity failed; empty if it did not."""
        for event in await self.newest_events(workflow_id, run_id):
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
                failure = event.workflow_execution_failed_event_attributes.failure
                cause = failure.cause.message if failure.HasField("cause") else ""
                return excerpt(": ".join(filter(None, (failure.message, cause))), _LONGEST)
        return ""

    async def tell(self, workflow_id: str, seen: Seen) -> bool:
        """Tell an entity how its parent is; return whether it is there to hear it."""
        return await self.signal(workflow_id, "see", seen)

    async def look_at_works(self, workflow_id: str) -> bool:
        """Have an entity look at its Works again; return whether it is there to hear it."""
        return await self.signal(workflow_id, "look_at_works")

    async def look_at_parent(self, workflow_id: str) -> bool:
        """Have an entity look at its parent, and at what it lacks; return whether it is there."""
        return await self.signal(workflow_id, "look_at_parent")

    async def see_requirers(self, workflow_id: str, requirers: Requirers) -> bool:
        """Tell that of a Promise which Promises require it; return whether it is there."""
        return await self.signal(workflow_id, "see_requirers", requirers)

    async def terminate(self, workflow_id: str, reason: str) -> None:
        """End a workflow without any more of its own code; one that is over is passed over."""
        try:
            await self._client.get_workflow_handle(workflow_id).terminate(reason=reason)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise translated(error, f"terminate {workflow_id}") from error


def _summary(parent: Parent) -> str:
    if parent.type is WorkflowType.PROMISE:
        return f"Promise {parent.name}"
    return f"{parent.kind} {parent.namespace}/{parent.name} of Promise {parent.promise}"
