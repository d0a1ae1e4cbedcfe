"""How a run closes where Temporal does not close it by itself as it should."""

import asyncio
from contextlib import suppress
from typing import NoReturn

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.runs import CancelOwnRun, RunActivities
    from workflows.policies import LOOK, TRY_FOR_EVER


async def close_as_cancelled(reason: str) -> NoReturn:
    """Have Temporal cancel this run: without its request a run cannot close as cancelled."""
    if workflow.cancellation_reason() is None:
        with suppress(asyncio.CancelledError):
            await workflow.execute_activity_method(
                RunActivities.cancel_own_run,
                CancelOwnRun(reason=reason),
                start_to_close_timeout=LOOK,
                retry_policy=TRY_FOR_EVER,
                summary="close as cancelled",
            )
            await workflow.wait_condition(lambda: workflow.cancellation_reason() is not None)
    raise asyncio.CancelledError


async def ended(task: asyncio.Task[None]) -> None:
    """Return when a part of the run is over, however it ended."""
    await workflow.wait([task])
