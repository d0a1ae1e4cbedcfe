"""Runs of pipelines whose Job cannot start, when another run is asked for."""

from typing import Final

import pytest
from temporalio.client import Client

from adapters.memory.platform import MemoryPlatform
from runwright.models.kratix import StartPipelines, Trigger
from runwright.models.kratix.keys import MANUAL_RECONCILIATION
from runwright.models.tasks import Diagnosis
from tests.histories.replaying import replayed
from tests.integration.platforms import (
    BEYOND_ITS_QUOTA,
    KeptTasks,
    PlacedPipelines,
    note,
    phases,
    placed_pipelines,
    platform_of,
    request_manifest,
    start_of,
    until_refused,
)
from tests.unit.rules.kratix.states import complete

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


@pytest.mark.parametrize("by_label", [True, False], ids=["asked for", "another spec"])
async def test_a_job_that_is_refused_makes_way_for_the_run_that_mends_it(
    client: Client, task_queue: str, *, by_label: bool
) -> None:
    """K58: it could never be corrected otherwise than by whoever cancels it."""
    platform, tasks = platform_of("a", "b"), KeptTasks(client)
    tasks.refusal = BEYOND_ITS_QUOTA

    async with placed_pipelines(client, task_queue, platform, tasks=tasks) as run:
        await until_refused(run, tasks)
        await run.see()
        if by_label:
            platform.label(run.parent, MANUAL_RECONCILIATION)
        else:
            platform.apply(request_manifest("large"))
        await run.see()
        left = await run.ended()
    await replayed(await run.handle.fetch_history())

    assert run.started() == []
    assert phases(left.state) == {"a": "Pending", "b": "Pending"}


async def asked_by_label(platform: MemoryPlatform, *pipelines: str) -> StartPipelines:
    """Return a run of pipelines, which are complete, that a label asked for."""
    parent = platform.parent("shop", "orders")
    platform.label(parent, MANUAL_RECONCILIATION)
    given = await start_of(platform, parent, state=complete(*pipelines), trigger=Trigger.MANUAL)
    return given.model_copy(update={"removes": (MANUAL_RECONCILIATION,), "anew": True})


async def test_a_job_that_is_refused_makes_no_way_for_what_asked_for_it(
    client: Client, task_queue: str
) -> None:
    """The label stays until there is a Job: it would ask for run after run."""
    platform, tasks = platform_of("a"), KeptTasks(client)
    tasks.refusal = BEYOND_ITS_QUOTA
    start = await asked_by_label(platform, "a")

    async with placed_pipelines(client, task_queue, platform, start, tasks) as run:
        await until_refused(run, tasks)
        await run.see()
        tasks.refusal = None
        await run.until_running("a")
        await run.end("a")
        left = await run.ended()

    assert phases(left.state) == {"a": "Succeeded"}


async def until_b_is_refused(run: PlacedPipelines, tasks: KeptTasks) -> None:
    """Return once the first Job is over, and the second refused."""
    await run.until_running("a")
    await run.see()
    tasks.refusal = BEYOND_ITS_QUOTA
    await run.end("a")
    await until_refused(run, tasks, "b")


async def test_a_later_job_that_is_refused_leaves_what_ran_before_it(
    client: Client, task_queue: str
) -> None:
    """It would run once more, for all that is known."""
    platform, tasks = platform_of("a", "b"), KeptTasks(client)
    start = await asked_by_label(platform, "a", "b")

    async with placed_pipelines(client, task_queue, platform, start, tasks) as run:
        await until_b_is_refused(run, tasks)
        kept = await run.state()
        tasks.refusal = None
        await run.until_running("b")
        await run.end("b")
        left = await run.ended()
    await replayed(await run.handle.fetch_history())

    assert phases(kept.state) == {"a": "Succeeded", "b": "Pending"}
    assert phases(left.state) == {"a": "Succeeded", "b": "Succeeded"}
    assert run.started() == ["a", "b"]


async def test_a_later_job_that_is_refused_makes_way_when_it_is_asked_again(
    client: Client, task_queue: str
) -> None:
    """What asked for the run went when its first Job was made: it asks for another one now."""
    platform, tasks = platform_of("a", "b"), KeptTasks(client)
    start = await asked_by_label(platform, "a", "b")

    async with placed_pipelines(client, task_queue, platform, start, tasks) as run:
        await until_b_is_refused(run, tasks)
        platform.label(run.parent, MANUAL_RECONCILIATION)
        await run.see()
        left = await run.ended()

    assert run.started() == ["a"]
    assert phases(left.state) == {"a": "Succeeded", "b": "Pending"}
