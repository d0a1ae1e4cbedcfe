"""Runs of some pipelines, or of all, that people ask for."""

from typing import Final

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError

from adapters.memory.tasks import exited
from runwright.models.kratix import RunAgain, Standing, Trigger
from tests.integration.parents import SUSPENDS, placed, promise_of, request_of
from tests.integration.statuses import condition_in, phases_in

SUSPENDED: Final = "kratix.io/workflow-suspended"


async def test_a_run_is_asked_for_from_the_pipeline_that_failed(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of("a", "b", "c")) as place:
        request = await place.apply(request_of())
        await request.end("a")
        await request.end("b", exited(1))
        await request.until_stands(Standing.FAILED)
        await request.update("run_again", RunAgain(from_pipeline="b", by="ada"))
        await request.end("b", times=2)
        await request.end("c")
        report = await request.until_stands(Standing.READY)
        shown = await request.until_shown(lambda one: phases_in(one) == ["Succeeded"] * 3)

    assert request.ran() == ["a", "b", "b", "c"]
    assert (shown["workflowsSucceeded"], shown["workflowsFailed"]) == (3, 0)
    assert condition_in(shown, "ConfigureWorkflowCompleted")[0] == "True"
    assert (report.past[-1].trigger, report.past[-1].by) == (Trigger.MANUAL, "ada")


async def test_one_pipeline_is_run_again_without_those_after_it(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of("a", "b"), immediate=True) as place:
        request = await place.apply(request_of())
        await request.until_stands(Standing.READY)
        await request.update("run_again", RunAgain(only="a", by="ada"))
        await request.until(lambda known: len(known.past) == 2)
        shown = await request.until_shown(
            lambda one: condition_in(one, "ConfigureWorkflowCompleted")[0] == "True"
        )

    assert request.ran() == ["a", "b", "a"]
    assert phases_in(shown) == ["Succeeded", "Succeeded"]


async def test_all_pipelines_are_run_again_once_the_run_under_way_is_over(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of("a")) as place:
        request = await place.apply(request_of())
        await request.until_runs("a")
        await request.update("run_again", RunAgain(by="ada"))
        await request.end("a")
        await request.end("a", times=2)
        report = await request.until_stands(Standing.READY)

    assert [(one.trigger, one.by) for one in report.past] == [
        (Trigger.CREATED, ""),
        (Trigger.MANUAL, "ada"),
    ]
    times = [one.at for one in report.history.transitions]
    assert times == sorted(times)
    assert report.history.transitions[0].after == "Running"


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (RunAgain(from_pipeline="x"), "there is no pipeline x; there are: a and b"),
        (RunAgain(only="b"), "pipeline a comes before b and has not succeeded"),
    ],
    ids=["unknown", "past-one-that-is-suspended"],
)
async def test_a_run_that_cannot_be_is_refused(
    client: Client, task_queue: str, wanted: RunAgain, why: str
) -> None:
    """Nor does one get past a pipeline that waits for an approval."""
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.end("a", SUSPENDS)
        await request.until_stands(Standing.SUSPENDED)
        with pytest.raises(WorkflowUpdateFailedError, match="failed") as refused:
            await request.update("run_again", wanted)

    assert str(refused.value.cause) == f"RunRefused: {why}"


async def test_a_run_that_may_not_start_any_more_is_told(client: Client, task_queue: str) -> None:
    """What comes before it failed meanwhile: nobody is to wait for it."""
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.end("a")
        await request.end("b")
        await request.until_stands(Standing.READY)
        await request.update("run_again", RunAgain(only="a", by="ada"))
        await request.until_runs("a", times=2)
        await request.update("run_again", RunAgain(only="b", by="ada"))
        await request.end("a", exited(1), times=2)
        report = await request.until_stands(Standing.FAILED)

    dropped = [one for one in report.history.transitions if one.reason == "RunAgainDropped"]
    assert report.asked is None
    assert [one.message for one in dropped] == [
        "only pipeline b: pipeline a comes before b and has not succeeded"
    ]


async def test_a_run_that_is_asked_for_right_before_it_comes_by_itself_comes_once(
    client: Client, task_queue: str
) -> None:
    """Who repairs a spec and asks for the pipeline that failed means one run."""
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.end("a")
        await request.end("b", exited(1))
        await request.until_stands(Standing.FAILED)
        request.change("large")
        await request.until_runs("a", times=2)
        await request.update("run_again", RunAgain(from_pipeline="b", by="ada"))
        await request.end("a", times=2)
        await request.end("b", times=2)
        report = await request.until_stands(Standing.READY)

    dropped = [one for one in report.history.transitions if one.reason == "RunAgainDropped"]
    assert request.ran() == ["a", "b", "a", "b"]
    assert [one.message for one in dropped] == [
        "from pipeline b: run 2 came to it after it was asked for"
    ]
