"""The objects of a cluster that runs need beside their tasks, and what goes with a run."""

from collections.abc import Sequence
from typing import Final

from adapters.kubernetes import identity
from adapters.kubernetes.clearing import remove_jobs
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.evidence import name_of
from adapters.kubernetes.owners import Owners
from adapters.kubernetes.ownership import Kinship, kinship
from adapters.kubernetes.resources import JOBS, NAMESPACES, PODS, resource_meant, resource_of
from runwright.errors import ConflictError, NotOursError, StillRunningError
from runwright.models.objects import Manifest, ObjectKey
from runwright.rules.kubernetes.fields import text

_GONE: Final = "Terminating"
_MOST_LOOKS: Final = 5
"""At an object that others change meanwhile; after so many it is another attempt's turn."""


class KubernetesObjects:
    """The port Objects, over one cluster, or over the one namespace that is `served`."""

    def __init__(self, cluster: Cluster, served: str = "") -> None:
        self._cluster = cluster
        self._owners = Owners(cluster, served)

    async def ensure(
        self,
        objects: Sequence[Manifest],
        owner: ObjectKey | None = None,
        *,
        is_deleted: bool = False,
    ) -> None:
        """Create each object in turn, or find it there with the same owner.

        What somebody took an owner from that is deleted is left as it is: so kubectl does on
        `--cascade=orphan`.

        Raises:
            NotFoundError: there is no such owner, or it is being deleted, and not known to be.
            NotOursError: an object of that name exists, and another owner's or nobody's.
            StillRunningError: one exists that is going, or an earlier owner's of the same name.
            RefusedError: the API server said no for good, or the namespace is not served here.
            ClusterUnavailableError: the cluster could not be asked.
        """
        if owner is not None:
            await self._owners.find(owner, is_deleted=is_deleted)
        for manifest in objects:
            try:
                await self._cluster.create(manifest)
            except ConflictError:
                await self._check_owner(manifest, is_deleted=is_deleted)

    async def remove_tasks(self, workflow_id: str, namespace: str) -> list[str]:
        """Remove the Jobs and pods of a run that is over; return which are still there."""
        selection = Selection(namespace, f"{identity.RUN}={identity.run_digest(workflow_id)}")
        jobs = (await self._cluster.list(JOBS, selection)).items
        pods = (await self._cluster.list(PODS, selection)).items
        return await remove_jobs(self._cluster, jobs, pods)

    async def release(self, key: ObjectKey, finalizer: str) -> None:
        """Take a finalizer from an object; idempotent, also when the object is gone.

        Raises:
            ConflictError: others change it all the time.
        """
        for look in range(1, _MOST_LOOKS + 1):
            try:
                await self._release(key, finalizer)
            except ConflictError:
                if look == _MOST_LOOKS:
                    raise
            else:
                return

    async def _release(self, key: ObjectKey, finalizer: str) -> None:
        resource, name = resource_meant(key), (key.namespace, key.name)
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

    async def _check_owner(self, wanted: Manifest, *, is_deleted: bool) -> None:
        resource, name = resource_of(wanted), name_of(wanted)
        attempt = f"create {resource.of(*name)}"
        there = await self._cluster.get(resource, *name)
        if there is None:
            await self._cluster.create(wanted)
            return
        if is_deleted and not there["metadata"].get("ownerReferences"):
            return
        match kinship(there, wanted):
            case Kinship.NONE:
                message = f"{attempt}: one exists that is not this run's"
                raise NotOursError(message)
            case Kinship.EARLIER:
                message = f"{attempt}: that of an earlier run of this name has not gone yet"
                raise StillRunningError(message)
            case Kinship.SAME if there["metadata"].get("deletionTimestamp"):
                message = f"{attempt}: the one that was deleted has not gone yet"
                raise StillRunningError(message)
            case Kinship.SAME:
                return
