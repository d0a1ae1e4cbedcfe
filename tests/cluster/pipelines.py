"""Pipelines in real pods, as a run of them would have their Jobs."""

import asyncio
import base64
import gzip
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.evidence import Evidence, name_of
from adapters.kubernetes.jobs import KubernetesJobs
from adapters.kubernetes.observer import JobObserver
from adapters.kubernetes.post import Post
from adapters.kubernetes.resources import CONFIG_MAPS, JOBS, PODS
from adapters.memory.completions import MemoryCompletions
from runwright.models.kratix import (
    HANDOVER_KEY,
    Handover,
    Parent,
    Pipeline,
    PipelineRun,
    WorkflowAction,
    WorkflowType,
    run_id,
)
from runwright.models.objects import Manifest
from runwright.models.tasks import Backend, Claim, Task, TaskKey, TaskOutcome
from runwright.rules.kratix.jobs import Platform, access_of, job_template, scheduling_config_map
from runwright.rules.kratix.names import job_name
from testbed.cluster import Testbed
from testbed.images.contents import BUSYBOX
from tests.unit.rules.kratix.documents import pipeline
from tests.unit.rules.kratix.runs import run_of

CONFIGURE, DELETE = WorkflowAction.CONFIGURE, WorkflowAction.DELETE
_GRACE = timedelta(seconds=2)


def steps(*scripts: str, **settings: Any) -> list[dict[str, Any]]:
    """Return containers of a shell, called `step-1` and so on."""
    return [
        {
            "name": f"step-{number}",
            "image": BUSYBOX,
            "command": ["/bin/sh", "-ec", script],
            **settings,
        }
        for number, script in enumerate(scripts, 1)
    ]


def of_steps(*scripts: str, **spec: Any) -> Pipeline:
    """Return a pipeline of shell scripts."""
    return pipeline(containers=steps(*scripts), **spec)


def unpacked(files: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of what was handed over, by their paths."""
    return {
        path: gzip.decompress(base64.b64decode(content, validate=True)).decode()
        for path, content in files.items()
    }


@dataclass(frozen=True)
class Ran:
    """A pipeline whose Job is over, and its outcome reported."""

    outcome: TaskOutcome
    job: Manifest
    """As it was when it was released."""
    pods: list[Manifest] = field(default_factory=list)

    @property
    def handover(self) -> Handover:
        """What its pod handed over."""
        return Handover.model_validate(self.outcome.output)


class PipelinePods:
    """A namespace in which pipelines run for a ConfigMap, as if it were a request."""

    def __init__(self, testbed: Testbed, namespace: str) -> None:
        self.testbed = testbed
        self.namespace = namespace
        self.cluster = Cluster({"KUBECONFIG": str(testbed.kubeconfig)})
        self.completions = MemoryCompletions()
        self.runner = KubernetesJobs(self.cluster, namespace)
        self.parent = Parent(
            type=WorkflowType.RESOURCE,
            promise="database",
            api_version="v1",
            kind="ConfigMap",
            plural="configmaps",
            name="orders",
            namespace=namespace,
        )
        self._platform = Platform(testbed.load_pipeline_adapter())
        self._evidence = Evidence(self.cluster)

    async def make_parent(self) -> None:
        """Create what the pipelines run for."""
        metadata = {"name": self.parent.name, "namespace": self.namespace}
        made = await self.cluster.create(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"size": "3"}}
        )
        self.parent = self.parent.model_copy(update={"uid": made["metadata"]["uid"]})

    async def run(self, one: Pipeline, action: WorkflowAction = CONFIGURE) -> Ran:
        """Run a pipeline, and return how it ended once nothing of ours holds its Job."""
        task, claim = await self.start(one, action)
        return await self.ended(task, claim)

    async def start(self, one: Pipeline, action: WorkflowAction = CONFIGURE) -> tuple[Task, Claim]:
        """Have the Job of a pipeline there, with what its pod needs."""
        run = run_of(self.parent, action, one)
        selectors = scheduling_config_map(self.parent.promise, (), self.namespace)
        await asyncio.to_thread(self.testbed.apply, *access_of(run), selectors)
        task = self._task(run)
        claim = Claim(
            workflow_id=task.key.workflow_id,
            run_id="",
            activity_id=f"{task.key.activities}1",
            since=datetime.now(UTC),
        )
        assert await self.runner.start(task, claim) is None
        return task, claim

    async def ended(self, task: Task, claim: Claim) -> Ran:
        """Return how a pipeline ended once nothing of ours holds its Job, nor any pod."""
        outcome = await self.completions.outcome(claim)
        while identity.has_evidence(job := await self.job(task)):
            await asyncio.sleep(0.05)
        return Ran(outcome, job, await self._evidence.pods(job))

    async def job(self, task: Task) -> Manifest:
        """Return the Job of a pipeline."""
        job = await self.cluster.get(JOBS, task.key.namespace, task.key.name)
        assert job is not None
        return job

    async def pods(self, task: Task) -> list[Manifest]:
        """Return the pods of a pipeline."""
        return await self._evidence.pods(await self.job(task))

    async def until_running(self, task: Task, container: str) -> None:
        """Wait until an init container runs."""
        while container not in [
            one["name"]
            for pod in await self.pods(task)
            for one in pod["status"].get("initContainerStatuses", ())
            if one["state"].get("running")
        ]:
            await asyncio.sleep(0.05)

    async def files(self, ran: Ran) -> dict[str, str]:
        """Return the files that a pipeline handed over, with what is in them."""
        return unpacked((await self.handover(ran)).files)

    async def kept_log(self, ran: Ran) -> str | None:
        """Return what is kept of what a pipeline wrote; None if nothing is."""
        name = f"{ran.job['metadata']['name']}-log"
        found = await self.cluster.get(CONFIG_MAPS, self.namespace, name)
        return None if found is None else str(found["data"]["try-1.1"])

    async def handover(self, ran: Ran) -> Handover:
        """Return what a pipeline handed over, wherever it is."""
        if ran.handover.stored is None:
            return ran.handover
        return Handover.model_validate_json((await self.stored(ran))[1])

    async def stored(self, ran: Ran) -> tuple[Manifest, str]:
        """Return the ConfigMap of a handover, and the text in it."""
        said = ran.handover.stored
        assert said is not None
        found = await self.cluster.get(CONFIG_MAPS, self.namespace, said.config_map)
        assert found is not None
        return found, found["data"][HANDOVER_KEY]

    @asynccontextmanager
    async def observed(self) -> AsyncGenerator[None]:
        """Have the observer run; afterwards nothing of ours holds what the test left."""
        observer = JobObserver(self.cluster, self.completions, Post(self.namespace, self.namespace))
        observing = asyncio.create_task(observer.run())
        try:
            yield
        finally:
            observing.cancel()
            with suppress(asyncio.CancelledError):
                await observing
            await self._let_go()
            await self.cluster.close()

    async def _let_go(self) -> None:
        for resource in (JOBS, PODS):
            for one in (await self.cluster.list(resource, Selection(self.namespace))).items:
                await self.cluster.delete(resource, name_of(one))
                await self.cluster.without_finalizer(resource, name_of(one), identity.EVIDENCE)

    def _task(self, run: PipelineRun) -> Task:
        key = TaskKey(
            backend=Backend.KUBERNETES,
            namespace=run.parent.home,
            name=job_name(run),
            workflow_id=run_id(run.parent, run.action, 1),
            activation=1,
            try_number=1,
        )
        job = job_template(run, self._platform)
        if not run.parent.uid:  # the cluster would remove the Job with an owner that is none
            job = job.model_copy(update={"owners": ()})
        return Task(
            key=key,
            command=(),
            timeout=timedelta(minutes=5),
            grace=_GRACE,
            max_output=4096,
            job=job,
        )
