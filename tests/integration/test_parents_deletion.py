"""Requests that are deleted: what is run before they go, and what goes with them."""

from datetime import timedelta
from typing import Final

from temporalio.client import Client

from adapters.memory.tasks import exited
from runwright.models.gates import DecideGate, Verdict
from runwright.models.kratix import Compat, ParentGone, RunAgain, Standing, Trigger
from tests.integration.parents import SUSPENDS, handed, placed, promise_of, request_of
from tests.integration.statuses import condition_in, phases_in

MANUAL: Final = "kratix.io/manual-reconciliation"
PAUSED: Final = "kratix.io/paused"
SUSPENDED: Final = "kratix.io/workflow-suspended"
FINALIZERS: Final = [
    "kratix.io/delete-workflows",
    "kratix.io/work-cleanup",
    "kratix.io/workflows-cleanup",
    "kratix.io/resource-binding-cleanup",
]
HELD: Final = request_of(finalizers=list(FINALIZERS))


async def test_a_delete_pipeline_waits_for_the_configure_job_and_then_all_goes_in_order(
    client: Client, task_queue: str
) -> None:
    """K49 and K53: of two delete pipelines the first runs."""
    async with placed(client, task_queue, promise_of("a", "b", delete=["d", "e"])) as place:
        request = await place.apply(HELD)
        await request.until_runs("a")
        request.delete()
        await request.until(lambda report: request.place.platform and report.run)
        before = request.ran()
        await request.end("a")
        await request.end("d")
        gone = await request.handle.result()

    assert before == ["a"]
    assert request.ran() == ["a", "d"]
    assert place.removal.removed == FINALIZERS[1:]
    assert place.platform.gone == ["orders"]
    assert [(one["action"], one["ending"]) for one in gone["past"]] == [
        ("configure", "Interrupted"),
        ("delete", "Succeeded"),
    ]
    assert ParentGone.model_validate(gone).runs == 2


async def test_the_cluster_takes_nothing_of_a_request_before_its_delete_pipeline_ran(
    client: Client, task_queue: str
) -> None:
    """As it does in a deletion in the foreground, of which somebody may think later."""
    async with placed(client, task_queue, promise_of("a", delete=["d"])) as place:
        request = await place.apply(HELD)
        await request.end("a")
        await request.until_stands(Standing.READY)
        again = [*FINALIZERS, "foregroundDeletion"]
        place.platform.edit(request.parent, finalizers=again)
        request.delete()
        await request.until_runs("d")
        there = place.platform.find(request.parent)
        await request.end("d")
        await request.handle.result()

    assert there
    assert there["metadata"]["finalizers"] == FINALIZERS


async def test_a_configure_job_that_does_not_end_in_time_is_stopped_for_the_deletion(
    client: Client, task_queue: str
) -> None:
    """Upstream waits for ever."""
    promise, limit = promise_of("a", delete=["d"]), timedelta(milliseconds=300)
    async with placed(client, task_queue, promise, stop_after=limit) as place:
        request = await place.apply(HELD)
        await request.until_runs("a")
        request.delete()
        await request.end("d")
        await request.handle.result()

    assert len(place.tasks.stopped) == 1
    assert place.platform.gone == ["orders"]


async def test_a_request_without_a_delete_pipeline_goes_at_once(
    client: Client, task_queue: str
) -> None:
    """K50."""
    async with placed(client, task_queue, promise_of("a"), immediate=True) as place:
        request = await place.apply(HELD)
        await request.until_stands(Standing.READY)
        request.delete()
        await request.handle.result()

    assert request.ran() == ["a"]
    assert place.platform.gone == ["orders"]
    assert place.platform.works == {}


async def test_a_delete_pipeline_that_failed_stays_until_somebody_says_so(
    client: Client, task_queue: str
) -> None:
    """K51."""
    async with placed(client, task_queue, promise_of(delete=["d"])) as place:
        request = await place.apply(HELD)
        await request.until_stands(Standing.READY)
        request.delete()
        await request.end("d", exited(1))
        await request.until_stands(Standing.FAILED)
        shown = await request.until_shown(
            lambda one: condition_in(one, "DeleteWorkflowCompleted")[0]
        )
        request.label(MANUAL)
        await request.until_runs("d", times=2)
        await place.until(lambda: not request.has(MANUAL))
        await request.end("d", times=2)
        await request.handle.result()

    assert condition_in(shown, "DeleteWorkflowCompleted") == ("False", "DeleteWorkflowFailed")
    assert request.events().count("Failed Pipeline") == 1
    assert request.ran() == ["d", "d"]


async def test_a_delete_pipeline_is_tried_again_as_often_as_the_platform_says(
    client: Client, task_queue: str
) -> None:
    """Upstream never does; nor do we unless told."""
    fields = {"delete_retries": 1, "delete_retry_delay": timedelta(milliseconds=200)}
    async with placed(client, task_queue, promise_of(delete=["d"]), **fields) as place:
        request = await place.apply(HELD)
        request.delete()
        await request.end("d", exited(1))
        await request.end("d", exited(1), times=2)
        report = await request.until_stands(Standing.FAILED)
        await request.update("run_again", RunAgain(by="ada"))
        await request.end("d", times=3)
        gone = ParentGone.model_validate(await request.handle.result())

    assert [one.trigger for one in report.past][1:] == [Trigger.RETRIED]
    assert (gone.past[-1].trigger, gone.past[-1].by) == (Trigger.MANUAL, "ada")


async def test_a_delete_pipeline_that_suspends_keeps_the_works_until_it_goes_on(
    client: Client, task_queue: str
) -> None:
    """K52."""
    async with placed(client, task_queue, promise_of("a", delete=["d"])) as place:
        request = await place.apply(HELD)
        await request.end("a")
        await request.until_stands(Standing.READY)
        request.delete()
        await request.end("d", SUSPENDS)
        await request.until_stands(Standing.SUSPENDED)
        await place.until(lambda: request.has(SUSPENDED))
        shown = await request.until_shown(
            lambda one: condition_in(one, "DeleteWorkflowCompleted")[0]
        )
        works = len(place.platform.works)
        request.label(SUSPENDED, None)
        await request.end("d", times=2)
        await request.handle.result()

    assert condition_in(shown, "DeleteWorkflowCompleted") == ("False", "DeleteWorkflowSuspended")
    assert condition_in(shown, "Reconciled") == ("Unknown", "WorkflowSuspended")
    assert (phases_in(shown, "delete"), works) == (["Suspended"], 1)
    assert place.platform.works == {}


async def test_a_request_that_waits_for_an_approval_can_be_deleted(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of("a", delete=["d"])) as place:
        request = await place.apply(HELD)
        await request.end("a", SUSPENDS)
        await request.until(lambda report: report.pending_gates)
        await place.until(lambda: request.has(SUSPENDED))
        request.delete()
        await request.end("d")
        await request.handle.result()

    assert request.ran() == ["a", "d"]
    assert place.platform.gone == ["orders"]


async def test_a_deletion_that_a_person_holds_says_so_in_the_status(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of("a", delete=["d"])) as place:
        request = await place.apply(HELD)
        await request.end("a")
        await request.until_stands(Standing.READY)
        request.label(SUSPENDED)
        request.delete()
        shown = await request.until_shown(lambda one: SUSPENDED in one.get("message", ""))
        request.label(SUSPENDED, None)
        await request.end("d")
        await request.handle.result()

    assert shown["message"] == f"Suspended: it goes once somebody removes {SUSPENDED}"


async def test_a_delete_pipeline_counts_its_attempts(client: Client, task_queue: str) -> None:
    """K52."""
    async with placed(client, task_queue, promise_of(delete=["d"])) as place:
        request = await place.apply(HELD)
        request.delete()
        for attempt in (1, 2):
            await request.end("d", handed("retryAfter: 200ms\n"), times=attempt)
        report = await request.until(lambda known: len(known.past) == 2)
        await request.end("d", times=3)
        await request.handle.result()

    assert report.state.delete.pipelines[0].attempts == 2


async def test_a_delete_pipeline_that_suspends_can_be_approved(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of(delete=["d"])) as place:
        request = await place.apply(HELD)
        request.delete()
        await request.end("d", SUSPENDS)
        await request.until(lambda report: report.pending_gates)
        decision = DecideGate(gate="d", verdict=Verdict.APPROVE, by="ada")
        await request.update("decide_gate", decision)
        await request.end("d", times=2)
        await request.handle.result()

    assert place.platform.gone == ["orders"]


async def test_a_spec_that_changes_while_the_delete_pipeline_runs_starts_no_second_one(
    client: Client, task_queue: str
) -> None:
    """K63."""
    async with placed(client, task_queue, promise_of(delete=["d"])) as place:
        request = await place.apply(HELD)
        request.delete()
        await request.until_runs("d")
        request.change("large")
        await request.until_told()
        await request.end("d")
        await request.handle.result()

    assert request.ran() == ["d"]


async def test_a_manual_reconciliation_ends_a_delete_job_as_upstream_did_in_august(
    client: Client, task_queue: str
) -> None:
    fields = {"compat": Compat.AUGUST_2026}
    async with placed(client, task_queue, promise_of(delete=["d"]), **fields) as place:
        request = await place.apply(HELD)
        request.delete()
        await request.until_runs("d")
        request.label(MANUAL)
        await request.end("d", times=2)
        await request.handle.result()

    assert len(place.tasks.stopped) == 1


async def test_a_request_that_is_paused_stays_and_says_why(client: Client, task_queue: str) -> None:
    """Upstream says nothing."""
    async with placed(client, task_queue, promise_of("a"), immediate=True) as place:
        request = await place.apply(HELD)
        await request.until_stands(Standing.READY)
        request.label(PAUSED)
        request.delete()
        await request.until(lambda report: "cannot be deleted" in report.message)
        shown = await request.until_shown(lambda one: "cannot be deleted" in one["message"])
        request.label(PAUSED, None)
        await request.handle.result()

    assert shown["message"] == "It is paused, and cannot be deleted before it is resumed"


async def test_an_entity_ends_when_somebody_takes_the_finalizers_away(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of("a"), immediate=True) as place:
        request = await place.apply(request_of())
        await request.until_stands(Standing.READY)
        request.delete()
        gone = ParentGone.model_validate(await request.handle.result())

    assert gone.runs == 1
