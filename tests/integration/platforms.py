"""A run of pipelines for a Promise and its requests in memory, on a real Temporal."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import Worker

from activities.objects import ObjectActivities
from activities.parents import ParentActivities
from activities.pipelines import PipelineActivities
from activities.runs import RunActivities
from activities.tasks import TaskActivities
from adapters.kubernetes.objects import KubernetesObjects
from adapters.memory.kratix import (
    MemoryMirror,
    MemoryParents,
    MemoryPipelines,
    MemoryPromises,
    MemoryRemoval,
)
from adapters.memory.platform import MemoryPlatform
from adapters.memory.tasks import MemoryTasks, succeeded
from adapters.temporal.completions import TemporalCompletions
from adapters.temporal.runs import TemporalRuns
from runwright.errors import ClusterUnavailableError
from runwright.models.kratix import (
    Parent,
    ParentState,
    PipelinesEnded,
    PipelinesState,
    StartPipelines,
    Trigger,
    WorkflowAction,
    run_id,
)
from runwright.models.objects import Manifest
from runwright.models.tasks import Backend, Claim, Diagnosis, Task, TaskKey, TaskNote, TaskOutcome
from runwright.ports import Answer
from runwright.rules.kratix.names import job_name
from runwright.rules.kratix.progress import fitted, suspension_seen
from runwright.rules.kratix.tasks import Execution, run_of, task_of
from runwright.worker import WORKFLOW_RUNNER, WORKFLOWS
from tests.histories.replaying import replayed
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster
from tests.unit.rules.kratix.documents import pipeline_manifest, promise_manifest, workflows

CONFIGURE: Final = WorkflowAction.CONFIGURE
DELETE: Final = WorkflowAction.DELETE
BEYOND_ITS_QUOTA: Final = ClusterUnavailableError("create job shop/x: HTTP 403 exceeded quota")
QUOTA: Final = Diagnosis(
    category="quota", summary="the quota refuses its Job", resolution="raise the quota"
)
"""What a run is told of that."""


def request_manifest(size: str = "small", **metadata: Any) -> Manifest:
    """Return a request for the Promise, with a uid of its own."""
    given = {"name": "orders", "namespace": "shop", "uid": uuid.uuid4().hex, **metadata}
    return {
        "apiVersion": "example.org/v1",
        "kind": "Database",
        "metadata": given,
        "spec": {"size": size},
    }


def platform_of(*pipelines: str | Manifest, uid: str = "") -> MemoryPlatform:
    """Return a platform with one request, and these configure pipelines for it."""
    written = [pipeline_manifest(one) if isinstance(one, str) else one for one in pipelines]
    unique = {"uid": uid} if uid else {}
    return MemoryPlatform(promise_manifest(**workflows(*written)), request_manifest(**unique))


def promise_platform_of(
    *pipelines: str, action: str = "configure", uid: str = ""
) -> MemoryPlatform:
    """Return a platform with no request, whose Promise has these pipelines of its own."""
    written = [pipeline_manifest(one) for one in pipelines]
    manifest = promise_manifest(**workflows(*written, type_="promise", action=action))
    manifest["metadata"]["uid"] = uid or uuid.uuid4().hex
    return MemoryPlatform(manifest)


class Ports(NamedTuple):
    """What a run needs of a cluster, where a test has a say in that."""

    parents: MemoryParents
    pipelines: MemoryPipelines
    mirror: MemoryMirror


def ports_of(platform: MemoryPlatform) -> Ports:
    """Return the ports of a cluster that does as it is told."""
    return Ports(MemoryParents(platform), MemoryPipelines(platform), MemoryMirror(platform))


class KeptTasks(MemoryTasks):
    """Tasks that cannot be started as long as something keeps them."""

    def __init__(self, client: Client) -> None:
        super().__init__(TemporalCompletions(client))
        self.refusal: Exception | None = None
        """What a start meets."""
        self.holds = False
        """Whether a start takes for ever."""
        self.met = asyncio.Event()
        """Set once something kept a start."""

    async def start(self, task: Task, claim: Claim) -> TaskOutcome | None:
        """Start the task if nothing keeps it."""
        if self.holds or self.refusal:
            self.met.set()
        if self.holds:
            await asyncio.Event().wait()
        if self.refusal is not None:
            raise self.refusal
        return await super().start(task, claim)

    async def until_made(self, number: int) -> None:
        """Return once that many Jobs were made."""
        while len(self.started) < number:
            await asyncio.sleep(0.01)


class PlacedPipelines:
    """A run of pipelines, its parent, and the Jobs that it made."""

    def __init__(
        self, client: Client, start: StartPipelines, platform: MemoryPlatform, tasks: MemoryTasks
    ) -> None:
        self.start = start
        self.parent: Parent = start.plan.parent
        self.platform = platform
        self.tasks = tasks
        name = run_id(self.parent, start.plan.action, start.number)
        self.handle: WorkflowHandle[Any, PipelinesEnded] = client.get_workflow_handle(
            name, result_type=PipelinesEnded
        )

    async def state(self) -> PipelinesState:
        """Return all that is known of it."""
        known: PipelinesState = await self.handle.query("state", result_type=PipelinesState)
        return known

    async def until(self, reached: Callable[[PipelinesState], bool]) -> PipelinesState:
        """Return the first state seen that the condition holds of."""
        while not reached(state := await self.state()):
            await asyncio.sleep(0.01)
        return state

    async def until_running(self, pipeline: str) -> PipelinesState:
        """Return once a pipeline runs, and the labels that asked for it are gone."""
        labels = self.start.removes
        await self.until(lambda state: phases(state.state).get(pipeline) == "Running")
        while set(labels) & set(self.labels()):
            await asyncio.sleep(0.01)
        return await self.state()

    async def until_started(self, pipeline: str) -> None:
        """Return once the Job of a pipeline is made."""
        while self.job(pipeline) not in self.tasks.started:
            await asyncio.sleep(0.01)

    async def end(self, pipeline: str, outcome: TaskOutcome | None = None) -> Answer:
        """Let the Job of a pipeline end."""
        return await self.tasks.end(self.job(pipeline), outcome)

    async def leave(self, pipeline: str, **handed_over: Any) -> Answer:
        """Let the Job of a pipeline succeed, with what its pod hands over."""
        return await self.end(pipeline, succeeded(handed_over))

    async def see(self) -> None:
        """Tell the run how the cluster has its parent now, as its entity does."""
        await self.handle.signal("see", self.platform.seen(self.parent))

    def job(self, pipeline: str) -> str:
        """Return by which name the tasks know the Job of a pipeline."""
        run = run_of(self.start, self.start.plan.names.index(pipeline))
        return f"{self.parent.home}/{job_name(run)}"

    def started(self) -> list[str]:
        """Return the pipelines whose Jobs were made, once per Job."""
        names = {self.job(name): name for name in self.start.plan.names}
        return [names[job] for job in self.tasks.started]

    def labels(self) -> dict[str, str]:
        """Return the labels of the parent."""
        seen = self.platform.seen(self.parent)
        return seen.sight.labels if seen else {}

    def shown(self) -> dict[str, Any]:
        """Return the status of the parent."""
        return self.platform.status(self.parent)

    async def ended(self) -> PipelinesEnded:
        """Return how a run left its parent that did not fail."""
        return await self.handle.result()

    async def failed(self) -> tuple[ApplicationError, PipelinesEnded]:
        """Return with what a run failed, and how it left its parent."""
        with pytest.raises(WorkflowFailureError, match="Workflow execution failed") as caught:
            await self.handle.result()
        cause = caught.value.cause
        assert isinstance(cause, ApplicationError)
        (details,) = cause.details
        return cause, PipelinesEnded.model_validate(details)

    async def cancelled(self) -> PipelinesState:
        """Return the last state of a run that was cancelled."""
        with pytest.raises(WorkflowFailureError, match="Workflow execution failed") as caught:
            await self.handle.result()
        assert isinstance(caught.value.cause, CancelledError)
        return await self.state()


async def start_of(
    platform: MemoryPlatform,
    parent: Parent | None = None,
    action: WorkflowAction = CONFIGURE,
    **fields: Any,
) -> StartPipelines:
    """Return the input of a run, from the first pipeline on: of the request, if there is one."""
    whose = parent or list(platform.parents())[-1]
    plan = await MemoryParents(platform).plan(whose, action)
    given: dict[str, Any] = {
        "state": fitted(ParentState(), action, plan.names),
        "number": 1,
        "position": 0,
        "anew": True,
        "trigger": Trigger.CREATED,
        "cluster": "test",
    }
    return StartPipelines(plan=plan, **{**given, **fields})


async def resumed(
    before: StartPipelines, left: PipelinesEnded, platform: MemoryPlatform
) -> StartPipelines:
    """Return the input of the run that goes on with what the one before it suspended."""
    state = suspension_seen(left.state)
    position = state.workflow.suspended
    assert position is not None
    return await start_of(
        platform,
        before.plan.parent,
        before.plan.action,
        state=state,
        number=before.number + 1,
        position=position,
        anew=False,
        trigger=Trigger.RESUMED,
    )


async def key_of(run: PlacedPipelines, pipeline: str) -> TaskKey:
    """Return the identity of the Job that a run makes for a pipeline."""
    about = await run.handle.describe()
    execution = Execution(run.handle.id, about.run_id)
    position = run.start.plan.names.index(pipeline)
    return task_of(run_of(run.start, position), run.start.plan, execution).key


async def note(run: PlacedPipelines, diagnosis: Diagnosis | None, pipeline: str = "a") -> None:
    """Say why the Job of a pipeline does not get on, as whoever observes it does."""
    key = await key_of(run, pipeline)
    await run.handle.signal("note_task", TaskNote(key=key, diagnosis=diagnosis))


async def until_refused(run: PlacedPipelines, tasks: KeptTasks, pipeline: str = "a") -> None:
    """Return once the Job of a pipeline is refused, and the run was told so."""
    await tasks.met.wait()
    await note(run, QUOTA, pipeline)
    await run.until(lambda state: state.diagnosis is not None)


def phases(state: ParentState) -> dict[str, str]:
    """Return the phases of the pipelines of the workflow that ran last, by name."""
    return {one.name: str(one.phase) for one in state.workflow.pipelines}


@asynccontextmanager
async def served(
    client: Client,
    task_queue: str,
    platform: MemoryPlatform,
    tasks: MemoryTasks,
    ports: Ports | None = None,
) -> AsyncGenerator[None]:
    """Serve the runs of a platform until the block is left."""
    running = TaskActivities({Backend.KUBERNETES: tasks})
    given = ports or ports_of(platform)
    parents = ParentActivities(given.parents, MemoryPromises(platform), MemoryRemoval(platform))
    work = PipelineActivities(given.pipelines)
    objects = ObjectActivities(KubernetesObjects(MemoryCluster()), given.mirror)
    activities: list[Callable[..., Any]] = [
        *(running.run_task, running.find_task, running.expect_task, running.stop_task),
        *(parents.mark_parent, parents.see_parent, objects.show_status),
        *(work.prepare_pipeline, work.collect_output),
        RunActivities(TemporalRuns(client)).cancel_own_run,
    ]
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=activities,
        workflow_runner=WORKFLOW_RUNNER,
    ):
        yield


@asynccontextmanager
async def placed_pipelines(
    client: Client,
    task_queue: str,
    platform: MemoryPlatform,
    start: StartPipelines | None = None,
    tasks: MemoryTasks | None = None,
    ports: Ports | None = None,
) -> AsyncGenerator[PlacedPipelines]:
    """Give a run that was started and is served; at the end its history replays."""
    given = start or await start_of(platform)
    made = tasks or MemoryTasks(TemporalCompletions(client))
    going = PlacedPipelines(client, given, platform, made)
    async with served(client, task_queue, platform, made, ports):
        await begin(client, task_queue, going)
        yield going
    await replayed(await going.handle.fetch_history())


async def begin(client: Client, task_queue: str, going: PlacedPipelines) -> None:
    """Start a run, as its entity does."""
    await client.start_workflow("Pipelines", going.start, id=going.handle.id, task_queue=task_queue)
