"""Entities of Promises and of requests for them, in a cluster that is kept in memory."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

from adapters.memory.tasks import exited
from runwright.models.gates import DecideGate, Verdict
from runwright.models.kratix import (
    AskTurn,
    Carried,
    Installed,
    PromiseSummary,
    RequiredBy,
    RequiredPromiseStatus,
    Requirers,
    RunAgain,
    Standing,
    Trigger,
    Turns,
)
from runwright.models.runs import CancelRun, PauseRun, ResumeRun
from tests.histories.stage import Scenario, Stage
from tests.integration.parents import SUSPENDS, Place, handed, placed, promise_of, request_of
from tests.unit.rules.kratix.documents import Fields, pipeline_manifest

MANUAL: Final = "kratix.io/manual-reconciliation"
PAUSED: Final = "kratix.io/paused"
SUSPENDED: Final = "kratix.io/workflow-suspended"
AT_REST: Final = {Standing.READY, Standing.WAITING}
FINALIZERS: Final = ["kratix.io/delete-workflows", "kratix.io/work-cleanup"]


@asynccontextmanager
async def place_of(
    stage: Stage, *configure: str | Fields, immediate: bool = False, **fields: Any
) -> AsyncGenerator[Place]:
    """Give a platform whose Promise is called as the scenario is."""
    promise = promise_of(*configure, **fields)
    promise["metadata"]["name"] = stage.name
    async with placed(
        stage.client, stage.task_queue, promise, immediate=immediate, most_at_once=1
    ) as place:
        yield place


async def request_through_its_life(stage: Stage) -> None:
    """It is made, changed, run again by a label, and deleted; its Promise has no entity."""
    async with place_of(stage, "a", "b", delete=["d"]) as place:
        request = await place.apply(request_of(finalizers=list(FINALIZERS)))
        await request.end("a")
        await request.end("b")
        await request.until_ran(1)
        place.platform.write_works()
        await request.handle.signal("look_at_works")
        request.change("large")
        await request.until_runs("a", times=2)
        request.label(MANUAL)
        await request.until_told()
        await request.end("a", times=2)
        await request.end("a", times=3)
        await request.end("b", times=2)
        await request.until_ran(3)
        request.delete()
        await request.end("d", SUSPENDS)
        await request.until(lambda report: report.pending_gates)
        request.label(SUSPENDED, None)
        await request.end("d", times=2)
        await request.handle.result()


async def request_that_people_decided_about(stage: Stage) -> None:
    """Approved, rejected, run again from a pipeline, paused, resumed, cancelled."""
    async with place_of(stage, "a", "b") as place:
        request = await place.apply(request_of())
        await request.end("a", SUSPENDS)
        await request.until(lambda report: report.pending_gates)
        yes = DecideGate(gate="a", verdict=Verdict.APPROVE, by="grace")
        await request.update("decide_gate", yes)
        await request.end("a", times=2)
        await request.end("b", SUSPENDS)
        await request.until(lambda report: report.pending_gates)
        no = DecideGate(gate="b", verdict=Verdict.REJECT, by="grace")
        await request.handle.signal("decide_gate", no)
        await request.until_stands(Standing.FAILED)
        await request.update("run_again", RunAgain(from_pipeline="b", by="ada"))
        await request.until_runs("b", times=2)
        await request.update("cancel", CancelRun(by="ada"))
        await request.until_stands(Standing.FAILED)
        await request.update("pause", PauseRun(by="ada"))
        await request.until_stands(Standing.PAUSED)
        await request.update("resume", ResumeRun(by="ada"))
        await request.end("a", times=3)
        await request.end("b", times=3)
        await request.until_ran(4)


async def request_with_a_deadline_of_its_gate(stage: Stage) -> None:
    """Nobody decides in time; a label that is removed is put back."""
    policy = '{"users": ["ada"], "deadline": "1s"}'
    guarded = pipeline_manifest("a", annotations={"runwright.dev/approval": policy})
    async with place_of(stage, guarded) as place:
        request = await place.apply(request_of())
        await request.end("a", SUSPENDS)
        await place.until(lambda: request.has(SUSPENDED))
        request.label(SUSPENDED, None)
        await place.until(lambda: request.has(SUSPENDED))
        await request.until_stands(Standing.FAILED)


async def request_that_retried_and_failed(stage: Stage) -> None:
    """A pipeline asks to be run again, and then fails."""
    async with place_of(stage, "a") as place:
        request = await place.apply(request_of())
        await request.end("a", handed("retryAfter: 100ms\n"))
        await request.end("a", exited(1), times=2)
        await request.until_stands(Standing.FAILED)


async def request_that_waited_for_its_turn(stage: Stage) -> None:
    """Another one of its Promise runs; then it is its turn."""
    async with place_of(stage, "a") as place:
        promise = await place.start(place.promise)
        await promise.until_stands(Standing.READY)
        first = await place.apply(request_of("first"))
        await first.until_runs("a")
        request = await place.apply(request_of())
        await request.until_stands(Standing.WAITING)
        await first.end("a")
        await request.end("a")
        await request.until_ran(1)


async def promise_through_its_life(stage: Stage) -> None:
    """It is installed, configured, changed, followed by its request, and deleted."""
    async with place_of(stage, "a", own=["p"], own_delete=["q"]) as place:
        finalizers = ["kratix.io/delete-workflows", "kratix.io/resource-request-cleanup"]
        place.platform.edit(place.promise, finalizers=finalizers)
        place.promises.installed = Installed(is_served=False)
        promise = await place.start(place.promise)
        await promise.until_stands(Standing.WAITING)
        place.promises.installed = Installed()
        await promise.handle.signal("look_at_parent")
        await promise.end("p")
        await promise.until_ran(1)
        request = await place.apply(request_of(finalizers=["kratix.io/work-cleanup"]))
        await request.end("a")
        await request.until_ran(1)
        manifest = place.platform.manifest()
        selectors = [{"matchLabels": {"environment": "other"}}]
        spec = {**manifest["spec"], "destinationSelectors": selectors}
        place.platform.apply({**manifest, "spec": spec})
        await promise.end("p", times=2)
        await request.end("a", times=2)
        await request.until_ran(2)
        await promise.until_ran(2)
        promise.delete()
        await promise.end("q")
        await promise.handle.result()


async def promise_that_waited_for_another(stage: Stage) -> None:
    """It lacks a Promise that it requires, then it is there, and once more it is told to look."""
    gone = RequiredPromiseStatus(name="network", state="Requirement not installed")
    there = gone.model_copy(update={"state": "Requirement installed"})
    async with place_of(stage, "a", own=["p"], immediate=True) as place:
        place.platform.edit(place.promise, finalizers=["kratix.io/delete-workflows"])
        place.promises.installed = Installed(required=(gone,))
        promise = await place.start(place.promise)
        await promise.until_shown(
            lambda one: one.get("requiredPromises", [{}])[0].get("state") == gone.state
        )
        await promise.until(lambda report: report.past and report.standing in AT_REST)
        place.promises.installed = Installed(required=(there,))
        await promise.handle.signal("look_at_parent")
        await promise.until_shown(lambda one: one.get("status") == "Available")
        await promise.until_stands(Standing.READY)
        await promise.handle.signal("look_at_works")
        await promise.handle.signal("look_at_parent")
        await promise.until_stands(Standing.READY)
        promise.delete()
        await promise.handle.result()


async def promise_that_another_one_requires(stage: Stage) -> None:
    """It is told so while its own pipeline runs, and again when it is required no more."""
    by = RequiredBy(promise=PromiseSummary(name="web", version="v7"), required_version="v1")
    async with place_of(stage, "a", own=["p"], own_delete=["q"]) as place:
        place.platform.edit(place.promise, finalizers=["kratix.io/delete-workflows"])
        promise = await place.start(place.promise)
        await promise.until_runs("p")
        await promise.handle.signal("see_requirers", Requirers(promises=(by,)))
        await promise.end("p")
        await promise.until_ran(1)
        await promise.handle.signal("see_requirers", Requirers())
        await promise.until_shown(lambda one: one.get("requiredBy") == [])
        promise.delete()
        await promise.end("q")
        await promise.handle.result()


async def request_answered_at_once(stage: Stage) -> None:
    """The same as through its life, asked within the tasks of the workflow."""
    await request_through_its_life(stage)


async def promise_answered_at_once(stage: Stage) -> None:
    """The same."""
    await promise_through_its_life(stage)


async def promise_that_waits_for_another(stage: Stage) -> None:
    """The same, of a Promise that says so."""
    await promise_that_waited_for_another(stage)


async def promise_that_asked_all_first(stage: Stage) -> None:
    """The same as through its life: no request starts before all were asked."""
    await promise_through_its_life(stage)


async def promise_that_told_many_at_once(stage: Stage) -> None:
    """More requests wait than are told at once now; there is none of them any more."""
    asks = (AskTurn(id=f"gone-{number}", trigger=Trigger.CREATED) for number in range(101))
    carried = Carried(turns=Turns(waiting=tuple(asks)))
    async with place_of(stage, "a", own_delete=["q"]) as place:
        place.platform.edit(place.promise, finalizers=["kratix.io/delete-workflows"])
        promise = await place.start(place.promise, carried=carried, most_at_once=200)
        await promise.until_stands(Standing.READY)
        nobody = Turns()
        await promise.until(lambda report: report.turns == nobody)
        promise.delete()
        await promise.end("q")
        await promise.handle.result()


async def promise_that_tells_few_at_once(stage: Stage) -> None:
    """The same, by a version that tells the last one later."""
    await promise_that_told_many_at_once(stage)


async def promise_deleted_in_the_foreground(stage: Stage) -> None:
    """The cluster is to remove what it owns before it; its delete pipeline runs all the same."""
    finalizers = ["kratix.io/delete-workflows", "foregroundDeletion"]
    async with place_of(stage, "a", own_delete=["q"]) as place:
        place.platform.edit(place.promise, finalizers=finalizers[:1])
        promise = await place.start(place.promise)
        await promise.until_stands(Standing.READY)
        place.platform.edit(place.promise, finalizers=finalizers)
        promise.delete()
        await promise.end("q")
        await promise.handle.result()


async def promise_that_left_the_foreground(stage: Stage) -> None:
    """The same, of a Promise that has nothing removed before its delete pipeline ran."""
    await promise_deleted_in_the_foreground(stage)


SCENARIOS: Final[tuple[Scenario, ...]] = (
    request_through_its_life,
    request_that_people_decided_about,
    request_with_a_deadline_of_its_gate,
    request_that_retried_and_failed,
    request_that_waited_for_its_turn,
    promise_through_its_life,
    request_answered_at_once,
    promise_answered_at_once,
    promise_that_another_one_requires,
    promise_that_waited_for_another,
    promise_that_waits_for_another,
    promise_that_asked_all_first,
    promise_that_told_many_at_once,
    promise_that_tells_few_at_once,
    promise_deleted_in_the_foreground,
    promise_that_left_the_foreground,
)


def id_of(name: str) -> str | None:
    """Return the id of the workflow that a scenario leaves behind; None: it is none of these."""
    known = {one.__name__.replace("_", "-") for one in SCENARIOS}
    if name not in known:
        return None
    if name.startswith("promise-"):
        return f"kratix/{name}/promise/p-1"
    return f"kratix/{name}/shop/orders/uid-of-orders"
