"""The objects of runs that steps of other runs execute."""

from temporalio import activity

from activities.heartbeats import beating
from runwright.models.base import Message
from runwright.models.objects import Manifest, ObjectKey
from runwright.ports import ChildRuns


class MakeChildRun(Message):
    """The object that a run is to have, and which run it is a step of."""

    object: Manifest
    """It says itself which execution of its parent makes it, and for which step."""
    parent: ObjectKey
    parent_is_deleted: bool = False
    """Whether it is known that the parent is being deleted."""


class FindChildRun(Message):
    """The object that a run would have if it began anew."""

    object: Manifest


class MadeChildRun(Message):
    """The object of a run; none if it has no uid."""

    uid: str


class ChildRunActivities:
    """Activities over the objects of child runs, in the cluster that a worker serves."""

    def __init__(self, child_runs: ChildRuns) -> None:
        self._child_runs = child_runs

    @activity.defn
    async def make_child_run(self, request: MakeChildRun) -> MadeChildRun:
        """Create the object of a child run; its run is started by whoever asked.

        Idempotent: the object's name, and the execution and step that it says it was made for. A
        second call finds it. It heartbeats while it waits for an earlier execution's to go.
        """
        async with beating():
            uid = await self._child_runs.make(
                request.object, request.parent, is_deleted=request.parent_is_deleted
            )
        return MadeChildRun(uid=uid)

    @activity.defn
    async def find_child_run(self, request: FindChildRun) -> MadeChildRun:
        """Return the object that an earlier execution of the parent made, if its run can go on.

        Idempotent: it only looks.
        """
        return MadeChildRun(uid=await self._child_runs.find(request.object))
