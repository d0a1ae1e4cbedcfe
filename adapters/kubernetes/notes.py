"""What is written on StoryRuns, and told about them, by others than their runs."""

from collections.abc import Mapping
from typing import Any

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.resources import STORY_RUNS
from adapters.kubernetes.story_runs import key_of
from runwright.models.bubustack import StoryRun
from runwright.models.objects import EventType, ObjectEvent, StatusUpdate
from runwright.ports import StatusMirror


class Notes:
    """Writes on StoryRuns of one cluster, and tells Events about them."""

    def __init__(self, cluster: Cluster, mirror: StatusMirror) -> None:
        self._cluster = cluster
        self._mirror = mirror

    async def write(self, run: StoryRun, status: Mapping[str, Any]) -> None:
        """Write a status that was made from the object as it was read, and from no other version.

        Raises:
            ConflictError: it was changed since.
        """
        if not status:
            return
        metadata = {"resourceVersion": run.metadata.resource_version}
        body = {"metadata": metadata, "status": status}
        name = run.metadata.namespace, run.metadata.name
        await self._cluster.patch(STORY_RUNS, name, body, subresource="status")

    async def annotate(self, run: StoryRun, annotations: Mapping[str, str | None]) -> None:
        """Write annotations on that very StoryRun, whichever version it has; None removes one.

        Raises:
            ConflictError: there is another StoryRun of that name.
        """
        metadata = {"uid": run.metadata.uid, "annotations": annotations}
        name = run.metadata.namespace, run.metadata.name
        await self._cluster.patch(STORY_RUNS, name, {"metadata": metadata})

    async def warn(self, run: StoryRun, reason: str, message: str) -> None:
        """Tell an Event about a StoryRun that somebody should look at."""
        await self._show(run, EventType.WARNING, reason, message)

    async def tell(self, run: StoryRun, reason: str, message: str) -> None:
        """Tell an Event about what became of a StoryRun."""
        await self._show(run, EventType.NORMAL, reason, message)

    async def _show(self, run: StoryRun, kind: EventType, reason: str, message: str) -> None:
        metadata = run.metadata
        about = key_of(metadata.namespace, metadata.name, metadata.uid)
        event = ObjectEvent(object=about, type=kind, reason=reason, message=message)
        await self._mirror.show(StatusUpdate(events=(event,)))
