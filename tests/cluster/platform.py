"""Promises and requests on a real cluster and a real Temporal, and a worker that serves them."""

import asyncio
import base64
import gzip
import os
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.resources import (
    DEFINITIONS,
    EVENTS,
    JOBS,
    PODS,
    PROMISE_REVISIONS,
    PROMISES,
    WORKS,
    Resource,
)
from runwright.errors import ConflictError, RefusedError
from runwright.models.kratix import ParentReport, promise_id
from runwright.models.kratix.keys import PROMISE_NAME
from runwright.models.objects import Manifest
from runwright.models.tasks import Backend
from runwright.settings import Served, Settings
from runwright.worker.cluster import serve_cluster
from testbed.cluster import Testbed
from testbed.images.contents import BUSYBOX, PIPELINE_ADAPTER
from tests.cluster.account import Account

OWNER: Final = "tests.runwright.dev/owner"
"""The label by which each test has its own Promises."""
SMALL: Final = {"requests": {"cpu": "5m", "memory": "8Mi"}}
_GROUP: Final = "tests.runwright.dev"


async def make_namespace(cluster: Cluster, name: str) -> None:
    """Make a namespace, unless another test did."""
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    with suppress(ConflictError):
        await cluster.create(manifest)


class Platform:
    """One test's Promises, and a namespace for the requests for them.

    The worker may do what `account` may, and serves the Promises with the label of the test.
    """

    def __init__(self, testbed: Testbed, client: Client, namespace: str, account: Account) -> None:
        self.testbed = testbed
        self.client = client
        self.namespace = namespace
        self.account = account
        self.cluster = Cluster({"KUBECONFIG": str(testbed.kubeconfig)})
        self._suffix = uuid.uuid4().hex[:6]
        self._kinds: dict[str, Resource] = {}

    @property
    def settings(self) -> Settings:
        """Return those of a worker that serves this test's Promises, and no StoryRuns."""
        return Settings(
            state=Path("/nonexistent"),
            backend=Backend.KUBERNETES,
            cluster=self.namespace,
            own_namespace=self.account.namespace,
            instance=f"worker-{os.getpid()}",
            bubustack="off",
            kratix=Served.ON,
            kratix_selector=f"{OWNER}={self.namespace}",
            pipeline_adapter_image=PIPELINE_ADAPTER,
            sweep_interval=timedelta(seconds=1),
            lease_duration=timedelta(seconds=5),
            drain=timedelta(seconds=1),
        )

    def name(self, name: str) -> str:
        """Return a name of a Promise that no other test has."""
        return f"{name}-{self._suffix}"

    def kind(self, promise: str) -> Resource:
        """Return the kind of the requests for a Promise."""
        return self._kinds[promise]

    def promise_manifest(
        self,
        name: str = "db",
        *pipelines: Mapping[str, Any],
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        **spec: Any,
    ) -> Manifest:
        """Return a Promise whose requests have these configure pipelines; `spec` wins."""
        unique = self.name(name)
        plural, kind = f"{name}{self._suffix}s", f"{name.capitalize()}{self._suffix}"
        self._kinds[unique] = Resource(f"{_GROUP}/v1", kind, plural)
        fields = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        schema = {"type": "object", "properties": {"spec": fields}}
        api = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{_GROUP}"},
            "spec": {
                "group": _GROUP,
                "names": {"plural": plural, "kind": kind, "singular": plural[:-1]},
                "scope": "Namespaced",
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "schema": {"openAPIV3Schema": schema},
                    }
                ],
            },
        }
        workflows = {"resource": {"configure": [*pipelines]}} if pipelines else {}
        metadata: Manifest = {"name": unique, "labels": {OWNER: self.namespace, **(labels or {})}}
        if annotations:
            metadata["annotations"] = dict(annotations)
        return {
            "apiVersion": PROMISES.api_version,
            "kind": PROMISES.kind,
            "metadata": metadata,
            "spec": {"api": api, "workflows": workflows, **spec},
        }

    async def promise(self, name: str = "db", *pipelines: Mapping[str, Any], **spec: Any) -> str:
        """Create a Promise, and return what it is called here."""
        manifest = self.promise_manifest(name, *pipelines, **spec)
        await self.cluster.create(manifest)
        return str(manifest["metadata"]["name"])

    async def request(
        self, promise: str, name: str = "one", namespace: str = "", **spec: Any
    ) -> Manifest:
        """Create a request, as soon as its kind is there."""
        kind = self.kind(promise)
        manifest = {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": {"name": name, "namespace": namespace or self.namespace},
            "spec": spec,
        }
        while True:
            with suppress(RefusedError):  # its kind is not served yet
                return await self.cluster.create(manifest, kind)
            await asyncio.sleep(0.05)

    async def get(self, promise: str, name: str = "") -> Manifest | None:
        """Return a Promise, or a request for it; None if it is gone."""
        if not name:
            return await self.cluster.get(PROMISES, "", promise)
        return await self.cluster.get(self.kind(promise), self.namespace, name)

    async def until(
        self, reached: Callable[[Manifest], bool], promise: str, name: str = ""
    ) -> Manifest:
        """Return the first version seen of a Promise, or of a request, that this holds of."""
        while True:
            found = await self.get(promise, name)
            if found is not None and reached(found):
                return found
            await asyncio.sleep(0.05)

    async def until_reconciled(self, promise: str, name: str = "one") -> Manifest:
        """Return a request once its pipelines are through, for the spec that it has."""
        return await self.until(_is_through, promise, name)

    async def until_available(self, promise: str) -> Manifest:
        """Return a Promise once it can fulfil requests."""
        return await self.until(lambda one: holds(one, "Available"), promise)

    async def until_gone(self, promise: str, name: str = "") -> None:
        """Return once there is no such object."""
        while await self._gone_or_none(promise, name) is not None:
            await asyncio.sleep(0.05)

    async def _gone_or_none(self, promise: str, name: str) -> Manifest | None:
        try:
            return await self.get(promise, name)
        except RefusedError:  # with its kind
            return None

    async def edit(self, promise: str, name: str = "one", **spec: Any) -> None:
        """Change the spec of a request."""
        key = self.namespace, name
        await self.cluster.patch(self.kind(promise), key, {"spec": spec})

    async def patch_promise(self, promise: str, spec: Mapping[str, Any]) -> None:
        """Change the spec of a Promise."""
        await self.cluster.patch(PROMISES, ("", promise), {"spec": dict(spec)})

    async def label(self, promise: str, name: str, labels: Mapping[str, str | None]) -> None:
        """Change labels of a request, or of a Promise where no name is given."""
        resource, key = self._key(promise, name)
        await self.cluster.patch(resource, key, {"metadata": {"labels": dict(labels)}})

    async def delete(self, promise: str, name: str = "") -> None:
        """Delete a request, or a Promise where no name is given."""
        resource, key = self._key(promise, name)
        await self.cluster.delete(resource, key)

    def _key(self, promise: str, name: str) -> tuple[Resource, tuple[str, str]]:
        if not name:
            return PROMISES, ("", promise)
        return self.kind(promise), (self.namespace, name)

    async def jobs(self, promise: str, name: str = "", action: str = "configure") -> list[Manifest]:
        """Return the Jobs of a Promise's pipelines, or of a request's, in their order."""
        type_ = "resource" if name else "promise"
        labels = f"{PROMISE_NAME}={promise},kratix.io/workflow-type={type_}"
        labels += f",kratix.io/workflow-action={action}"
        labels += f",kratix.io/resource-name={name}" if name else ""
        found = (await self.cluster.list(JOBS, Selection(labels=labels))).items
        return sorted(found, key=lambda one: one["metadata"]["creationTimestamp"])

    @asynccontextmanager
    async def another_job(self, promise: str, name: str = "one") -> AsyncGenerator[None]:
        """Leave once a request has a Job that it had not before; others may go meanwhile."""
        before = await self._job_uids(promise, name)
        yield
        while await self._job_uids(promise, name) <= before:
            await asyncio.sleep(0.05)

    async def _job_uids(self, promise: str, name: str) -> set[str]:
        return {one["metadata"]["uid"] for one in await self.jobs(promise, name)}

    async def kubectl(self, *arguments: str) -> str:
        """Return what kubectl says in the namespace."""
        where = f"--namespace={self.namespace}"
        return await asyncio.to_thread(self.testbed.kubectl, where, *arguments)

    async def delete_all(self, resource: Resource, promise: str) -> None:
        """Delete what there is of a kind in the namespace that belongs to a Promise."""
        here = Selection(self.namespace, f"{PROMISE_NAME}={promise}")
        for one in (await self.cluster.list(resource, here)).items:
            await self.cluster.delete(resource, (self.namespace, one["metadata"]["name"]))

    async def works(self, promise: str) -> list[Manifest]:
        """Return the Works of a Promise and of its requests."""
        return (await self.cluster.list(WORKS, Selection(labels=f"{PROMISE_NAME}={promise}"))).items

    async def told(self, about: str, namespace: str = "") -> dict[str, list[str]]:
        """Return the messages of the Events about an object, by reason."""
        found: dict[str, list[str]] = {}
        for event in (
            await self.cluster.list(EVENTS, Selection(namespace or self.namespace))
        ).items:
            if event["involvedObject"]["name"] == about:
                found.setdefault(event["reason"], []).append(event["message"])
        return found

    def entity(self, manifest: Manifest, promise: str = "") -> WorkflowHandle[Any, Any]:
        """Return the entity of a Promise, or of a request for one."""
        metadata = manifest["metadata"]
        name = promise_id(metadata["name"], metadata["uid"])
        if promise:
            parts = (promise, metadata["namespace"], metadata["name"], metadata["uid"])
            name = "kratix/" + "/".join(parts)
        return self.client.get_workflow_handle(name)

    async def signals(self, manifest: Manifest, promise: str = "") -> int:
        """Return how many signals an entity was sent."""
        history = await self.entity(manifest, promise).fetch_history()
        kinds = [event.event_type for event in history.events]
        return kinds.count(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)

    async def report(self, manifest: Manifest, promise: str = "") -> ParentReport:
        """Return what an entity knows; a worker must be there."""
        entity = self.entity(manifest, promise)
        report: ParentReport = await entity.query("state", result_type=ParentReport)
        return report

    @asynccontextmanager
    async def served(self, **settings: Any) -> AsyncGenerator[None]:
        """Have a worker serve the Promises, in this process."""
        stop = asyncio.Event()
        chosen = self.settings.model_copy(update=settings)
        environ = {"KUBECONFIG": str(self.account.kubeconfig)}
        serving = asyncio.create_task(serve_cluster(self.client, chosen, stop, environ=environ))
        try:
            yield
        finally:
            stop.set()
            await serving

    def variables(self, address: str) -> dict[str, str]:
        """Return the environment of a worker in a process of its own; `address` is Temporal's."""
        return {
            "KUBECONFIG": str(self.account.kubeconfig),
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "TEMPORAL_ADDRESS": address,
            "TEMPORAL_CONFIG_FILE": os.devnull,
            "RUNWRIGHT_BACKEND": "kubernetes",
            "RUNWRIGHT_CLUSTER": self.namespace,
            "RUNWRIGHT_OWN_NAMESPACE": self.account.namespace,
            "RUNWRIGHT_SWEEP_INTERVAL": "PT1S",
            "RUNWRIGHT_LEASE_DURATION": "PT5S",
            "RUNWRIGHT_DRAIN": "PT1S",
            "RUNWRIGHT_BUBUSTACK": "off",
            "RUNWRIGHT_KRATIX": "on",
            "RUNWRIGHT_KRATIX_SELECTOR": self.settings.kratix_selector,
            "RUNWRIGHT_PIPELINE_ADAPTER_IMAGE": PIPELINE_ADAPTER,
        }

    async def all(self, resource: Resource) -> list[Manifest]:
        """Return all objects of a kind in the namespace."""
        return (await self.cluster.list(resource, Selection(self.namespace))).items

    async def close(self) -> None:
        """Remove what the test made, and what holds it."""
        for promise, kind in self._kinds.items():
            with suppress(RefusedError):
                for one in (await self.cluster.list(kind)).items:
                    await self._drop(kind, one)
            await self.cluster.delete(DEFINITIONS, ("", f"{kind.plural}.{_GROUP}"))
            labels = Selection(labels=f"{PROMISE_NAME}={promise}")
            for resource in (JOBS, PODS, WORKS, PROMISE_REVISIONS):
                for one in (await self.cluster.list(resource, labels)).items:
                    await self._drop(resource, one)
            whole = ("clusterroles,clusterrolebindings", f"--selector={PROMISE_NAME}={promise}")
            await asyncio.to_thread(self.testbed.kubectl, "delete", *whole)
            found = await self.get(promise)
            if found is not None:
                await self._drop(PROMISES, found)
        await self.cluster.close()

    async def _drop(self, resource: Resource, one: Manifest) -> None:
        metadata = one["metadata"]
        name = metadata.get("namespace", ""), metadata["name"]
        await self.cluster.delete(resource, name)
        await self.cluster.patch(resource, name, {"metadata": {"finalizers": None}})


def pipeline(name: str, script: str = "true", /, **spec: Any) -> Manifest:
    """Return a pipeline of one shell script."""
    annotations = spec.pop("annotations", None)
    metadata: Manifest = {"name": name} | ({"annotations": annotations} if annotations else {})
    step = {"name": "work", "image": BUSYBOX, "command": ["/bin/sh", "-ec", script]}
    return {
        "apiVersion": PROMISES.api_version,
        "kind": "Pipeline",
        "metadata": metadata,
        "spec": {"containers": [{**step, "resources": SMALL}], **spec},
    }


def condition(manifest: Manifest, type_: str) -> Manifest:
    """Return a condition of an object; empty if it has none of that type."""
    found: list[Manifest] = (manifest.get("status") or {}).get("conditions") or []
    return next((one for one in found if one["type"] == type_), {})


def holds(manifest: Manifest, type_: str) -> bool:
    """Return whether a condition holds."""
    return condition(manifest, type_).get("status") == "True"


def shown(manifest: Manifest, action: str = "configure") -> list[Manifest]:
    """Return the pipelines of a parent, as its status has them."""
    workflows = ((manifest.get("status") or {}).get("kratix") or {}).get("workflows") or {}
    found: list[Manifest] = (workflows.get(action) or {}).get("pipelines") or []
    return found


def phases(manifest: Manifest, action: str = "configure") -> list[str]:
    """Return the phases of the pipelines of a parent."""
    return [one["phase"] for one in shown(manifest, action)]


def files_in(work: Manifest) -> dict[str, str]:
    """Return the texts of the files of a Work by their paths."""
    return {
        one["filepath"]: gzip.decompress(base64.b64decode(one["content"])).decode()
        for group in work["spec"]["workloadGroups"]
        for one in group["workloads"]
    }


def _is_through(manifest: Manifest) -> bool:
    status = manifest.get("status") or {}
    is_current = status.get("observedGeneration") == manifest["metadata"]["generation"]
    return is_current and holds(manifest, "ConfigureWorkflowCompleted")
