"""Objects of a cluster that runs need, and what runs show there of themselves."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio import activity

from activities.heartbeats import beating
from activities.showing import Showing
from runwright.models.base import Message
from runwright.models.objects import Manifest, ObjectKey, StatusUpdate
from runwright.ports import Objects, StatusMirror

_BETWEEN_LOOKS: Final = 0.5
"""Seconds."""


class EnsureObjects(Message):
    """Objects that have to be there, in the order in which they are made."""

    objects: tuple[Manifest, ...]
    owner: ObjectKey | None = None
    """What they are made for: without it there will be none of them."""
    is_deleted: bool = False
    """Whether it is known that the owner is being deleted."""


class RemoveTasks(Message):
    """Whose tasks are to go, and how long that may take."""

    workflow_id: str
    namespace: str
    within: timedelta = timedelta(hours=1)


class ReleaseObject(Message):
    """The object that may go now, and what has held it."""

    object: ObjectKey
    finalizer: str


class ObjectActivities:
    """Activities over the objects of the cluster that a worker serves."""

    def __init__(self, objects: Objects, mirror: StatusMirror) -> None:
        self._objects = objects
        self._mirror = mirror

    @activity.defn
    async def ensure_objects(self, request: EnsureObjects) -> None:
        """Create objects that are not there yet, if what they are made for is.

        Idempotent: the objects' names; what is there and has the same owner is left as it is.
        """
        async with beating():
            await self._objects.ensure(
                request.objects, request.owner, is_deleted=request.is_deleted
            )

    @activity.defn
    async def show_status(self, update: StatusUpdate) -> None:
        """Write what changed into the status of objects, and tell the Events.

        Idempotent: the objects; a second call writes the same status, and an Event once more. A
        later attempt goes on where its heartbeats say that the one before it was; a question that
        was asked at once leaves none.
        """
        showing = Showing(self._mirror, update, activity.info().heartbeat_details)
        async with beating(showing.progress):
            await showing.run()

    @activity.defn
    async def remove_tasks(self, request: RemoveTasks) -> list[str]:
        """Remove the tasks of a run that is over; return what is left of them in the end.

        Idempotent: the run. It heartbeats while it waits for pods to end, and its time begins with
        the first attempt; each attempt looks once at least.
        """
        until = activity.info().scheduled_time + request.within
        async with beating():
            while left := await self._objects.remove_tasks(request.workflow_id, request.namespace):
                if datetime.now(UTC) >= until:  # noqa: TID251 - an activity may
                    break
                await asyncio.sleep(_BETWEEN_LOOKS)
        return list(left)

    @activity.defn
    async def release_object(self, request: ReleaseObject) -> None:
        """Take a finalizer from an object. Idempotent: the object; one that is gone is released."""
        async with beating():
            await self._objects.release(request.object, request.finalizer)

    @activity.defn
    async def is_namespace_ending(self, namespace: str) -> bool:
        """Return whether a namespace is being deleted, or is gone. Idempotent: it only looks."""
        async with beating():
            return await self._objects.is_ending(namespace)
