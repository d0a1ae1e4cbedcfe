"""A Promise and the requests for it on a real Temporal, in a cluster that is kept in memory."""

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, Final

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.worker import Worker

from adapters.kubernetes.catalog import KubernetesCatalog
from adapters.kubernetes.child_runs import KubernetesChildRuns
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
from runwright.models.kratix import (
    KratixConfig,
    Parent,
    ParentReport,
    Seen,
    Standing,
    StartParent,
    WorkflowDefaults,
    WorkflowType,
    parent_id,
)
from runwright.models.objects import Manifest
from runwright.models.tasks import Backend, TaskOutcome
from runwright.worker import ClusterPorts, KratixPorts, worker_of
from tests.integration.events import has_passed_all_on
from tests.integration.statuses import job_of
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster
from tests.unit.rules.kratix.documents import Fields, pipeline_manifest, promise_manifest

PATIENCE: Final = 60.0


def promise_of(
    *configure: str | Fields,
    delete: Iterable[str | Fields] = (),
    own: Iterable[str | Fields] = (),
    own_delete: Iterable[str | Fields] = (),
    **fields: Any,
) -> Fields:
    """Return a Promise whose requests have these pipelines, and that has those of its own."""
    name = f"db-{uuid.uuid4().hex[:8]}"
    given = {
        "resource": {"configure": _listed(configure), "delete": _listed(delete)},
        "promise": {"configure": _listed(own), "delete": _listed(own_delete)},
    }
    return promise_manifest(name, workflows=given, **fields)


def _listed(pipelines: Iterable[str | Fields]) -> list[Fields]:
    return [pipeline_manifest(one) if isinstance(one, str) else one for one in pipelines]


def request_of(name: str = "orders", size: str = "small", /, **metadata: Any) -> Fields:
    """Return a request."""
    return {
        "apiVersion": "example.org/v1",
        "kind": "Database",
        "metadata": {"name": name, "namespace": "shop", **metadata},
        "spec": {"size": size},
    }


def handed(control: str = "", status: str = "") -> TaskOutcome:
    """Return the end of a pod that left these files."""
    return succeeded({"control": control, "status": status})


SUSPENDS: Final = handed("suspend: true\nmessage: ask first\n")


class WatchedPlatform(MemoryPlatform):
    """A platform whose changes somebody watches."""

    def __init__(self, *arguments: Any, **fields: Any) -> None:
        self.changed = asyncio.Event()
        super().__init__(*arguments, **fields)

    def versions_of(self, parent: Parent) -> tuple[str, str] | None:
        """Return the version of a parent, and that of its Promise for a request; None: gone."""
        there = self.find(parent)
        if there is None:
            return None
        of_request = parent.type is WorkflowType.RESOURCE
        promise = self.manifest()["metadata"]["resourceVersion"] if of_request else ""
        return there["metadata"]["resourceVersion"], promise

    def _put(self, key: tuple[str, str], manifest: Manifest) -> None:
        super()._put(key, manifest)
        self.changed.set()


class Place:
    """A platform, the entities of its parents, and what tests do and wait for there."""

    def __init__(
        self,
        client: Client,
        task_queue: str,
        *manifests: Manifest,
        immediate: bool = False,
        config: KratixConfig | None = None,
        **fields: Any,
    ) -> None:
        self.client, self.task_queue = client, task_queue
        self.platform = WatchedPlatform(*manifests, config=config)
        self.tasks = MemoryTasks(TemporalCompletions(client), immediate=immediate)
        self.started: list[str] = []
        """The ids of the entities."""
        self._rest = MemoryCluster()
        self.pipelines = MemoryPipelines(self.platform)
        self.promises = MemoryPromises(self.platform)
        self.removal = MemoryRemoval(self.platform)
        self.fields = fields
        self.promise = self.platform.parent()
        self._told: dict[str, tuple[Parent, Seen]] = {}

    def ports(self) -> ClusterPorts:
        """Return the ports of a worker that serves the platform."""
        kratix = KratixPorts(
            parents=MemoryParents(self.platform),
            promises=self.promises,
            removal=self.removal,
            pipelines=self.pipelines,
        )
        return ClusterPorts(
            objects=KubernetesObjects(self._rest),
            catalog=KubernetesCatalog(self._rest),
            mirror=MemoryMirror(self.platform),
            child_runs=KubernetesChildRuns(self._rest),
            kratix=kratix,
        )

    def worker(self, **fields: Any) -> Worker:
        """Return a worker that serves the platform."""
        runners = {Backend.KUBERNETES: self.tasks}
        return worker_of(self.client, self.task_queue, runners, cluster=self.ports(), **fields)

    async def start(self, parent: Parent, **fields: Any) -> "Entity":
        """Start the entity of a parent."""
        seen = self.platform.seen(parent)
        assert seen is not None
        given = {"promise_uid": self.promise.uid, **self.fields, **fields}
        if parent.type is WorkflowType.PROMISE:
            del given["promise_uid"]
        start = StartParent(parent=parent, cluster="c", seen=seen, **given)
        self._told[parent_id(parent)] = parent, seen
        self.started.append(parent_id(parent))
        name = "Promise" if parent.type is WorkflowType.PROMISE else "ResourceRequest"
        await self.client.start_workflow(
            name, start, id=parent_id(parent), task_queue=self.task_queue
        )
        return Entity(self, parent)

    async def apply(self, manifest: Manifest) -> "Entity":
        """Make a request, and start its entity."""
        return await self.start(self.platform.apply(manifest))

    async def watch(self) -> None:
        """Tell every entity how its parent is, whenever that changed."""
        while True:
            self.platform.changed.clear()
            for parent, told in list(self._told.values()):
                await self._tell(parent, told)
            await self.platform.changed.wait()

    def version_told(self, workflow_id: str) -> str:
        """Return the version in which an entity was told of its parent last."""
        return self._told[workflow_id][1].version

    async def _tell(self, parent: Parent, told: Seen) -> None:
        workflow_id = parent_id(parent)
        handle = self.client.get_workflow_handle(workflow_id)
        is_there = self.platform.find(self.promise) is not None
        if is_there and self.platform.versions_of(parent) == (told.version, told.promise_version):
            return
        seen = self.platform.seen(parent) if is_there else None
        with suppress(RPCError):
            if seen is None:
                await handle.signal("look_at_parent")
                del self._told[workflow_id]
            elif seen != told:
                self._told[workflow_id] = parent, seen
                await handle.signal("see", seen)

    async def until(self, holds: Callable[[], Any]) -> None:
        """Return once that holds."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await asyncio.sleep(0.01)

    def events(self, name: str) -> list[str]:
        """Return the reasons of the Events of an object, in their order."""
        return [one.reason for one in self.platform.events if one.object.name == name]


class Entity:
    """One parent's entity."""

    def __init__(self, place: Place, parent: Parent) -> None:
        self.place, self.parent = place, parent
        self.handle: WorkflowHandle[Any, Any] = place.client.get_workflow_handle(parent_id(parent))

    async def report(self) -> ParentReport:
        """Return all that is known of the parent."""
        report: ParentReport = await self.handle.query("state", result_type=ParentReport)
        return report

    async def until(self, holds: Callable[[ParentReport], Any]) -> ParentReport:
        """Return the first report that the condition holds of."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not holds(report := await self.report()):
                    await asyncio.sleep(0.02)
                return report
        except TimeoutError:
            raise AssertionError(await self._all_of_it()) from None

    async def _all_of_it(self) -> str:
        """Return all that is known, for the message of a test that waits in vain."""
        report = (await self.report()).model_dump_json(indent=1, exclude_none=True)
        return f"{json.dumps(self.status(), indent=1)}\n{report}"

    async def until_stands(self, standing: Standing) -> ParentReport:
        """Return the first report of that standing."""
        return await self.until(lambda report: report.standing is standing)

    async def until_ran(self, runs: int) -> ParentReport:
        """Return the first report in which it is ready after so many runs."""
        return await self.until(
            lambda report: len(report.past) == runs and report.standing is Standing.READY
        )

    async def until_retried(self, attempts: int) -> None:
        """Return once its first pipeline has asked that often to be run again."""
        await self.until(lambda report: report.state.workflow.pipelines[0].attempts == attempts)

    async def until_runs(self, pipeline: str, times: int = 1) -> str:
        """Return the name of the Job of a pipeline, once it was started that often and runs."""
        await self.until_shown(lambda _: len(self.jobs(pipeline)) >= times)
        name = self.jobs(pipeline)[-1]
        await self.until_shown(lambda status: job_of(status, pipeline) == name)
        return name

    def jobs(self, pipeline: str = "") -> list[str]:
        """Return the Jobs that were made for the parent, or for one pipeline of it."""
        parent = self.parent
        own = [parent.promise] if not parent.namespace else [parent.promise, parent.name]
        start = "-".join(["kratix", *own, *([pipeline] if pipeline else [])]) + "-"
        ids = f"{parent_id(parent)}/"
        return [
            key.name
            for key in self.place.tasks.executed
            if key.name.startswith(start) and key.workflow_id.startswith(ids)
        ]

    def ran(self) -> list[str]:
        """Return the names of the pipelines whose Jobs were made, in their order."""
        own = 2 if not self.parent.namespace else 3
        start = len("-".join(["kratix", self.parent.promise, self.parent.name][:own])) + 1
        return [name[start:].rpartition("-")[0] for name in self.jobs()]

    async def end(self, pipeline: str, outcome: TaskOutcome | None = None, times: int = 1) -> None:
        """Let the Job of a pipeline end, once it runs and knows how the parent is by now."""
        name = await self.until_runs(pipeline, times)
        await self._until_run_is_told()
        await self.place.tasks.end(f"{self.parent.home}/{name}", outcome)

    def status(self) -> dict[str, Any]:
        """Return the status of the parent."""
        return self.place.platform.status(self.parent)

    async def until_shown(self, holds: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Return the first status that the condition holds of."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not holds(status := self.status()):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(await self._all_of_it()) from None
        return status

    async def until_told(self) -> None:
        """Return once the entity knows the parent as it is now."""
        there = self.place.platform.find(self.parent)
        assert there is not None
        version = int(there["metadata"]["resourceVersion"])
        name = parent_id(self.parent)
        await self.place.until(lambda: int(self.place.version_told(name)) >= version)

    async def _until_run_is_told(self) -> None:
        """Return once the entity has passed on to its run how the parent is, if it is there."""
        if self.place.platform.find(self.parent) is None:
            return
        await self.until_told()
        while not has_passed_all_on((await self.handle.fetch_history()).events):
            await asyncio.sleep(0.01)

    async def timers(self) -> int:
        """Return how many timers the entity waits for."""
        described = await self.handle.fetch_history()
        kinds = [one.event_type for one in described.events]
        started = kinds.count(EventType.EVENT_TYPE_TIMER_STARTED)
        over = (EventType.EVENT_TYPE_TIMER_FIRED, EventType.EVENT_TYPE_TIMER_CANCELED)
        return started - sum(kinds.count(one) for one in over)

    def change(self, size: str) -> None:
        """Change the spec of the request."""
        manifest = self.place.platform.manifest(self.parent.namespace, self.parent.name)
        self.place.platform.apply({**manifest, "spec": {"size": size}})

    def delete(self) -> None:
        """Delete the parent."""
        self.place.platform.delete(self.parent)

    def label(self, key: str, value: str | None = "true") -> None:
        """Give the parent a label; None takes it away."""
        self.place.platform.label(self.parent, key, value)

    def has(self, label: str) -> bool:
        """Return whether the parent has a label."""
        found = self.place.platform.find(self.parent) or {"metadata": {}}
        return label in (found["metadata"].get("labels") or {})

    async def update(self, name: str, message: Any) -> Any:
        """Send an update, and return its answer."""
        return await self.handle.execute_update(name, message)

    def events(self) -> list[str]:
        """Return the reasons of its Events, in their order."""
        return self.place.events(self.parent.name)


@asynccontextmanager
async def placed(
    client: Client, task_queue: str, *manifests: Manifest, **fields: Any
) -> AsyncGenerator[Place]:
    """Give a platform with these objects, with a worker that serves it and one who watches."""
    place = Place(client, task_queue, *manifests, **fields)
    async with watched(place), place.worker():
        yield place


@asynccontextmanager
async def watched(place: Place) -> AsyncGenerator[None]:
    """Have the entities of a platform told of its changes."""
    watching = asyncio.create_task(place.watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await closed(place)


async def closed(place: Place) -> None:
    """Terminate what is still open, so that no test finds another's runs."""
    for workflow_id in place.started:
        with suppress(RPCError):
            await place.client.get_workflow_handle(workflow_id).terminate()


def quick(interval: float, *, again_after_failure: bool = True) -> KratixConfig:
    """Return a platform's settings with an interval of that many seconds."""
    defaults = WorkflowDefaults(reconcile_after_failure=again_after_failure)
    return KratixConfig(reconciliation_interval=timedelta(seconds=interval), workflows=defaults)
