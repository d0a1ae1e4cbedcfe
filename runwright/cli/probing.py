"""What tools may ask of a command that serves: its probes, and how its event loop is."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import Any, Final, NoReturn

from temporalio.client import Client
from temporalio.runtime import Runtime

from adapters.temporal.metrics import TemporalMetrics
from adapters.temporal.reach import TemporalReach
from runwright.health import LoopLag, Readiness, Vitals
from runwright.models.metrics import LOOP_LAG
from runwright.settings import Settings

_TEMPORAL: Final = "Temporal"


@asynccontextmanager
async def probed(
    settings: Settings, runtime: Runtime, stop: asyncio.Event
) -> AsyncGenerator[Vitals]:
    """Answer probes, if the settings say where, and measure the event loop until the block ends.

    Give what is to be told what the command lacks, to begin with Temporal, and what it measures.

    Raises:
        InvalidSettingsError: nobody can listen at that address.
    """
    metrics = TemporalMetrics(runtime)
    loop = LoopLag(lambda lag: metrics.set(LOOP_LAG, lag.total_seconds()))
    readiness = Readiness()
    lacks_temporal(readiness, "not reached yet")
    readiness.ask(lambda: ["it was told to stop"] if stop.is_set() else [])
    async with AsyncExitStack() as stack:
        if settings.probes is not None:
            # What it is made with takes longer to import than all of ours.
            probing = import_module("adapters.http.probes").probing
            await stack.enter_async_context(probing(settings.probes, loop.trouble, readiness))
        await stack.enter_async_context(_beside(loop.run()))
        yield Vitals(readiness, metrics)


def lacks_temporal(readiness: Readiness, why: str) -> None:
    """Note that Temporal cannot be reached."""
    readiness.lacks(_TEMPORAL, why)


@asynccontextmanager
async def reaching(client: Client, readiness: Readiness) -> AsyncGenerator[None]:
    """Note that Temporal is reached, and whether it still is until the block ends."""
    reach = TemporalReach(client)
    readiness.has(_TEMPORAL)
    readiness.ask(reach.trouble)
    async with _beside(reach.run()):
        yield


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, NoReturn]) -> AsyncGenerator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
