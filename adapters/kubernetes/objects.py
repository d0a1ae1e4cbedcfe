"""The objects of a cluster that runs need beside their tasks, and what goes with a run."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.evidence import is_terminal, name_of
from adapters.kubernetes.resources import JOBS, KNOWN, NAMESPACES, PODS, Resource, resource_of
from adapters.kubernetes.trimming import job_uid_of
from runwright.errors import ConflictError, NotOursError
from runwright.models.objects import Manifest, ObjectKey
from runwright.rules.kubernetes.fields import text

_GONE: Final = "Terminating"


class KubernetesObjects:
    """The port Objects, over one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def ensure(self, objects: Sequence[Manifest]) -> None:
        """Create each object in turn, or find it there with the same owner.

        Raises:
            NotOursError: an object of that name exists, and another owner's or nobody's.
            RefusedError: the API server said no for good.
            ClusterUnavailableError: the cluster could not be asked.
        """
        for manifest in objects:
            try:
                await self._cluster.create(manifest)
            except ConflictError:
                await self._check_owner(manifest)

    async def remove_tasks(self, workflow_id: str, namespace: str) -> int:
        """Remove the Jobs and pods of a run that is over; return how many are still there."""
        selection = Selection(namespace, f"{identity.RUN}={identity.run_digest(workflow_id)}")
        jobs = (await self._cluster.list(JOBS, selection)).items
        pods = (await self._cluster.list(PODS, selection)).items
        for job in jobs:
            await self._delete(JOBS, job)
        for pod in pods:
            await self._delete(PODS, pod)
            if is_terminal(pod):
                await self._let_go(PODS, pod)
        running = {job_uid_of(pod) for pod in pods if not is_terminal(pod)}
        for job in jobs:
            if job["metadata"]["uid"] not in running:
                await self._let_go(JOBS, job)
        return len(jobs) + len(pods)

    async def release(self, key: ObjectKey, finalizer: str) -> None:
        """Take a finalizer from an object; idempotent, also when the object is gone."""
        resource, name = KNOWN[key.api_version, key.kind], (key.namespace, key.name)
        found = await self._cluster.get(resource, *name)
        if found is None or (key.uid and found["metadata"]["uid"] != key.uid):
            return
        held = found["metadata"].get("finalizers") or ()
        if finalizer in held:
            # As a whole and for this version only: such a list has no patch of its own.
            rest = {
                "finalizers": [one for one in held if one != finalizer],
                "resourceVersion": found["metadata"]["resourceVersion"],
            }
            await self._cluster.patch(resource, name, {"metadata": rest})

    async def is_ending(self, namespace: str) -> bool:
        """Return whether the namespace is being deleted, or is gone."""
        found = await self._cluster.get(NAMESPACES, "", namespace)
        return found is None or text(found, "status", "phase") == _GONE

    async def _check_owner(self, wanted: Manifest) -> None:
        resource, name = resource_of(wanted), name_of(wanted)
        there = await self._cluster.get(resource, *name)
        if there is None:
            await self._cluster.create(wanted)
            return
        if not _uids(wanted) <= _uids(there):
            message = f"create {resource.of(*name)}: one exists that is not this run's"
            raise NotOursError(message)

    async def _delete(self, resource: Resource, one: Manifest) -> None:
        if not one["metadata"].get("deletionTimestamp"):
            await self._cluster.delete(resource, name_of(one), uid=one["metadata"]["uid"])

    async def _let_go(self, resource: Resource, one: Manifest) -> None:
        if identity.has_evidence(one):
            await self._cluster.without_finalizer(resource, name_of(one), identity.EVIDENCE)


def _uids(manifest: Manifest) -> set[str]:
    owners: Iterable[dict[str, Any]] = manifest["metadata"].get("ownerReferences") or ()
    return {str(owner["uid"]) for owner in owners}
