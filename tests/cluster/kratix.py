"""A Promise of a test's own in a real cluster, and what is around it."""

import copy
import hashlib
import uuid
from collections.abc import AsyncGenerator
from typing import Any, Final

import pytest

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.kratix.lookups import resource_of
from adapters.kubernetes.kratix.parents import Adapter, KubernetesParents
from adapters.kubernetes.kratix.pipelines import KubernetesPipelines
from adapters.kubernetes.kratix.promises import KubernetesPromises
from adapters.kubernetes.kratix.removal import KubernetesRemoval
from adapters.kubernetes.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    CONFIG_MAPS,
    DEFINITIONS,
    JOBS,
    NAMESPACES,
    PROMISE_REVISIONS,
    PROMISES,
    ROLE_BINDINGS,
    ROLES,
    SERVICE_ACCOUNTS,
    WORKS,
    Resource,
)
from runwright.models.kratix import (
    SYSTEM_NAMESPACE,
    Parent,
    PipelineRun,
    Promise,
    ResourceRequest,
    WorkflowAction,
)
from runwright.models.objects import Manifest
from runwright.rules.kratix.jobs.labels import annotations_of_job, labels_of_job
from runwright.rules.kratix.names import job_name
from runwright.rules.kratix.parents import promise_parent, request_parent
from runwright.rules.kratix.works import packed
from testbed.cluster import Testbed
from tests.cluster.platform import make_namespace
from tests.unit.rules.kratix.documents import (
    pipeline,
    pipeline_manifest,
    promise_manifest,
    workflows,
)
from tests.unit.rules.kratix.runs import run_of

ADAPTER: Final = Adapter("registry.example.org/pipeline-adapter:1", "adapter-pull")
CONFIGURE, DELETE = WorkflowAction.CONFIGURE, WorkflowAction.DELETE
_OF_THE_CLUSTER: Final = (CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, PROMISE_REVISIONS, DEFINITIONS)
_OF_A_PROMISE: Final = (SERVICE_ACCOUNTS, ROLES, ROLE_BINDINGS, CONFIG_MAPS, JOBS, WORKS)
_NOBODY: Final = "tests.runwright.dev/nobody"
"""Who controls the Jobs of these tests: no pod is made for them, and their status is the test's."""
_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "spec": {"type": "object", "properties": {"size": {"type": "integer"}}},
    },
}


class Stand:
    """A Promise that no other test has, requests for it, and the ports over their cluster."""

    def __init__(self, testbed: Testbed) -> None:
        self.testbed = testbed
        self.namespace = f"kratix-{uuid.uuid4().hex[:12]}"
        self.cluster = Cluster({"KUBECONFIG": str(testbed.kubeconfig)})
        self.name = f"db-{uuid.uuid4().hex[:8]}"
        """Of the Promise."""
        self.parents = KubernetesParents(self.cluster, ADAPTER)
        self.pipelines = KubernetesPipelines(self.cluster)
        self.removal = KubernetesRemoval(self.cluster)
        self.promises = KubernetesPromises(self.cluster)

    @property
    def api(self) -> Manifest:
        """The definition of the requests."""
        group = f"{self.name}.example.org"
        names = {"plural": "databases", "kind": "Database", "singular": "database"}
        version = {"name": "v1", "served": True, "storage": True}
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"databases.{group}"},
            "spec": {
                "group": group,
                "names": names,
                "scope": "Namespaced",
                "versions": [{**version, "schema": {"openAPIV3Schema": copy.deepcopy(_SCHEMA)}}],
            },
        }

    async def promise(self, **fields: Any) -> Parent:
        """Create the Promise; `fields` go to metadata or spec."""
        given = {"api": self.api, **workflows(pipeline_manifest()), **fields}
        manifest = promise_manifest(self.name, **given)
        for known in ("uid", "generation"):
            del manifest["metadata"][known]
        return promise_parent(Promise.model_validate(await self.cluster.create(manifest)))

    async def offered(self, **fields: Any) -> Parent:
        """Create the Promise and have its API served."""
        promise = await self.promise(**fields)
        installed = await self.promises.install(promise)
        assert installed.is_served, installed
        return promise

    async def request(self, name: str = "orders", namespace: str = "") -> Parent:
        """Create a request for the Promise."""
        promise = Promise.model_validate(await self.of(PROMISES, "", self.name))
        manifest: Manifest = {
            "apiVersion": f"{self.name}.example.org/v1",
            "kind": "Database",
            "metadata": {"name": name, "namespace": namespace or self.namespace},
            "spec": {"size": 1},
        }
        kind = Resource(manifest["apiVersion"], "Database", "databases")
        request = ResourceRequest.model_validate(await self.cluster.create(manifest, kind))
        return request_parent(self.name, promise.spec, request)

    async def of(self, resource: Resource, namespace: str, name: str) -> Manifest:
        """Return an object that is there."""
        found = await self.cluster.get(resource, namespace, name)
        assert found is not None, resource.of(namespace, name)
        return found

    async def there(self, parent: Parent) -> Manifest:
        """Return a parent as it is."""
        return await self.of(resource_of(parent), parent.namespace, parent.name)

    async def edit(self, parent: Parent, **fields: Any) -> None:
        """Merge a patch into a parent."""
        name = (parent.namespace, parent.name)
        assert await self.cluster.patch(resource_of(parent), name, fields)

    async def hold(self, parent: Parent, *finalizers: str) -> None:
        """Give a parent these finalizers and no others."""
        await self.edit(parent, metadata={"finalizers": list(finalizers)})

    async def delete(self, parent: Parent) -> None:
        """Ask for the deletion of a parent."""
        await self.cluster.delete(resource_of(parent), (parent.namespace, parent.name))

    async def listed(self, resource: Resource, namespace: str = "") -> list[Manifest]:
        """Return the objects of a kind that are labelled as of the Promise."""
        labelled = Selection(namespace, f"kratix.io/promise-name={self.name}")
        return (await self.cluster.list(resource, labelled)).items

    async def names(self, resource: Resource, namespace: str = "") -> list[str]:
        """Return their names."""
        return sorted(one["metadata"]["name"] for one in await self.listed(resource, namespace))

    async def work(self, namespace: str = "") -> Manifest:
        """Return the one Work of the Promise in a namespace."""
        (one,) = await self.listed(WORKS, namespace or self.namespace)
        return one

    async def job(self, run: PipelineRun, end: str = "", **metadata: Any) -> Manifest:
        """Create the Job of a pipeline, which has ended as the type of its condition says."""
        container = {"name": "status-writer", "image": "none"}
        made = await self.cluster.create(
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {
                    "name": job_name(run),
                    "namespace": run.parent.home,
                    "labels": labels_of_job(run),
                    "annotations": annotations_of_job(run.parent),
                    **metadata,
                },
                "spec": {
                    "managedBy": _NOBODY,
                    "template": {"spec": {"restartPolicy": "Never", "containers": [container]}},
                },
            }
        )
        if end:
            await self.end(made, end)
        return made

    async def end(self, job: Manifest, end: str, at: str = "2026-01-01T00:00:10Z") -> None:
        """Have a Job that nobody controls end."""
        before = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}[end]
        conditions = [
            {"type": kind, "status": "True", "lastTransitionTime": at} for kind in (before, end)
        ]
        status: Manifest = {"conditions": conditions, "startTime": "2026-01-01T00:00:00Z"}
        if end == "Complete":
            status["completionTime"] = at
        metadata = job["metadata"]
        name = metadata["namespace"], metadata["name"]
        await self.cluster.patch(JOBS, name, {"status": status}, subresource="status")

    async def close(self) -> None:
        """Have all go that the test has made."""
        await self.cluster.delete(NAMESPACES, ("", self.namespace))
        for kind in (*_OF_A_PROMISE, *_OF_THE_CLUSTER):
            where = "" if kind in _OF_THE_CLUSTER else SYSTEM_NAMESPACE
            for one in await self.listed(kind, where):
                await self.cluster.delete(kind, (where, one["metadata"]["name"]))
        await self.cluster.delete(PROMISES, ("", self.name))
        await self.cluster.close()


@pytest.fixture
async def stand(testbed: Testbed, crds: None) -> AsyncGenerator[Stand]:  # noqa: ARG001
    """A Promise of the test's own, to be created; and a namespace for requests."""
    ours = Stand(testbed)
    for name in (SYSTEM_NAMESPACE, ours.namespace):
        await make_namespace(ours.cluster, name)
    yield ours
    await ours.close()


def run(parent: Parent, name: str = "instance", number: int = 1, **update: Any) -> PipelineRun:
    """Return one run of a pipeline of a parent; `update` goes to its pipeline or to the run."""
    action = update.pop("action", CONFIGURE)
    return run_of(parent, action, pipeline(name, **update), number=str(number))


def handed_over(**texts: Any) -> dict[str, Any]:
    """Return the last word of a pod: files by path, and texts."""
    files = {path: packed(content) for path, content in texts.pop("files", {}).items()}
    return {"status": "", **texts, "files": files}


def digest(text: str) -> str:
    """Return what a pod says of what it stored."""
    return hashlib.sha256(text.encode()).hexdigest()
