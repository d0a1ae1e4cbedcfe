"""Pipelines that suspend their workflow, or ask to be run again later."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client

from runwright.rules.kratix.works import packed
from tests.integration.platforms import (
    phases,
    placed_pipelines,
    platform_of,
    resumed,
    start_of,
)

SUCCESS = {"a": "Succeeded", "b": "Succeeded"}


async def test_k28_a_pipeline_that_suspends_the_workflow_ends_the_run(
    client: Client, task_queue: str
) -> None:
    platform = platform_of("a", "b", "c")

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        await run.end("a")
        await run.until_running("b")
        await run.leave("b", control="suspend: true\nmessage: ask Ada", files={"x": packed(b"")})
        left = await run.ended()
        state = await run.state()

    assert phases(left.state) == {"a": "Succeeded", "b": "Suspended", "c": "Pending"}
    assert left.state.configure.pipelines[1].message == "ask Ada"
    assert left.state.configure.suspended_generation == 1
    assert run.started() == ["a", "b"]
    assert len(platform.works) == 1, "K30: what a suspended pipeline put out is no Work"
    assert state.message == "pipeline b suspended it: ask Ada"
    pipelines = run.shown()["kratix"]["workflows"]["configure"]["pipelines"]
    assert (pipelines[1]["phase"], pipelines[1]["message"]) == ("Suspended", "ask Ada")


async def test_k29_each_attempt_is_a_run_with_a_job_of_its_own_and_is_counted(
    client: Client, task_queue: str
) -> None:
    platform = platform_of("a", "b")
    start = await start_of(platform)
    retry = {"control": "retryAfter: 10s"}

    async with placed_pipelines(client, task_queue, platform, start) as first:
        await first.until_running("a")
        await first.leave("a", **retry)
        once = await first.ended()
    start = await resumed(start, once, platform)
    async with placed_pipelines(client, task_queue, platform, start) as second:
        await second.until_running("a")
        await second.leave("a", **retry)
        twice = await second.ended()
    start = await resumed(start, twice, platform)
    async with placed_pipelines(client, task_queue, platform, start) as third:
        await third.until_running("a")
        await third.end("a")
        await third.until_running("b")
        await third.end("b")
        left = await third.ended()

    waiting = once.state.configure.pipelines[0]
    assert waiting.next_retry_at == waiting.last_transition_time + timedelta(seconds=10)  # type: ignore[operator]  # it moved
    assert [run.state.configure.pipelines[0].attempts for run in (once, twice, left)] == [1, 2, 0]
    assert len({first.job("a"), second.job("a"), third.job("a")}) == 3
    assert phases(left.state) == SUCCESS
    assert left.state.configure.pipelines[0].next_retry_at is None


async def test_k31_a_delay_wins_over_a_suspension(client: Client, task_queue: str) -> None:
    platform = platform_of("a")

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        await run.leave("a", control="suspend: true\nretryAfter: 1m")
        left = await run.ended()

    assert left.state.configure.pipelines[0].next_retry_at is not None
    assert left.state.configure.pipelines[0].attempts == 1


@pytest.mark.parametrize(
    ("handed_over", "why"),
    [
        pytest.param({"control": "retryAfter: 1d"}, '"1d" is not a duration', id="K31"),
        pytest.param({"status": "kratix: {}"}, "kratix: is not for pipelines", id="K47"),
        pytest.param({"selectors": "x"}, "destination-selectors.yaml", id="K45"),
    ],
)
async def test_k31_and_k47_what_cannot_be_read_fails_a_pipeline_whose_job_succeeded(
    client: Client, task_queue: str, handed_over: dict[str, Any], why: str
) -> None:
    platform = platform_of("a", "b")

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        await run.leave("a", **handed_over)
        error, left = await run.failed()

    assert error.type == "OutputInvalid"
    assert why in left.state.configure.pipelines[0].message
    assert phases(left.state) == {"a": "Failed", "b": "Pending"}
    assert platform.works == {}


async def test_k34_a_later_suspension_without_a_delay_forgets_the_earlier_one(
    client: Client, task_queue: str
) -> None:
    platform = platform_of("a")
    start = await start_of(platform)

    async with placed_pipelines(client, task_queue, platform, start) as first:
        await first.until_running("a")
        await first.leave("a", control="retryAfter: 1h\nmessage: not yet")
        once = await first.ended()
    start = await resumed(start, once, platform)
    async with placed_pipelines(client, task_queue, platform, start) as second:
        running = await second.until_running("a")
        await second.leave("a", control="suspend: true")
        twice = await second.ended()

    before, again = running.state.configure.pipelines[0], twice.state.configure.pipelines[0]
    assert (before.message, before.attempts) == ("", 1)
    assert (again.message, again.attempts, again.next_retry_at) == ("", 0, None)
