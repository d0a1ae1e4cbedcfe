"""What a run shows of itself in a cluster that is not always there."""

import asyncio

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from adapters.kubernetes.resources import STORY_RUNS, Resource
from runwright.errors import ClusterUnavailableError
from runwright.models.bubustack import Phase
from runwright.models.objects import Manifest
from tests.integration.clusters import PlacedRun, object_of, placed, placed_run
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


class _SlowInTheEnd(MemoryCluster):
    """An API server that takes its time for the last status."""

    def __init__(self, *objects: Manifest) -> None:
        super().__init__(*objects)
        self.is_asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def create(self, manifest: Manifest, resource: Resource | None = None) -> Manifest:
        """Create the object; the Event of the run's end not before it may."""
        if manifest.get("reason") == "StoryRunSucceeded":
            self.is_asked.set()
            await self.may_answer.wait()
        return await super().create(manifest, resource)


async def _until_cancel_is_heard(run: PlacedRun) -> None:
    """Return when the run has had a turn since its cancellation was requested."""
    heard = (
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    )
    while True:
        kinds = [one.event_type for one in (await run.handle.fetch_history()).events]
        if heard[0] in kinds and heard[1] in kinds[kinds.index(heard[0]) :]:
            return
        await asyncio.sleep(0.01)


async def test_a_run_that_is_over_closes_as_it_ended_whoever_cancels_it_then(
    client: Client, task_queue: str
) -> None:
    """Its object says Succeeded, and so must Temporal, and a run that waits for this one."""
    start = placed({"steps": [{"name": "check", "type": "condition"}]})
    cluster = _SlowInTheEnd(object_of(start))

    async with placed_run(client, task_queue, start, cluster) as run:
        await cluster.is_asked.wait()
        await run.handle.cancel()
        await _until_cancel_is_heard(run)
        cluster.may_answer.set()
        state = await run.handle.result()

    assert state.phase is Phase.SUCCEEDED
