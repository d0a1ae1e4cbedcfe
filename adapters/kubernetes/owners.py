"""The object that others are made for: it has to be there."""

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.resources import resource_meant
from runwright.errors import NotFoundError, RefusedError
from runwright.models.objects import ObjectKey


class Owners:
    """Looks whether owners are there, in one cluster, or in the one namespace that is `served`."""

    def __init__(self, cluster: Cluster, served: str = "") -> None:
        self._cluster = cluster
        self._served = served

    async def find(self, owner: ObjectKey, *, is_deleted: bool = False) -> None:
        """Return if that very object is there; with `is_deleted` it may be about to go.

        Raises:
            NotFoundError: there is no such object, or it is being deleted, and not known to be.
            RefusedError: its namespace is not served here.
            ClusterUnavailableError: the cluster could not be asked.
        """
        resource = resource_meant(owner)
        attempt = f"find {resource.of(owner.namespace, owner.name)}"
        if self._served not in {"", owner.namespace}:
            message = f"{attempt}: this worker serves the namespace {self._served} alone"
            raise RefusedError(message)
        found = await self._cluster.get(resource, owner.namespace, owner.name)
        if found is None or found["metadata"]["uid"] != owner.uid:
            message = f"{attempt}: the one that the run was started for is gone"
            raise NotFoundError(message)
        if found["metadata"].get("deletionTimestamp") and not is_deleted:
            message = f"{attempt}: it is being deleted"
            raise NotFoundError(message)
