"""Take a finalizer from an object that is being deleted."""

from typing import Final

from temporalio import workflow

from activities.objects import ObjectActivities, ReleaseObject
from runwright.models.objects import ObjectKey
from workflows.policies import CALL_HEARTBEAT, CLUSTER_CALL, TRY_FOR_EVER
from workflows.tasks import answered

FOREGROUND: Final = "foregroundDeletion"
"""The finalizer of a deletion that removes what an object owns before the object itself."""


async def release(key: ObjectKey, finalizer: str) -> None:
    """Return once an object has that finalizer no more, or is gone.

    Raises:
        ActivityError: the worker lacks a right that it needs.
    """
    await answered(
        workflow.start_activity_method(
            ObjectActivities.release_object,
            ReleaseObject(object=key, finalizer=finalizer),
            start_to_close_timeout=CLUSTER_CALL,
            heartbeat_timeout=CALL_HEARTBEAT,
            retry_policy=TRY_FOR_EVER,
            summary=f"take {finalizer} from its object",
        )
    )
