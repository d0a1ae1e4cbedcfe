"""Starting runs for the objects of a cluster, and finding out what became of them."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from temporalio.client import Client
from temporalio.common import (
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from adapters.temporal.connection import of_a_start, translated
from adapters.temporal.standings import TemporalStandings
from runwright.models.deletion import DeleteRun
from runwright.models.gates import DecideGate
from runwright.models.runs import CancelRun, LookAgain
from runwright.models.story_run import StartStoryRun, workflow_id

_SIGNALS: Final[Mapping[type, str]] = {
    CancelRun: "cancel",
    DecideGate: "decide_gate",
    LookAgain: "look_again",
}


class Place(NamedTuple):
    """Where runs are started, and how they are found again."""

    task_queue: str
    cluster: str


class TemporalLauncher(TemporalStandings):
    """The port Launcher, over a Temporal client.

    `attributes` makes the search attributes of a run, by which Temporal lists it.
    """

    def __init__(
        self,
        client: Client,
        place: Place,
        attributes: Callable[[StartStoryRun], TypedSearchAttributes],
    ) -> None:
        super().__init__(client, place.cluster, "StoryRun")
        self._place = place
        self._attributes = attributes

    async def start(self, start: StartStoryRun) -> str:
        """Start a run, or find the one that was started; return Temporal's run id."""
        name = workflow_id(start.namespace, start.name, start.uid)
        try:
            started = await self._client.start_workflow(
                "StoryRun",
                start,
                id=name,
                task_queue=self._place.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=self._attributes(start),
                static_summary=f"{start.name}: story {start.story.metadata.name}",
            )
        except WorkflowAlreadyStartedError as error:  # and closed by now
            return error.run_id or (await self.standing(name)).run_id
        except RPCError as error:
            raise of_a_start(error, f"start run {start.namespace}/{start.name}") from error
        return started.result_run_id or started.first_execution_run_id or ""

    async def delete(self, request: DeleteRun) -> None:
        """Start the deletion of a run, unless it is under way."""
        try:
            await self._client.start_workflow(
                "Deletion",
                request,
                id=f"deletion/{request.workflow_id}",
                task_queue=self._place.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"delete {request.object.namespace}/{request.object.name}",
            )
        except RPCError as error:
            raise translated(error, f"start the deletion of {request.workflow_id}") from error

    async def tell(self, workflow_id: str, message: CancelRun | DecideGate | LookAgain) -> None:
        """Send a run a message; one that is closed is past it."""
        await self.signal(workflow_id, _SIGNALS[type(message)], message)
