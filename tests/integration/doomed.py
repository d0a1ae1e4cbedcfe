"""A run of a cluster that is kept in memory, to be deleted."""

import uuid
from datetime import timedelta
from typing import Final

from temporalio.client import Client

from adapters.kubernetes.resources import EVENTS, NAMESPACES, STORY_RUNS
from runwright.models.deletion import Deleted, DeleteRun
from runwright.models.objects import Manifest, ObjectKey
from tests.integration.clusters import UID, PlacedRun

FINALIZER: Final = "storyrun.bubustack.io/finalizer"
NAMESPACE: Final[Manifest] = {
    "apiVersion": NAMESPACES.api_version,
    "kind": NAMESPACES.kind,
    "metadata": {"name": "default"},
}


class Doomed:
    """A run, and means to delete it."""

    def __init__(self, client: Client, task_queue: str, run: PlacedRun, name: str) -> None:
        self.run = run
        self._client = client
        self._task_queue = task_queue
        self._name = name

    async def deleted(self, grace: timedelta, workflow_id: str = "") -> Deleted:
        """Return how the deletion of the run went, by a workflow of that id."""
        key = ObjectKey(
            api_version=STORY_RUNS.api_version,
            kind=STORY_RUNS.kind,
            namespace="default",
            name=self._name,
            uid=UID,
        )
        request = DeleteRun(
            object=key, finalizer=FINALIZER, workflow_id=self.run.handle.id, grace=grace
        )
        deleted: Deleted = await self._client.execute_workflow(
            "Deletion",
            request,
            id=workflow_id or f"deletion/{uuid.uuid4()}",
            task_queue=self._task_queue,
            result_type=Deleted,
        )
        return deleted

    async def finalizers(self) -> list[str]:
        """Return what still holds the object."""
        found = await self.run.cluster.get(STORY_RUNS, "default", self._name)
        assert found
        return list(found["metadata"].get("finalizers") or ())

    def told(self) -> dict[str, str]:
        """Return the Events, by reason."""
        events = [one for key, one in self.run.cluster.objects.items() if key[0] == EVENTS.kind]
        return {event["reason"]: event["message"] for event in events}
