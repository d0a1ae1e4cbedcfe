"""Runs of pipelines that are cancelled, at any point."""

from datetime import timedelta

import pytest
from temporalio.client import Client

from adapters.memory.tasks import exited, succeeded
from runwright.models.runs import CancelRun
from runwright.models.tasks import TaskOutcome
from tests.integration.platforms import (
    phases,
    placed_pipelines,
    platform_of,
)


async def test_a_cancelled_run_ends_its_job_and_closes_as_cancelled(
    client: Client, task_queue: str
) -> None:
    platform = platform_of("a", "b")

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        request = CancelRun(by="ada", reason="wrong size", grace=timedelta(0))
        await run.handle.signal("cancel", request)
        state = await run.cancelled()

    assert run.tasks.stopped == [run.job("a")]
    assert phases(state.state) == {"a": "Pending", "b": "Pending"}
    assert state.message == "cancelled: wrong size"
    pipelines = run.shown()["kratix"]["workflows"]["configure"]["pipelines"]
    assert pipelines[0]["message"] == "stopped: the run was cancelled"


async def test_a_run_that_is_cancelled_in_temporal_ends_its_job_too(
    client: Client, task_queue: str
) -> None:
    platform = platform_of("a")

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        await run.handle.cancel()
        await run.cancelled()

    assert run.tasks.stopped == [run.job("a")]


@pytest.mark.parametrize("outcome", [succeeded(), exited(1)], ids=["success", "failure"])
async def test_what_had_ended_by_itself_counts_although_the_run_was_cancelled(
    client: Client, task_queue: str, outcome: TaskOutcome
) -> None:
    platform = platform_of("a")

    async with placed_pipelines(client, task_queue, platform) as run:
        run.tasks.ends_while_stopped[run.job("a")] = outcome
        await run.until_running("a")
        await run.handle.signal("cancel", CancelRun())
        if outcome.succeeded:
            left = await run.ended()
        else:
            _, left = await run.failed()

    phase = "Succeeded" if outcome.succeeded else "Failed"
    assert phases(left.state) == {"a": phase}
