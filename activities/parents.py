"""Promises and the requests for them, as the parents of workflows."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from temporalio import activity

from activities.heartbeats import beating
from runwright.models.base import Message
from runwright.models.kratix import (
    Installed,
    MarkParent,
    Parent,
    Plan,
    PlanFor,
    RequestsAsked,
    Seen,
)
from runwright.ports.kratix import Parents, Promises, Removal

Configuring: TypeAlias = bool | tuple[str, ...]
"""The names of requests; of an earlier version only whether there are some."""
_BETWEEN_LOOKS: Final = 0.5
"""Seconds."""


class SeenNow(Message):
    """A parent as it is now; None: it is gone."""

    seen: Seen | None = None


class ReleaseParent(Message):
    """The finalizer that a parent is to lose."""

    parent: Parent
    finalizer: str


class RemoveOf(Message):
    """What goes with a parent is named by the finalizer that stands for it."""

    parent: Parent
    finalizer: str
    within: timedelta = timedelta(minutes=10)


class ParentActivities:
    """Activities over the parents in the cluster that a worker serves."""

    def __init__(self, parents: Parents, promises: Promises, removal: Removal) -> None:
        self._parents = parents
        self._promises = promises
        self._removal = removal

    @activity.defn
    async def see_parent(self, parent: Parent) -> SeenNow:
        """Return a parent as it is now. Idempotent: it only looks."""
        async with beating():
            return SeenNow(seen=await self._parents.see(parent))

    @activity.defn
    async def plan_workflow(self, request: PlanFor) -> Plan:
        """Return what a workflow of a parent executes, and bind a request to its version.

        Idempotent: the name of the binding; else it only looks.
        """
        async with beating():
            return await self._parents.plan(request.parent, request.action)

    @activity.defn
    async def mark_parent(self, request: MarkParent) -> SeenNow:
        """Change the labels of a parent. Idempotent: the labels."""
        async with beating():
            seen = await self._parents.mark(request.parent, request.adds, request.removes)
            return SeenNow(seen=seen)

    @activity.defn
    async def release_parent(self, request: ReleaseParent) -> SeenNow:
        """Take a finalizer from a parent. Idempotent: one that is gone is released."""
        async with beating():
            return SeenNow(seen=await self._parents.release(request.parent, request.finalizer))

    @activity.defn
    async def remove_of_parent(self, request: RemoveOf) -> list[str]:
        """Remove what a finalizer stands for; return what is left of it in the end.

        Idempotent: what is gone is gone. Its time begins with the first attempt; each attempt looks
        once at least.
        """
        until = activity.info().scheduled_time + request.within
        async with beating():
            while left := await self._removal.remove(request.parent, request.finalizer):
                if datetime.now(UTC) >= until:  # noqa: TID251 - an activity may
                    break
                await asyncio.sleep(_BETWEEN_LOOKS)
        return list(left)

    @activity.defn
    async def is_configuring(self, promise: Parent) -> Configuring:
        """Return which requests for a Promise are being configured. Idempotent: it only looks."""
        async with beating():
            return tuple(await self._removal.configuring(promise))

    @activity.defn
    async def install_promise(self, promise: Parent) -> Installed:
        """Have a Promise's API served. Idempotent: it writes what is not so."""
        async with beating():
            return await self._promises.install(promise)

    @activity.defn
    async def ask_requests(self, promise: Parent) -> RequestsAsked:
        """Have all requests for a Promise run anew. Idempotent: their label."""
        async with beating():
            return RequestsAsked(count=await self._promises.ask_requests(promise))
