"""Signs of life of an activity that waits, so that a worker's death is noticed before its end."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio import activity

Progress = Callable[[], Sequence[Any]]
"""Says how far an activity is, for the next attempt if this one comes to nothing."""


@asynccontextmanager
async def beating(progress: Progress = tuple) -> AsyncGenerator[None]:
    """Heartbeat while the block runs; what is over soon sends none, unless it fails."""
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
