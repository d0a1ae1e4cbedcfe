"""Runs of pipelines whose Job cannot start, when another run is asked for."""

from typing import Final

import pytest
from temporalio.client import Client

from runwright.models.kratix.keys import MANUAL_RECONCILIATION
from runwright.models.tasks import Diagnosis
from tests.histories.replaying import replayed
from tests.integration.platforms import (
    note,
    phases,
    placed_pipelines,
    platform_of,
    request_manifest,
)

IMAGE: Final = Diagnosis(
    category="image-pull", summary="the image cannot be pulled", detail="no such:1"
)


@pytest.mark.parametrize("by_label", [True, False], ids=["asked for", "another spec"])
async def test_a_job_that_cannot_start_makes_way_for_the_run_that_mends_it(
    client: Client, task_queue: str, *, by_label: bool
) -> None:
    """Not for nothing: it may still start. Upstream the next run waits for it, for ever."""
    platform = platform_of("a", "b")

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        await note(run, IMAGE)
        stalled = await run.until(lambda state: state.diagnosis is not None)
        still = run.tasks.stopped.copy()
        if by_label:
            platform.label(run.parent, MANUAL_RECONCILIATION)
        else:
            platform.apply(request_manifest("large"))
        await run.see()
        left = await run.ended()
    await replayed(await run.handle.fetch_history())

    assert "`runwright cancel Database/shop/orders` ends it" in (
        stalled.state.configure.pipelines[0].message
    )
    assert (still, run.tasks.stopped) == ([], [run.job("a")])
    message = "stopped: it could not start, and another run is asked for"
    assert left.state.configure.pipelines[0].message == message
    assert phases(left.state) == {"a": "Pending", "b": "Pending"}


async def test_a_job_that_runs_makes_no_way_for_another_spec(
    client: Client, task_queue: str
) -> None:
    """K13: also when it could not start before."""
    platform = platform_of("a", "b")

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        await note(run, IMAGE)
        await note(run, None)
        platform.apply(request_manifest("large"))
        await run.see()
        await run.end("a")
        left = await run.ended()

    assert run.tasks.stopped == []
    assert phases(left.state) == {"a": "Succeeded", "b": "Pending"}
