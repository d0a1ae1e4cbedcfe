"""What a run shows of itself in a cluster that is not always there."""

from temporalio.client import Client

from adapters.kubernetes.resources import STORY_RUNS, Resource
from runwright.errors import ClusterUnavailableError
from runwright.models.bubustack import Phase
from runwright.models.objects import Manifest
from tests.integration.clusters import object_of, placed, placed_run
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster


class _AwayOnce(MemoryCluster):
    """An API server that is away when the last status is half written."""

    def __init__(self, *objects: Manifest) -> None:
        super().__init__(*objects)
        self.patched = 0
        self.events: list[str] = []

    async def create(self, manifest: Manifest, resource: Resource | None = None) -> Manifest:
        """Create the object; of Events, not the second one at first."""
        if manifest["kind"] == "Event":
            self.events.append(manifest["reason"])
            if len(self.events) == 2:
                message = "create event: HTTP 503 away"
                raise ClusterUnavailableError(message)
        return await super().create(manifest, resource)

    async def patch(
        self, resource: Resource, name: tuple[str, str], patch: object, *, subresource: str = ""
    ) -> Manifest | None:
        """Merge the patch into the object, and count it."""
        self.patched += resource is STORY_RUNS
        return await super().patch(resource, name, patch, subresource=subresource)


async def test_an_update_goes_on_where_its_last_attempt_ended(
    client: Client, task_queue: str
) -> None:
    """A wide run would begin anew for ever where an attempt has no time for all of it."""
    start = placed({"steps": [{"name": "check", "type": "condition"}]})
    cluster = _AwayOnce(object_of(start))

    async with placed_run(client, task_queue, start, cluster) as run:
        await run.handle.result()

    assert cluster.patched == 2  # once for the start and once for the end
    assert cluster.events == ["StoryRunStarted", "StoryRunSucceeded", "StoryRunSucceeded"]
    assert (await run.shown())["phase"] == Phase.SUCCEEDED
