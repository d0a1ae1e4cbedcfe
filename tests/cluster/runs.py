"""StoryRuns on a real cluster and a real Temporal, and a worker that serves one namespace."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.resources import (
    ENGRAM_TEMPLATES,
    EVENTS,
    JOBS,
    PODS,
    STEP_RUNS,
    STORY_RUNS,
    Resource,
)
from runwright.client import RunwrightClient
from runwright.client.cluster import ClusterObjects
from runwright.models.objects import Manifest
from runwright.models.story_run import StoryRunState, workflow_id
from runwright.models.tasks import Backend
from runwright.settings import Settings, task_queue_of
from runwright.worker.cluster import serve_cluster
from testbed.cluster import Testbed
from testbed.images.contents import BUSYBOX
from tests.cluster.account import Account

RUNS: Final = "runs.bubustack.io/v1alpha1"
STORIES: Final = "bubustack.io/v1alpha1"
CATALOG: Final = "catalog.bubustack.io/v1alpha1"
SMALL: Final = {"cpuRequest": "10m", "memoryRequest": "16Mi"}
"""What a shell takes: with the usual requests few pods would find room at once."""


class Stage:
    """One namespace of a cluster, with the Temporal that its runs are in.

    The worker that serves it is started apart, by `served` or `serving`: what is to be shown is
    often what happens without one. The worker may do what `account` may; the test is an admin.
    """

    def __init__(self, testbed: Testbed, client: Client, namespace: str, account: Account) -> None:
        self.testbed = testbed
        self.client = client
        self.namespace = namespace
        self.account = account
        self.environ = {"KUBECONFIG": str(account.kubeconfig)}
        """How the worker finds the cluster."""
        self.cluster = Cluster({"KUBECONFIG": str(testbed.kubeconfig)})

    @property
    def settings(self) -> Settings:
        """Return those of a worker that serves this namespace alone, and is quick to notice."""
        return Settings(
            state=Path("/nonexistent"),
            backend=Backend.KUBERNETES,
            cluster=self.namespace,
            watch_namespace=self.namespace,
            own_namespace=self.account.namespace,
            instance=f"worker-{os.getpid()}",
            sweep_interval=timedelta(seconds=1),
            lease_duration=timedelta(seconds=5),
            drain=timedelta(seconds=1),
        )

    @property
    def runs(self) -> RunwrightClient:
        """Return a client of the runs."""
        place = task_queue_of(self.namespace), self.namespace
        return RunwrightClient(self.client, *place, objects=ClusterObjects(self.cluster))

    async def engram(self, name: str, script: str = "true", **template: Any) -> None:
        """Create an Engram whose steps run that script in a shell."""
        unique = f"{self.namespace}-{name}"
        spec = {"version": "v1", "supportedModes": ["job"], "image": BUSYBOX, **template}
        metadata = {"name": unique, "annotations": {"runwright.dev/command": script}}
        await self.create(CATALOG, "EngramTemplate", metadata, spec)
        reference = {"templateRef": {"name": unique}, "executionPolicy": {"resources": SMALL}}
        await self.create(STORIES, "Engram", self._named(name), reference)

    async def story(self, name: str, *steps: Mapping[str, Any], **spec: Any) -> None:
        """Create a Story."""
        await self.create(STORIES, "Story", self._named(name), {"steps": list(steps), **spec})

    async def run(self, name: str, story: str, **spec: Any) -> Manifest:
        """Create a StoryRun."""
        return await self.create(
            *(RUNS, "StoryRun", self._named(name)), {"storyRef": {"name": story}, **spec}
        )

    async def create(
        self, api_version: str, kind: str, metadata: Mapping[str, Any], spec: Mapping[str, Any]
    ) -> Manifest:
        """Create any object."""
        return await self.cluster.create(
            {"apiVersion": api_version, "kind": kind, "metadata": {**metadata}, "spec": {**spec}}
        )

    async def story_run(self, name: str) -> Manifest | None:
        """Return a StoryRun; None if it is gone."""
        return await self.cluster.get(STORY_RUNS, self.namespace, name)

    async def until(
        self, name: str, reached: Callable[[Manifest], bool], resource: Resource = STORY_RUNS
    ) -> Manifest:
        """Return the first version seen of an object that the condition holds of."""
        while True:
            found = await self.cluster.get(resource, self.namespace, name)
            if found is not None and reached(found):
                return found
            await asyncio.sleep(0.05)

    async def until_phase(self, name: str, *phases: str) -> Manifest:
        """Return a StoryRun once it is in one of these phases."""
        return await self.until(name, lambda run: phase_of(run) in phases)

    async def until_gone(self, name: str, resource: Resource = STORY_RUNS) -> None:
        """Return once there is no such object."""
        while await self.cluster.get(resource, self.namespace, name) is not None:
            await asyncio.sleep(0.05)

    async def until_event(self, reason: str, about: str = "", saying: str = "") -> Manifest:
        """Return the first Event of that reason, about an object whose name begins so.

        They are told after the status that says the same.
        """
        while True:
            for event in await self.all(EVENTS):
                is_about = event["involvedObject"]["name"].startswith(about)
                if event["reason"] == reason and is_about and saying in event["message"]:
                    return event
            await asyncio.sleep(0.05)

    async def all(self, resource: Resource) -> list[Manifest]:
        """Return all objects of a kind in the namespace."""
        return (await self.cluster.list(resource, Selection(self.namespace))).items

    async def approve(self, run: str, gate: str, by: str = "ada") -> None:
        """Approve a gate as people do with kubectl."""
        decision = {"state": "Approved", "updatedBy": by}
        patch = {"status": {"gates": {gate: decision}}}
        name = self.namespace, run
        await self.cluster.patch(STORY_RUNS, name, patch, subresource="status")

    def workflow(self, run: Manifest) -> WorkflowHandle[Any, StoryRunState]:
        """Return the workflow of a StoryRun."""
        name = workflow_id(self.namespace, run["metadata"]["name"], run["metadata"]["uid"])
        return self.client.get_workflow_handle(name, result_type=StoryRunState)

    async def state(self, run: Manifest) -> StoryRunState:
        """Return all that the workflow of a StoryRun knows; a worker must be there."""
        state: StoryRunState = await self.workflow(run).query("state", result_type=StoryRunState)
        return state

    async def closed(self, run: Manifest) -> WorkflowExecutionStatus | None:
        """Return how the workflow of a StoryRun closed, once it has."""
        while True:
            described = await self.workflow(run).describe()
            if described.status is not WorkflowExecutionStatus.RUNNING:
                return described.status
            await asyncio.sleep(0.05)

    async def signals(self, run: Manifest) -> int:
        """Return how many signals the workflow of a StoryRun was sent."""
        history = await self.workflow(run).fetch_history()
        kinds = [event.event_type for event in history.events]
        return kinds.count(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)

    async def until_none(self, *resources: Resource) -> None:
        """Return once the namespace has no objects of these kinds."""
        for resource in resources:
            while await self.all(resource):
                await asyncio.sleep(0.05)

    @asynccontextmanager
    async def served(self, **settings: Any) -> AsyncGenerator[None]:
        """Have a worker serve the namespace, in this process."""
        stop = asyncio.Event()
        chosen = self.settings.model_copy(update=settings)
        serving = asyncio.create_task(
            serve_cluster(self.client, chosen, stop, environ=self.environ)
        )
        try:
            yield
        finally:
            stop.set()
            await serving

    @asynccontextmanager
    async def process(self, address: str, **settings: str) -> AsyncGenerator["WorkerProcess"]:
        """Have a worker serve the namespace in a process of its own; `address` is Temporal's."""
        worker = WorkerProcess(self.variables(address) | settings)
        await worker.start()
        try:
            yield worker
        finally:
            await worker.kill()

    def variables(self, address: str) -> dict[str, str]:
        """Return the environment of such a process."""
        return {
            **self.environ,
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "TEMPORAL_ADDRESS": address,
            "TEMPORAL_CONFIG_FILE": os.devnull,
            "RUNWRIGHT_BACKEND": "kubernetes",
            "RUNWRIGHT_CLUSTER": self.namespace,
            "RUNWRIGHT_WATCH_NAMESPACE": self.namespace,
            "RUNWRIGHT_OWN_NAMESPACE": self.account.namespace,
            "RUNWRIGHT_SWEEP_INTERVAL": "PT1S",
            "RUNWRIGHT_LEASE_DURATION": "PT5S",
            "RUNWRIGHT_DRAIN": "PT1S",
        }

    async def close(self) -> None:
        """Remove what is not in the namespace, and what holds things in it."""
        for template in (await self.cluster.list(ENGRAM_TEMPLATES)).items:
            if template["metadata"]["name"].startswith(f"{self.namespace}-"):
                await self.cluster.delete(ENGRAM_TEMPLATES, ("", template["metadata"]["name"]))
        for job in await self.all(JOBS):  # or one would make another pod, which nobody lets go
            await self.cluster.delete(JOBS, (self.namespace, job["metadata"]["name"]))
        for resource in (STORY_RUNS, STEP_RUNS, JOBS, PODS):
            for one in await self.all(resource):
                name = self.namespace, one["metadata"]["name"]
                await self.cluster.patch(resource, name, {"metadata": {"finalizers": None}})
        await self.cluster.close()

    def _named(self, name: str) -> dict[str, str]:
        return {"name": name, "namespace": self.namespace}


class WorkerProcess:
    """A worker that can be killed."""

    def __init__(self, environ: Mapping[str, str], *command: str) -> None:
        self._environ = environ
        self._command = command or (sys.executable, "-m", "runwright", "worker")
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; again after it has ended."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command, env=dict(self._environ), stderr=asyncio.subprocess.DEVNULL
        )

    async def ended(self) -> int:
        """Return its exit status once it has ended by itself."""
        assert self._process is not None
        return await self._process.wait()

    async def kill(self) -> None:
        """End it without a chance to do anything."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def terminate(self) -> int:
        """Tell it to end as Kubernetes does, and return its exit status."""
        assert self._process is not None
        self._process.terminate()
        return await self._process.wait()


def phase_of(run: Manifest) -> str:
    """Return the phase of a StoryRun or a StepRun; empty as long as it has none."""
    return str((run.get("status") or {}).get("phase", ""))


def is_ready(job: Manifest) -> bool:
    """Return whether a Job has a pod that runs."""
    return bool((job.get("status") or {}).get("ready"))


def step(name: str, engram: str = "work", *needs: str, **fields: Any) -> dict[str, Any]:
    """Return a step that an Engram does."""
    return {"name": name, "ref": {"name": engram}, "needs": list(needs), **fields}


def gate(name: str, *needs: str, **arguments: Any) -> dict[str, Any]:
    """Return a gate."""
    return {"name": name, "type": "gate", "needs": list(needs), "with": arguments}


def executes(name: str, story: str, *needs: str, **arguments: Any) -> dict[str, Any]:
    """Return a step that executes that Story."""
    given = {"storyRef": {"name": story}, **arguments}
    return {"name": name, "type": "executeStory", "needs": list(needs), "with": given}


def retries(most: int, delay: str = "10ms") -> dict[str, Any]:
    """Return the `execution` of a step that is retried that often."""
    return {"retry": {"maxRetries": most, "delay": delay, "backoff": "constant"}}


def condition(run: Manifest, name: str) -> Manifest:
    """Return a condition of a StoryRun; empty if it has none of that type."""
    found: list[Manifest] = (run.get("status") or {}).get("conditions") or []
    return next((one for one in found if one["type"] == name), {})
