"""A StoryRun of a cluster that is kept in memory, on a real Temporal."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from temporalio.client import Client, WorkflowHandle

from adapters.kubernetes.catalog import KubernetesCatalog
from adapters.kubernetes.child_runs import KubernetesChildRuns
from adapters.kubernetes.objects import KubernetesObjects
from adapters.kubernetes.resources import STORY_RUNS
from adapters.kubernetes.status import KubernetesStatus
from adapters.memory.tasks import MemoryTasks
from adapters.temporal.completions import TemporalCompletions
from adapters.temporal.launching import Place, TemporalLauncher
from runwright.models.objects import Manifest
from runwright.models.story_run import StartStoryRun, StoryRunState, workflow_id
from runwright.models.tasks import Backend
from runwright.worker import ClusterPorts, worker_of
from tests.integration.runs import TEMPLATE, start_of
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster
from workflows.story_attributes import attributes_of

UID: Final = "7f3a"
_TEMPLATE: Final = TEMPLATE.model_copy(
    update={"spec": TEMPLATE.spec.model_copy(update={"image": "worker:1"})}
)


class PlacedRun:
    """A run, its cluster, and the tasks that it started."""

    def __init__(
        self, client: Client, start: StartStoryRun, cluster: MemoryCluster, tasks: MemoryTasks
    ) -> None:
        name = workflow_id(start.namespace, start.name, start.uid)
        self.handle: WorkflowHandle[Any, StoryRunState] = client.get_workflow_handle(
            name, result_type=StoryRunState
        )
        self.cluster = cluster
        self.tasks = tasks
        self.name = start.name

    async def state(self) -> StoryRunState:
        """Return all that is known of it."""
        state: StoryRunState = await self.handle.query("state", result_type=StoryRunState)
        return state

    async def until(self, reached: Callable[[StoryRunState], bool]) -> StoryRunState:
        """Return the first state seen that the condition holds of."""
        while not reached(state := await self.state()):
            await asyncio.sleep(0.01)
        return state

    async def until_shown(self, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first status seen that the condition holds of."""
        while not reached(status := await self.shown()):
            await asyncio.sleep(0.01)
        return status

    async def until_started(self, number: int) -> str:
        """Return the name of its task of that number, from 1, once that was started."""
        while len(self.tasks.started) < number:
            await asyncio.sleep(0.01)
        return self.tasks.started[number - 1]

    async def shown(self) -> dict[str, Any]:
        """Return what its object shows."""
        there = await self.cluster.get(STORY_RUNS, "default", self.name)
        return dict((there or {}).get("status") or {})


def placed(spec: dict[str, Any], **fields: Any) -> StartStoryRun:
    """Return the input of a run that a StoryRun stands for."""
    given = {"uid": UID, "backend": Backend.KUBERNETES, "templates": (_TEMPLATE,)}
    return start_of(spec, **{**given, **fields})


def object_of(start: StartStoryRun, **metadata: Any) -> Manifest:
    """Return the StoryRun of a run."""
    known = {"namespace": start.namespace, "name": start.name, "uid": start.uid}
    return {
        "apiVersion": STORY_RUNS.api_version,
        "kind": STORY_RUNS.kind,
        "metadata": {**known, **metadata},
        "spec": {"storyRef": {"name": start.story.metadata.name}},
    }


@asynccontextmanager
async def placed_run(
    client: Client,
    task_queue: str,
    start: StartStoryRun,
    cluster: MemoryCluster,
    *,
    immediate: bool = True,
    cached: int = 1000,
) -> AsyncGenerator[PlacedRun]:
    """Give a run that was started, with a worker that serves its cluster, and keeps `cached`."""
    tasks = MemoryTasks(TemporalCompletions(client), immediate=immediate)
    ports = ClusterPorts(
        KubernetesObjects(cluster),
        KubernetesCatalog(cluster),
        KubernetesStatus(cluster, "worker-0"),
        KubernetesChildRuns(cluster),
    )
    runners = {Backend.KUBERNETES: tasks}
    async with worker_of(client, task_queue, runners, cluster=ports, max_cached_workflows=cached):
        launcher = TemporalLauncher(client, Place(task_queue, start.cluster), attributes_of)
        await launcher.start(start)
        yield PlacedRun(client, start, cluster, tasks)
