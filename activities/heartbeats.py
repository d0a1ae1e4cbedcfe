"""Signs of life of an activity that waits, so that a worker's death is noticed before its end."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

_NEARLY: Final = 0.9
"""Of its time: the SDK makes a warning with a traceback of what it has to end itself."""
Progress = Callable[[], Sequence[Any]]
"""Says how far an activity is, for the next attempt if this one comes to nothing."""


@asynccontextmanager
async def beating(progress: Progress = tuple) -> AsyncGenerator[None]:
    """Heartbeat while the block runs; what is over soon sends none, unless it fails.

    A local activity ends by itself before its time is up, and nobody needs to hear that it failed:
    it is asked again by one that is seen.
    """
    if activity.info().is_local:
        async with _hurried(activity.info()):
            yield
        return
    beats = asyncio.create_task(_beat(activity.info().heartbeat_timeout, progress))
    try:
        yield
    except BaseException:
        if done := progress():
            activity.heartbeat(*done)
        raise
    finally:
        beats.cancel()
        await asyncio.gather(beats, return_exceptions=True)


async def _beat(within: timedelta | None, progress: Progress) -> None:
    while within:
        await asyncio.sleep(within.total_seconds() / 3)
        activity.heartbeat(*progress())


@asynccontextmanager
async def _hurried(info: activity.Info) -> AsyncGenerator[None]:
    """Let the block run for nearly as long as it has; how it fails is no news to the log.

    Where its worker has much to do, some of that is over when it begins.
    """
    within = info.schedule_to_close_timeout
    late = datetime.now(UTC) - info.current_attempt_scheduled_time  # noqa: TID251 - may
    try:
        async with asyncio.timeout((_NEARLY * within - late).total_seconds() if within else None):
            yield
    except Exception as error:
        message = str(error) or f"{info.activity_type}: no answer within {within}"
        raise ApplicationError(
            message, type=type(error).__name__, category=ApplicationErrorCategory.BENIGN
        ) from error
