"""What is written on parents, and told about them, by others than their entities."""

from collections.abc import Callable, Mapping
from typing import Any

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.resources import Resource
from runwright.models.kratix import Parent
from runwright.models.objects import EventType, Manifest, ObjectEvent, ObjectKey, StatusUpdate
from runwright.ports import StatusMirror

Conditions = list[dict[str, Any]]


class ParentNotes:
    """Writes on the parents of one cluster, and tells Events about them."""

    def __init__(self, cluster: Cluster, mirror: StatusMirror) -> None:
        self._cluster = cluster
        self._mirror = mirror

    async def manifest(self, parent: Parent) -> Manifest | None:
        """Return the very parent as it is now; None: it is gone, or another one by now."""
        found = await self._cluster.get(resource_of(parent), parent.namespace, parent.name)
        return found if found and found["metadata"]["uid"] == parent.uid else None

    async def change(self, parent: Parent, version: str, metadata: Mapping[str, Any]) -> None:
        """Change the metadata of a parent as it was read, and of no other version.

        Raises:
            ConflictError: it was changed since.
        """
        body = {"metadata": {**metadata, "resourceVersion": version}}
        await self._cluster.patch(resource_of(parent), (parent.namespace, parent.name), body)

    async def show(
        self, parent: Parent, said: Callable[[Mapping[str, Any]], Conditions | None]
    ) -> bool:
        """Write the conditions that are said of a status as it is now; return whether there are.

        Raises:
            ConflictError: it was changed in between.
        """
        found = await self.manifest(parent)
        conditions = said(found.get("status") or {}) if found else None
        if found is None or conditions is None:
            return False
        metadata = {"resourceVersion": found["metadata"]["resourceVersion"]}
        body = {"metadata": metadata, "status": {"conditions": conditions}}
        name = parent.namespace, parent.name
        await self._cluster.patch(resource_of(parent), name, body, subresource="status")
        return True

    async def warn(self, parent: Parent, reason: str, message: str) -> None:
        """Tell an Event about a parent that somebody should look at."""
        await self._tell(parent, EventType.WARNING, reason, message)

    async def tell(self, parent: Parent, reason: str, message: str) -> None:
        """Tell an Event about what became of a parent."""
        await self._tell(parent, EventType.NORMAL, reason, message)

    async def _tell(self, parent: Parent, kind: EventType, reason: str, message: str) -> None:
        about = ObjectKey(
            api_version=parent.api_version,
            kind=parent.kind,
            namespace=parent.namespace,
            name=parent.name,
            uid=parent.uid,
        )
        event = ObjectEvent(object=about, type=kind, reason=reason, message=message)
        await self._mirror.show(StatusUpdate(events=(event,)))


def resource_of(parent: Parent) -> Resource:
    """Return the kind of a parent."""
    is_namespaced = bool(parent.namespace)
    return Resource(parent.api_version, parent.kind, parent.plural, is_namespaced=is_namespaced)
