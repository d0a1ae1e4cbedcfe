"""Promises on a real Temporal: installed, configured, followed by their requests, deleted."""

from typing import Any, Final

from temporalio.client import Client

from adapters.memory.tasks import exited
from runwright.models.kratix import (
    Installed,
    Standing,
    Trigger,
)
from tests.integration.parents import SUSPENDS, Entity, Place, placed, promise_of, request_of
from tests.integration.statuses import condition_in, phases_in

FROM_START: Final = "internal.workflows.kratix.io/run-from-start"
FOLLOW: Final = "kratix.io/reconcile-resources"
PAUSED: Final = "kratix.io/paused"
SUSPENDED: Final = "kratix.io/workflow-suspended"
AVAILABLE: Final = ("True", "PromiseAvailable")
UNAVAILABLE: Final = ("False", "PromiseUnavailable")
FINALIZERS: Final = [
    "kratix.io/delete-workflows",
    "kratix.io/workflows-cleanup",
    "kratix.io/resource-request-cleanup",
    "kratix.io/revision-cleanup",
    "kratix.io/dynamic-controller-dependant-resources-cleanup",
    "kratix.io/dependencies-cleanup",
    "kratix.io/api-crd-cleanup",
]


async def started(place: Place) -> Entity:
    """Start the entity of the Promise."""
    return await place.start(place.promise)


def is_available(status: dict[str, Any]) -> tuple[str, str]:
    """Return what a Promise says of that."""
    return condition_in(status, "Available")


def change(place: Place, **spec: Any) -> None:
    """Change the spec of the Promise."""
    manifest = place.platform.manifest()
    place.platform.apply({**manifest, "spec": {**manifest["spec"], **spec}})


OTHER: Final = {"destinationSelectors": [{"matchLabels": {"environment": "other"}}]}


async def test_a_promise_is_available_once_its_workflow_is_over(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of(own=["p"])) as place:
        promise = await started(place)
        await promise.until_runs("p")
        before = await promise.until_shown(lambda one: is_available(one)[0])
        await promise.end("p")
        shown = await promise.until_shown(lambda one: is_available(one) == AVAILABLE)

    assert is_available(before) == UNAVAILABLE
    assert (before["status"], shown["status"]) == ("Unavailable", "Available")
    assert shown["kratix"]["status"] == "Available"
    assert shown["lastAvailableTime"]
    assert (shown["message"], phases_in(shown)) == ("Promise configured", ["Succeeded"])


async def test_a_promise_without_pipelines_is_available_at_once(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of()) as place:
        promise = await started(place)
        await promise.until_shown(lambda one: is_available(one) == AVAILABLE)

    assert promise.ran() == []


async def test_requests_wait_for_the_first_workflow_of_their_promise(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of("a", own=["p"])) as place:
        promise = await started(place)
        await promise.until_shown(lambda one: is_available(one)[0])
        request = await place.apply(request_of())
        await request.until_shown(lambda one: condition_in(one, "PromiseAvailable")[0] == "False")
        await promise.end("p")
        await request.end("a")
        await request.until_stands(Standing.READY)

    assert request.ran() == ["a"]


async def test_a_promise_that_changes_runs_its_workflow_and_then_each_request_once(
    client: Client, task_queue: str
) -> None:
    """K16: it stays available meanwhile, and what it builds on comes first."""
    async with placed(client, task_queue, promise_of("a", own=["p"])) as place:
        promise = await started(place)
        await promise.end("p")
        await promise.until_shown(lambda one: is_available(one) == AVAILABLE)
        request = await place.apply(request_of())
        await request.end("a")
        await request.until_stands(Standing.READY)
        change(place, **OTHER)
        await promise.until_runs("p", times=2)
        waiting = await request.until_stands(Standing.WAITING)
        during = promise.status()
        await promise.end("p", times=2)
        await request.end("a", times=2)
        await request.until_stands(Standing.READY)
        report = await promise.until(lambda known: known.fan_out and known.fan_out.done == 1)

    assert waiting.message == "Waits for its turn: the workflow of its Promise comes first"
    assert is_available(during) == AVAILABLE
    assert request.ran() == ["a", "a"]
    assert not request.has(FROM_START)
    assert report.fan_out is not None
    assert (report.fan_out.asked, report.fan_out.generation) == (1, 2)
    assert "ReconcilingResources" in promise.events()


async def test_requests_that_failed_or_wait_follow_a_change_of_their_promise_once_too(
    client: Client, task_queue: str
) -> None:
    """They have not observed their generation, and yet it is not theirs that changed."""
    async with placed(client, task_queue, promise_of("a", own=["p"])) as place:
        promise = await started(place)
        await promise.end("p")
        await promise.until_shown(lambda one: is_available(one) == AVAILABLE)
        broken = await place.apply(request_of("broken"))
        await broken.end("a", exited(1))
        await broken.until_stands(Standing.FAILED)
        held = await place.apply(request_of("held"))
        await held.end("a", SUSPENDS)
        await held.until_stands(Standing.SUSPENDED)
        change(place, **OTHER)
        await promise.until_runs("p", times=2)
        waiting = await broken.until_stands(Standing.WAITING)
        await promise.end("p", times=2)
        for one in (broken, held):
            await one.end("a", times=2)
            await one.until_stands(Standing.READY)
        await promise.until(lambda known: known.fan_out and known.fan_out.done == 2)

    assert waiting.message == "Waits for its turn: the workflow of its Promise comes first"
    assert (broken.ran(), held.ran()) == (["a", "a"], ["a", "a"])


async def test_all_requests_run_anew_when_a_label_asks_for_it(
    client: Client, task_queue: str
) -> None:
    """K16."""
    async with placed(client, task_queue, promise_of("a"), immediate=True) as place:
        promise = await started(place)
        await promise.until_shown(lambda one: is_available(one) == AVAILABLE)
        request = await place.apply(request_of())
        await request.until_stands(Standing.READY)
        promise.label(FOLLOW)
        report = await request.until(lambda known: len(known.past) == 2)
        await place.until(lambda: not promise.has(FOLLOW))

    assert report.past[-1].trigger is Trigger.RUN_FROM_START


async def test_a_promise_that_is_paused_is_unavailable_and_runs_all_anew_afterwards(
    client: Client, task_queue: str
) -> None:
    """K36."""
    async with placed(client, task_queue, promise_of("a", own=["p"])) as place:
        promise = await started(place)
        await promise.end("p")
        await promise.until_shown(lambda one: is_available(one) == AVAILABLE)
        promise.label(PAUSED)
        shown = await promise.until_shown(lambda one: is_available(one)[0] == "False")
        request = await place.apply(request_of())
        await request.until_stands(Standing.PAUSED)
        promise.label(PAUSED, None)
        await promise.until_runs("p", times=2)
        still = await request.report()
        await promise.end("p", times=2)
        await request.end("a")
        await request.until_stands(Standing.READY)
        await place.until(lambda: not promise.has(FOLLOW))

    assert is_available(shown) == ("False", "PausedReconciliation")
    assert still.standing is not Standing.RUNNING
    assert (promise.ran(), request.ran()[:1]) == (["p", "p"], ["a"])


async def test_a_promise_whose_workflow_is_suspended_is_unavailable(
    client: Client, task_queue: str
) -> None:
    """K28."""
    async with placed(client, task_queue, promise_of("a", own=["p"])) as place:
        promise = await started(place)
        await promise.end("p", SUSPENDS)
        shown = await promise.until_shown(lambda one: is_available(one)[1] == "WorkflowSuspended")
        await place.until(lambda: promise.has(SUSPENDED))
        promise.label(SUSPENDED, None)
        await promise.end("p", times=2)
        await promise.until_shown(lambda one: is_available(one) == AVAILABLE)

    assert phases_in(shown) == ["Suspended"]


async def test_a_promise_stays_available_when_a_later_run_of_its_workflow_fails(
    client: Client, task_queue: str
) -> None:
    """Upstream stops every request with it."""
    async with placed(client, task_queue, promise_of("a", own=["p"])) as place:
        promise = await started(place)
        await promise.end("p")
        await promise.until_shown(lambda one: is_available(one) == AVAILABLE)
        change(place, **OTHER)
        await promise.end("p", exited(1), times=2)
        await promise.until_stands(Standing.FAILED)
        request = await place.apply(request_of())
        await request.end("a")
        await request.until_stands(Standing.READY)

    assert is_available(promise.status()) == AVAILABLE


async def test_a_promise_with_problems_starts_nothing_and_tells_all_of_them(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of(own=["p"]), immediate=True) as place:
        place.promises.installed = Installed(problems=("spec.api: no", "spec.workflows: no"))
        promise = await started(place)
        await promise.until_stands(Standing.WAITING)
        shown = await promise.until_shown(lambda one: "spec.workflows" in one.get("message", ""))
        place.promises.installed = Installed()
        change(place, **OTHER)
        await promise.until_shown(lambda one: is_available(one) == AVAILABLE)

    assert shown["message"] == "spec.api: no; spec.workflows: no"
    assert is_available(shown) == UNAVAILABLE
    assert promise.ran() == ["p"]


async def test_a_promise_whose_api_is_not_served_yet_starts_nothing(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of(own=["p"]), immediate=True) as place:
        place.promises.installed = Installed(is_served=False)
        promise = await started(place)
        await promise.until(lambda report: report.message == "Waits until its API is served")
        place.promises.installed = Installed()
        await promise.handle.signal("look_at_parent")
        await promise.until_shown(lambda one: is_available(one) == AVAILABLE)

    assert promise.ran() == ["p"]


async def test_a_promise_goes_after_its_delete_pipeline_and_its_requests(
    client: Client, task_queue: str
) -> None:
    """K54: its delete pipeline waits while a request is being configured."""
    promise_manifest = promise_of("a", own_delete=["q"])
    promise_manifest["metadata"]["finalizers"] = list(FINALIZERS)
    async with placed(client, task_queue, promise_manifest) as place:
        promise = await started(place)
        await promise.until_shown(lambda one: is_available(one) == AVAILABLE)
        request = await place.apply(request_of(finalizers=["kratix.io/work-cleanup"]))
        await request.end("a")
        await request.until_stands(Standing.READY)
        place.removal.configured = ("shop/orders",)
        promise.delete()
        waiting = await promise.until(lambda report: "delete pipeline" in report.message)
        request.change("large")
        held = await request.until(lambda known: "being deleted" in known.message)
        place.removal.configured = ()
        await promise.handle.signal("look_at_parent")
        await promise.end("q")
        await request.handle.result()
        await promise.handle.result()

    assert waiting.standing is Standing.WAITING
    assert waiting.message == (
        "Waits for the pipelines of shop/orders to end before the delete pipeline runs"
    )
    assert held.runs == 1
    assert promise.ran() == ["q"]
    assert place.platform.gone == ["orders", place.promise.name]
    assert [one for one in place.removal.removed if one in FINALIZERS][-1] == FINALIZERS[-1]


async def test_a_promise_that_is_deleted_in_the_foreground_keeps_its_delete_pipeline(
    client: Client, task_queue: str
) -> None:
    """The cluster would take its Job, as whatever is to go before the Promise."""
    promise_manifest = promise_of("a", own_delete=["q"])
    promise_manifest["metadata"]["finalizers"] = list(FINALIZERS)
    async with placed(client, task_queue, promise_manifest) as place:
        promise = await started(place)
        await promise.until_shown(lambda one: is_available(one) == AVAILABLE)
        place.platform.edit(place.promise, finalizers=[*FINALIZERS, "foregroundDeletion"])
        promise.delete()
        await promise.until_runs("q")
        there = place.platform.find(place.promise)
        await promise.end("q")
        await promise.handle.result()

    assert there
    assert there["metadata"]["finalizers"] == FINALIZERS
