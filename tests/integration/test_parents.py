"""Requests for a Promise on a real Temporal: what starts their pipelines, and what comes of it."""

import asyncio
from typing import Any, Final

from temporalio.client import Client, WorkflowHandle

from adapters.memory.tasks import exited
from runwright.models.kratix import Compat, Standing, Trigger
from tests.integration.parents import PATIENCE, Entity, placed, promise_of, quick, request_of
from tests.integration.statuses import condition_in, phases_in

MANUAL: Final = "kratix.io/manual-reconciliation"
FROM_START: Final = "internal.workflows.kratix.io/run-from-start"
READY: Final = Standing.READY


async def until_heard(entity: Entity, label: str) -> None:
    """Return once the run that is under way knows of a label: it is told by way of the entity."""
    report = await entity.report()
    assert report.run
    run = entity.place.client.get_workflow_handle(report.run.workflow_id)
    async with asyncio.timeout(PATIENCE):
        while label.encode() not in await said_to(run):
            await asyncio.sleep(0.02)


async def said_to(run: WorkflowHandle[Any, Any]) -> bytes:
    """Return all that a run was told by signals."""
    payloads = [
        payload.data
        async for event in run.fetch_history_events()
        for payload in event.workflow_execution_signaled_event_attributes.input.payloads
    ]
    return b"".join(payloads)


async def test_a_request_without_pipelines_is_settled_at_once(
    client: Client, task_queue: str
) -> None:
    """K1."""
    async with placed(client, task_queue, promise_of()) as place:
        request = await place.apply(request_of())
        report = await request.until_stands(READY)
        status = await request.until_shown(lambda shown: "workflows" in shown)

    counts = ("workflows", "workflowsSucceeded", "workflowsFailed")
    assert [status[one] for one in counts] == [0, 0, 0]
    assert (request.ran(), report.runs) == ([], 0)


async def test_a_new_request_runs_its_first_pipeline_and_says_so(
    client: Client, task_queue: str
) -> None:
    """K2."""
    async with placed(client, task_queue, promise_of("a")) as place:
        request = await place.apply(request_of())
        await request.until_runs("a")
        report = await request.until_stands(Standing.RUNNING)

    status = request.status()
    assert status["message"] == "Pending"
    assert condition_in(status, "ConfigureWorkflowCompleted") == ("False", "PipelinesInProgress")
    assert request.events() == ["PipelineStarted"]
    assert report.run is not None
    assert (report.run.trigger, report.run.number) == (Trigger.CREATED, 1)


async def test_two_pipelines_run_one_after_the_other_and_their_works_are_read_back(
    client: Client, task_queue: str
) -> None:
    """K3 and K6."""
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.end("a")
        await request.end("b")
        await request.until_shown(lambda shown: shown.get("observedGeneration") == 1)
        before = condition_in(request.status(), "Reconciled")
        place.platform.write_works()
        await request.handle.signal("look_at_works")
        status = await request.until_shown(
            lambda shown: condition_in(shown, "Reconciled") == ("True", "Reconciled")
        )
        report = await request.report()

    assert before == ("Unknown", "WorksPending")
    assert (request.ran(), phases_in(status)) == (["a", "b"], ["Succeeded", "Succeeded"])
    assert condition_in(status, "WorksSucceeded") == ("True", "WorksSucceeded")
    assert status["lastSuccessfulConfigureWorkflowTime"]
    assert [one.ending for one in report.past] == ["Succeeded"]
    assert "ReconcileSucceeded" in request.events()


async def test_a_spec_that_changes_while_a_pipeline_runs_starts_all_anew_after_it(
    client: Client, task_queue: str
) -> None:
    """K8 and K10."""
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.until_runs("a")
        request.change("large")
        await request.until(lambda report: report.run)
        await request.end("a")
        await request.end("a", times=2)
        await request.end("b")
        report = await request.until_stands(READY)

    assert request.ran() == ["a", "a", "b"]
    assert place.tasks.stopped == []
    assert [(one.trigger, one.ending) for one in report.past] == [
        (Trigger.CREATED, "Interrupted"),
        (Trigger.CHANGED, "Succeeded"),
    ]


async def test_a_spec_that_changes_back_runs_all_again(client: Client, task_queue: str) -> None:
    """K9: what ran before for that spec does not count."""
    async with placed(client, task_queue, promise_of("a", "b"), immediate=True) as place:
        request = await place.apply(request_of())
        for number, size in enumerate(("small", "large", "small"), start=1):
            request.change(size)
            await request.until_ran(number)

    assert request.ran() == ["a", "b"] * 3


async def test_a_manual_reconciliation_runs_all_again_and_its_label_goes(
    client: Client, task_queue: str
) -> None:
    """K11."""
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.end("a")
        await request.end("b")
        await request.until_stands(READY)
        request.label(MANUAL)
        await request.until_runs("a", times=2)
        during = request.status()
        await place.until(lambda: not request.has(MANUAL))
        await request.end("a", times=2)
        await request.end("b", times=2)
        await request.until(lambda report: len(report.past) == 2)

    assert (during["workflowsSucceeded"], phases_in(during)) == (0, ["Running", "Pending"])
    assert condition_in(during, "ConfigureWorkflowCompleted") == ("False", "PipelinesInProgress")
    assert request.ran() == ["a", "b"] * 2


async def test_a_manual_reconciliation_ends_the_job_that_runs_as_upstream_did_in_august(
    client: Client, task_queue: str
) -> None:
    """K12 and K13."""
    promise = promise_of("a", "b")
    async with placed(client, task_queue, promise, compat=Compat.AUGUST_2026) as place:
        request = await place.apply(request_of())
        await request.until_runs("a")
        request.label(MANUAL)
        await request.until_runs("a", times=2)
        await place.until(lambda: not request.has(MANUAL))
        request.label(MANUAL)
        await request.end("a", times=3)
        await request.end("b")
        await request.until_stands(READY)

    assert request.ran() == ["a", "a", "a", "b"]
    assert len(place.tasks.stopped) == 2


async def test_a_manual_reconciliation_waits_for_the_job_that_runs(
    client: Client, task_queue: str
) -> None:
    """K13, as upstream does since September."""
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.until_runs("a")
        request.label(MANUAL)
        await until_heard(request, MANUAL)
        await request.end("a")
        await request.end("a", times=2)
        await request.end("b")
        await request.until_stands(READY)

    assert request.ran() == ["a", "a", "b"]
    assert place.tasks.stopped == []


async def test_a_run_from_the_start_waits_for_the_job_that_runs(
    client: Client, task_queue: str
) -> None:
    """K14."""
    promise = promise_of("a", "b")
    async with placed(client, task_queue, promise, compat=Compat.AUGUST_2026) as place:
        request = await place.apply(request_of())
        await request.until_runs("a")
        request.label(FROM_START)
        await until_heard(request, FROM_START)
        await request.end("a")
        await request.until_runs("a", times=2)
        await place.until(lambda: not request.has(FROM_START))

    assert request.ran() == ["a", "a"]
    assert place.tasks.stopped == []


async def test_a_switch_is_on_with_the_word_true_alone(client: Client, task_queue: str) -> None:
    """K15."""
    async with placed(client, task_queue, promise_of("a"), immediate=True) as place:
        request = await place.apply(request_of())
        await request.until_stands(READY)
        request.label(MANUAL, "yes")
        await request.until_told()
        report = await request.until_stands(READY)

    assert (request.ran(), report.runs) == (["a"], 1)
    assert request.has(MANUAL)


async def test_a_failure_starts_nothing_until_somebody_says_so(
    client: Client, task_queue: str
) -> None:
    """K19, K20 and K22: its Works stay."""
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.end("a", exited(1))
        failed = await request.until_stands(Standing.FAILED)
        shown = await request.until_shown(lambda status: status.get("workflowsFailed") == 1)
        request.label(MANUAL)
        await request.until_runs("a", times=2)
        again = request.status()

    assert [one.ending for one in failed.past] == ["Failed"]
    assert condition_in(shown, "Reconciled") == ("False", "ConfigureWorkflowFailed")
    assert [works for _, works in place.pipelines.tidied] == [False]
    assert (again["workflowsFailed"], phases_in(again)) == (0, ["Running", "Pending"])
    assert request.events().count("ConfigureWorkflowFailed") == 1


async def test_a_failed_workflow_runs_again_after_the_interval(
    client: Client, task_queue: str
) -> None:
    """K21 and K24: the time of the last success does not move with a failure."""
    async with placed(client, task_queue, promise_of("a"), config=quick(1)) as place:
        request = await place.apply(request_of())
        await request.end("a", exited(1))
        failed = (await request.until_stands(Standing.FAILED)).state.last_successful_time
        await request.end("a", times=2)
        report = await request.until(lambda known: known.state.last_successful_time)
        await request.end("a", exited(1), times=3)
        later = await request.until(lambda known: len(known.past) == 3)

    assert failed is None
    assert [one.trigger for one in later.past] == [
        Trigger.CREATED,
        Trigger.INTERVAL,
        Trigger.INTERVAL,
    ]
    assert later.state.last_successful_time == report.state.last_successful_time


async def test_a_failed_workflow_does_not_run_again_where_the_platform_says_so(
    client: Client, task_queue: str
) -> None:
    """K21."""
    config = quick(0.5, again_after_failure=False)
    async with placed(client, task_queue, promise_of("a"), config=config) as place:
        request = await place.apply(request_of())
        await request.end("a", exited(1))
        await request.until_stands(Standing.FAILED)
        due = await request.timers()
        request.change("large")
        await request.until_runs("a", times=2)

    assert due == 0


async def test_a_workflow_runs_again_after_the_interval_of_its_promise(
    client: Client, task_queue: str
) -> None:
    """K26 and K27."""
    promise = promise_of("a")
    async with placed(client, task_queue, promise, immediate=True, config=quick(1)) as place:
        request = await place.apply(request_of())
        report = await request.until(lambda known: len(known.past) >= 3)

    assert {one.trigger for one in report.past[1:]} == {Trigger.INTERVAL}
    gaps = [
        (later.started_at - earlier.finished_at).total_seconds()
        for earlier, later in zip(report.past, report.past[1:], strict=False)
    ]
    assert min(gaps) >= 0.9


async def test_two_requests_of_one_name_in_two_namespaces_do_not_touch_each_other(
    client: Client, task_queue: str
) -> None:
    """K60."""
    promise = promise_of("a")
    other = request_of("orders", "small", namespace="backup", uid="another")
    async with placed(client, task_queue, promise, immediate=True) as place:
        one = await place.apply(request_of(finalizers=["kratix.io/work-cleanup"]))
        two = await place.apply(other)
        await one.until_stands(READY)
        await two.until_stands(READY)
        one.delete()
        await one.handle.result()
        left = [namespace for namespace, _ in place.platform.works]
        report = await two.report()

    assert left == ["backup"]
    assert (report.standing, report.runs) == (READY, 1)
