"""A StoryRun of a cluster that is kept in memory, on a real Temporal."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

from temporalio.client import Client, WorkflowHandle

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
from workflows.presentation import attributes_of

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
) -> AsyncGenerator[PlacedRun]:
    """Give a run that was started, with a worker that serves its cluster."""
    tasks = MemoryTasks(TemporalCompletions(client), immediate=immediate)
    ports = ClusterPorts(
        *(KubernetesObjects(cluster), KubernetesStatus(cluster, "worker-0")),
        KubernetesChildRuns(cluster),
    )
    async with worker_of(client, task_queue, {Backend.KUBERNETES: tasks}, cluster=ports):
        launcher = TemporalLauncher(client, Place(task_queue, start.cluster), attributes_of)
        await launcher.start(start)
        yield PlacedRun(client, start, cluster, tasks)
