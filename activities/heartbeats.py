"""Signs of life of an activity that waits, so that a worker's death is noticed before its end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio import activity


@asynccontextmanager
async def beating() -> AsyncGenerator[None]:
    """Heartbeat while the block runs; what is over soon sends none."""
    beats = asyncio.create_task(_beat(activity.info().heartbeat_timeout))
    try:
        yield
    finally:
        beats.cancel()
        await asyncio.gather(beats, return_exceptions=True)


async def _beat(within: timedelta | None) -> None:
    while within:
        await asyncio.sleep(within.total_seconds() / 3)
        activity.heartbeat()
