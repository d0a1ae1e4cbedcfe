"""Requests that are held: suspended, paused, without a Promise that can fulfil them."""

from typing import Final

from temporalio.client import Client

from runwright.models.kratix import Standing, Trigger
from tests.integration.parents import SUSPENDS, Place, handed, placed, promise_of, quick, request_of
from tests.integration.statuses import condition_in, phases_in, pipelines_in

MANUAL: Final = "kratix.io/manual-reconciliation"
PAUSED: Final = "kratix.io/paused"
SUSPENDED: Final = "kratix.io/workflow-suspended"
HELD: Final = ("Unknown", "PausedReconciliation")
RETRIES: Final = handed("retryAfter: 2s\n")


def unavailable(place: Place, reason: str = "PromiseUnavailable") -> None:
    """Have the Promise say that it cannot fulfil requests."""
    condition = {"type": "Available", "status": "False", "reason": reason, "message": ""}
    place.platform.show(place.promise, {"conditions": [condition]})


def available(place: Place) -> None:
    """Have it say that it can."""
    condition = {"type": "Available", "status": "True", "reason": "PromiseAvailable", "message": ""}
    place.platform.show(place.promise, {"conditions": [condition]})


async def test_a_pipeline_that_suspends_holds_those_after_it_until_its_label_is_removed(
    client: Client, task_queue: str
) -> None:
    """K28, K30 and K33: it alone runs again, and leaves no Work before."""
    async with placed(client, task_queue, promise_of("a", "b", "c")) as place:
        request = await place.apply(request_of())
        await request.end("a")
        await request.end("b", SUSPENDS)
        report = await request.until_stands(Standing.SUSPENDED)
        await place.until(lambda: request.has(SUSPENDED))
        shown = await request.until_shown(lambda one: "Suspended" in phases_in(one))
        works = len(place.platform.works)
        request.label(SUSPENDED, None)
        await request.until_runs("b", times=2)
        resumed = pipelines_in(request.status())[1]
        await request.end("b", times=2)
        await request.end("c")
        done = await request.until_stands(Standing.READY)

    assert phases_in(shown) == ["Succeeded", "Suspended", "Pending"]
    assert pipelines_in(shown)[1]["message"] == "ask first"
    assert condition_in(shown, "Reconciled") == ("Unknown", "WorkflowSuspended")
    assert (report.pending_gates, works) == (("b",), 1)
    assert (resumed["phase"], "message" in resumed) == ("Running", False)
    assert request.ran() == ["a", "b", "b", "c"]
    assert [one.trigger for one in done.past] == [Trigger.CREATED, Trigger.RESUMED]
    assert done.gates["b"].outcome == "Closed"


async def test_a_suspended_workflow_begins_anew_with_a_manual_reconciliation_or_a_change(
    client: Client, task_queue: str
) -> None:
    """K28."""
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.end("a")
        await request.end("b", SUSPENDS)
        await place.until(lambda: request.has(SUSPENDED))
        request.label(MANUAL)
        await request.end("a", times=2)
        await request.end("b", SUSPENDS, times=2)
        await request.until(lambda known: len(known.past) == 2)
        await place.until(lambda: request.has(SUSPENDED))
        request.change("large")
        await request.end("a", times=3)
        await request.end("b", times=3)
        await request.until_stands(Standing.READY)
        shown = await request.until_shown(lambda one: phases_in(one) == ["Succeeded"] * 2)

    workflow = shown["kratix"]["workflows"]["configure"]
    assert "suspendedGeneration" not in workflow
    assert not request.has(SUSPENDED)
    assert request.ran() == ["a", "b"] * 3


async def test_a_pipeline_that_asks_for_it_is_run_again_after_a_while(
    client: Client, task_queue: str
) -> None:
    """K29 and K32."""
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        for attempt in (1, 2, 3):
            await request.end("a", RETRIES, times=attempt)
            await request.until_retried(attempt)
            shown = await request.until_shown(lambda one: "nextRetryAt" in pipelines_in(one)[0])
            assert pipelines_in(shown)[0]["attempts"] == attempt
        await request.end("a", times=4)
        await request.end("b")
        await request.until_stands(Standing.READY)
        shown = await request.until_shown(lambda one: phases_in(one) == ["Succeeded"] * 2)
        await place.until(lambda: not request.has(SUSPENDED))

    assert request.ran() == ["a"] * 4 + ["b"]
    assert {"attempts", "nextRetryAt"}.isdisjoint(pipelines_in(shown)[0])


async def test_a_delay_wins_over_a_suspension_and_what_cannot_be_read_fails(
    client: Client, task_queue: str
) -> None:
    """K31 and K34: a later suspension clears the time of the retry."""
    async with placed(client, task_queue, promise_of("a")) as place:
        request = await place.apply(request_of())
        await request.end("a", handed("suspend: true\nretryAfter: 100ms\n"))
        await request.end("a", SUSPENDS, times=2)
        shown = await request.until_shown(lambda one: pipelines_in(one)[0].get("message"))
        await place.until(lambda: request.has(SUSPENDED))
        request.label(SUSPENDED, None)
        await request.end("a", handed("retryAfter: 1d\n"), times=3)
        report = await request.until_stands(Standing.FAILED)

    assert {"attempts", "nextRetryAt"}.isdisjoint(pipelines_in(shown)[0])
    assert "1d" in report.state.configure.pipelines[0].message


async def test_a_workflow_that_is_suspended_does_not_run_again_after_the_interval(
    client: Client, task_queue: str
) -> None:
    """K23: a retry is neither restarted nor ended by an interval that passes meanwhile."""
    async with placed(client, task_queue, promise_of("a"), config=quick(0.2)) as place:
        request = await place.apply(request_of())
        await request.end("a", handed("retryAfter: 1s\n"))
        await request.until_runs("a", times=2)
        report = await request.report()

    assert report.run is not None
    assert report.run.trigger is Trigger.RESUMED
    assert place.tasks.stopped == []


async def test_a_pause_that_ends_runs_all_anew_and_ends_a_suspension(
    client: Client, task_queue: str
) -> None:
    """K35 and K37: what changed meanwhile is in that run."""
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.end("a")
        await request.end("b", SUSPENDS)
        await place.until(lambda: request.has(SUSPENDED))
        request.label(PAUSED)
        report = await request.until_stands(Standing.PAUSED)
        shown = await request.until_shown(
            lambda one: condition_in(one, "Reconciled")[1] == "PausedReconciliation"
        )
        request.change("large")
        await request.until_told()
        request.label(PAUSED, None)
        await request.end("a", times=2)
        await request.end("b", times=2)
        done = await request.until_stands(Standing.READY)

    assert report.paused is not None
    assert condition_in(shown, "Reconciled") == ("Unknown", "PausedReconciliation")
    assert [one.trigger for one in done.past] == [Trigger.CREATED, Trigger.UNPAUSED]
    assert (done.paused, request.has(SUSPENDED)) == (None, False)
    assert request.events().count("PausedReconciliation") == 1


async def test_a_request_waits_while_its_promise_is_paused(client: Client, task_queue: str) -> None:
    """K36, as far as a request sees it."""
    async with placed(client, task_queue, promise_of("a"), immediate=True) as place:
        place.platform.label(place.promise, PAUSED)
        request = await place.apply(request_of())
        report = await request.until_stands(Standing.PAUSED)
        place.platform.label(place.promise, PAUSED, None)
        done = await request.until_stands(Standing.READY)

    assert report.message == "Its Promise is paused"
    assert [one.trigger for one in done.past] == [Trigger.UNPAUSED]


async def test_a_request_waits_for_a_promise_that_can_fulfil_it(
    client: Client, task_queue: str
) -> None:
    """K38."""
    async with placed(client, task_queue, promise_of("a"), immediate=True) as place:
        unavailable(place)
        request = await place.apply(request_of())
        shown = await request.until_shown(lambda one: condition_in(one, "PromiseAvailable")[0])
        await request.until_stands(Standing.WAITING)
        available(place)
        await request.until_stands(Standing.READY)
        later = request.status()

    assert (shown["message"], phases_in(shown)) == ("Pending", [])
    assert condition_in(shown, "PromiseAvailable") == ("False", "PromiseRequirementsNotInstalled")
    assert condition_in(later, "PromiseAvailable") == ("True", "PromiseAvailable")
    assert request.ran() == ["a"]


async def test_a_person_may_hold_a_workflow_between_two_pipelines(
    client: Client, task_queue: str
) -> None:
    """No pipeline is suspended then: the next one starts when the label is removed."""
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.until_runs("a")
        request.label(SUSPENDED)
        await request.until_told()
        await request.end("a")
        held = await request.until_stands(Standing.SUSPENDED)
        request.label(SUSPENDED, None)
        await request.end("b")
        await request.until_stands(Standing.READY)

    assert held.pending_gates == ()
    assert request.ran() == ["a", "b"]


async def test_a_parent_without_pipelines_says_no_longer_that_it_was_paused(
    client: Client, task_queue: str
) -> None:
    """There is nothing to run anew, after which it would say something else."""
    async with placed(client, task_queue, promise_of()) as place:
        request = await place.apply(request_of())
        await request.until_stands(Standing.READY)
        request.label(PAUSED)
        await request.until_shown(lambda one: condition_in(one, "Reconciled") == HELD)
        request.label(PAUSED, None)
        await request.until_shown(lambda one: condition_in(one, "Reconciled") != HELD)
        report = await request.until_stands(Standing.READY)

    assert report.runs == 0
