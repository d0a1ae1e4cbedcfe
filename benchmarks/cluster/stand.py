"""The stand on the testbed: a namespace, a Temporal server, a worker in its own process."""

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import psutil

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.resources import (
    ENGRAM_TEMPLATES,
    JOBS,
    LEASES,
    PODS,
    STORY_RUNS,
    Resource,
)
from benchmarks.cluster.audit import AuditLog
from benchmarks.stand import Stand, environment, standing
from runwright.models.objects import Manifest
from testbed import starting
from testbed.cluster import Reach, Testbed
from testbed.errors import UnavailableError
from testbed.images.contents import BUSYBOX

ENGRAM: Final = "work"
SMALL: Final = {"cpuRequest": "10m", "memoryRequest": "16Mi"}
_ACCOUNT: Final = "worker"
_AT_ONCE: Final = 32
"""Requests to the API server."""


class Site:
    """A namespace of the testbed that one worker serves."""

    def __init__(self, testbed: Testbed, stand: Stand, namespace: str) -> None:
        self.testbed = testbed
        self.stand = stand
        self.namespace = namespace
        self.cluster = Cluster({"KUBECONFIG": str(testbed.kubeconfig)})
        self.user = f"system:serviceaccount:{namespace}:{_ACCOUNT}"

    def audit(self) -> AuditLog:
        """Return the audit log from now on.

        Raises:
            UnavailableError: the cluster is not ours.
        """
        log = self.testbed.audit_log
        if log is None:
            message = "the audit log of a given cluster cannot be read"
            raise UnavailableError(message)
        return AuditLog(log)

    async def prepare(self) -> None:
        """Create the namespace, the worker's account, and an Engram that does nothing."""
        self.testbed.kubectl("apply", "--server-side", "--force-conflicts", "-f", "deploy/crds")
        self.testbed.kubectl("create", "namespace", self.namespace)
        here = f"--namespace={self.namespace}"
        self.testbed.kubectl("wait", here, "--for=create", "serviceaccount/default")
        self.testbed.kubectl("create", "serviceaccount", here, _ACCOUNT)
        self.testbed.kubectl(
            *("create", "clusterrolebinding", self.namespace, "--clusterrole=cluster-admin"),
            f"--serviceaccount={self.namespace}:{_ACCOUNT}",
        )
        template = {"version": "v1", "supportedModes": ["job"], "image": BUSYBOX}
        metadata = {
            "name": self.namespace,
            "annotations": {"runwright.dev/command": '["/bin/true"]'},
        }
        catalog, stories = "catalog.bubustack.io/v1alpha1", "bubustack.io/v1alpha1"
        await self.create(catalog, "EngramTemplate", metadata, template)
        engram = {
            "templateRef": {"name": self.namespace},
            "executionPolicy": {"resources": SMALL},
        }
        await self.create(stories, "Engram", self.named(ENGRAM), engram)

    async def create(
        self, api_version: str, kind: str, metadata: Mapping[str, Any], spec: Mapping[str, Any]
    ) -> Manifest:
        """Create any object."""
        return await self.cluster.create(
            {"apiVersion": api_version, "kind": kind, "metadata": {**metadata}, "spec": {**spec}}
        )

    def named(self, name: str) -> dict[str, str]:
        """Return the metadata of an object in the namespace."""
        return {"name": name, "namespace": self.namespace}

    async def story(self, name: str, *steps: Mapping[str, Any]) -> None:
        """Create a Story."""
        spec = {"steps": list(steps)}
        await self.create("bubustack.io/v1alpha1", "Story", self.named(name), spec)

    async def run(self, story: str) -> str:
        """Create a StoryRun, and return its name."""
        name = f"r{uuid.uuid4().hex[:8]}"
        spec = {"storyRef": {"name": story}}
        await self.create("runs.bubustack.io/v1alpha1", "StoryRun", self.named(name), spec)
        return name

    async def clear(self) -> None:
        """Remove all runs, Jobs and pods: finished pods slow a node."""
        for resource in (STORY_RUNS, JOBS):
            for one in await self.all(resource):
                name = self.namespace, one["metadata"]["name"]
                await self.cluster.delete(resource, name)
        for resource in (STORY_RUNS, JOBS, PODS):
            while await self.all(resource):  # noqa: ASYNC110 - what the cluster does is looked at
                await asyncio.sleep(0.1)

    async def all(self, resource: Resource) -> list[Manifest]:
        """Return all objects of a kind in the namespace."""
        return (await self.cluster.list(resource, Selection(self.namespace))).items

    async def until(
        self, resource: Resource, names: Iterable[str], holds: Callable[[Manifest], bool]
    ) -> None:
        """Return once the condition has held of each of the objects, as a watch tells it."""
        selection = Selection(self.namespace if resource.is_namespaced else "")
        left = set(names)
        while left:
            listed = await self.cluster.list(resource, selection)
            left -= {one["metadata"]["name"] for one in listed.items if holds(one)}
            if not left:
                return
            async for change in self.cluster.watch(resource, selection, listed.version):
                if change.type == "ERROR":
                    break
                if change.type != "BOOKMARK" and holds(change.object):
                    left.discard(change.object["metadata"]["name"])
                if not left:
                    return

    async def close(self) -> None:
        """Remove the namespace and what belongs to it elsewhere."""
        await self._let_go()
        await self.cluster.delete(ENGRAM_TEMPLATES, ("", self.namespace))
        self.testbed.kubectl("delete", "clusterrolebinding", self.namespace)
        self.testbed.kubectl("delete", "namespace", self.namespace, "--wait=false")
        await self.cluster.close()

    async def _let_go(self) -> None:
        """Take our finalizers from what is left: there is no worker any more that would."""
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def released(resource: Resource, name: str) -> None:
            async with at_once:
                patch = {"metadata": {"finalizers": None}}
                await self.cluster.patch(resource, (self.namespace, name), patch)

        async with asyncio.TaskGroup() as group:
            for resource in (STORY_RUNS, JOBS, PODS):
                for one in await self.all(resource):
                    group.create_task(released(resource, one["metadata"]["name"]))

    @asynccontextmanager
    async def worker(self, **settings: str) -> AsyncGenerator[psutil.Process]:
        """Have a worker serve the namespace; it is told to end, and waited for.

        The settings win over the usual ones.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "runwright", "worker"),
            env=self._variables() | settings,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            while not await self._leads():  # noqa: ASYNC110 - another process says so
                await asyncio.sleep(0.1)
            yield psutil.Process(process.pid)
        finally:
            with suppress(ProcessLookupError):  # it was killed
                process.terminate()
            await process.wait()

    async def _leads(self) -> bool:
        lease = await self.cluster.get(LEASES, self.namespace, f"runwright-{self.namespace}")
        return bool(lease and lease["spec"].get("holderIdentity"))

    def _variables(self) -> dict[str, str]:
        account = self.testbed.account_kubeconfig(self.namespace, _ACCOUNT)
        return {
            **environment(),
            "KUBECONFIG": str(account),
            "TEMPORAL_ADDRESS": self.stand.address,
            "TEMPORAL_CONFIG_FILE": os.devnull,
            "RUNWRIGHT_BACKEND": "kubernetes",
            "RUNWRIGHT_CLUSTER": self.namespace,
            "RUNWRIGHT_WATCH_NAMESPACE": self.namespace,
            "RUNWRIGHT_OWN_NAMESPACE": self.namespace,
        }


@asynccontextmanager
async def site() -> AsyncGenerator[Site]:
    """Give a namespace of the testbed, brought up now if it is not, with a Temporal of its own.

    Raises:
        UnavailableError: there is no node here.
    """
    testbed = await asyncio.to_thread(starting.up)
    if testbed.reach is not Reach.NODE:
        message = (
            f"these figures need a node of ours: {testbed.shortfall or 'the cluster is given'}"
        )
        raise UnavailableError(message)
    async with standing() as stand:
        place = Site(testbed, stand, f"bench-{uuid.uuid4().hex[:8]}")
        await place.prepare()
        try:
            yield place
        finally:
            await place.close()
