"""Whatever breaks off on the way: nothing of a parent's life is lost, and nothing runs twice."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import pytest
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client

from runwright.errors import ClusterUnavailableError, RefusedError, RunwrightError
from runwright.models.gates import DecideGate, Verdict
from runwright.models.kratix import ParentGone, Standing
from runwright.models.runs import PauseRun, ResumeRun
from runwright.worker import ClusterPorts, KratixPorts, worker_of
from tests.histories.replaying import replayed
from tests.integration.parents import (
    SUSPENDS,
    Entity,
    Place,
    placed,
    promise_of,
    request_of,
    watched,
)
from workflows import parents

MANUAL: Final = "kratix.io/manual-reconciliation"
SUSPENDED: Final = "kratix.io/workflow-suspended"
PROMISE: Final = {"own": ["p"], "delete": ["d"]}
FINALIZERS: Final = [
    "kratix.io/delete-workflows",
    "kratix.io/work-cleanup",
    "kratix.io/workflows-cleanup",
    "kratix.io/resource-binding-cleanup",
]
SEAMS: Final = [
    *("see", "plan", "mark", "release"),
    *("prepare", "collect", "tidy", "works"),
    *("remove", "install", "ask_requests", "show"),
]


class Breaking:
    """A port that breaks off once, before or after it did what one of its methods does."""

    def __init__(self, port: Any, seam: str, error: type[RunwrightError], *, after: bool) -> None:
        self._port, self._seam, self._error, self._after = port, seam, error, after
        self.broke = False

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        return self._breaking(method, name) if name == self._seam else method

    def _breaking(self, method: Callable[..., Any], name: str) -> Callable[..., Any]:
        async def call(*arguments: Any, **fields: Any) -> Any:
            if self.broke:
                return await method(*arguments, **fields)
            self.broke = True
            if self._after:
                await method(*arguments, **fields)
            message = f"{name}: the connection was lost"
            raise self._error(message)

        return call


class BreakingPlace(Place):
    """A place whose cluster breaks off once at some method of its ports."""

    seam = ""
    after = False
    error: type[RunwrightError] = ClusterUnavailableError

    def ports(self) -> ClusterPorts:
        """Return the ports, all of which may break off."""
        whole = super().ports()
        assert whole.kratix is not None
        kratix = KratixPorts(*(self._breaking(port) for port in whole.kratix))
        return whole._replace(kratix=kratix, mirror=self._breaking(whole.mirror))

    def _breaking(self, port: Any) -> Any:
        return Breaking(port, self.seam, self.error, after=self.after)


async def life(place: Place) -> tuple[Entity, Entity]:
    """Live through everything that a parent may meet; return the Promise and the request."""
    promise = await place.start(place.promise)
    await promise.end("p")
    await promise.until_stands(Standing.READY)
    request = await place.apply(request_of(finalizers=list(FINALIZERS)))
    await request.end("a")
    await request.end("b", SUSPENDS)
    await request.until(lambda report: report.pending_gates)
    await place.until(lambda: request.has(SUSPENDED))
    await request.update("decide_gate", DecideGate(gate="b", verdict=Verdict.APPROVE, by="ada"))
    await request.end("b", times=2)
    await request.until_shown(lambda one: one.get("observedGeneration") == 1)
    request.label(MANUAL)
    await request.end("a", times=2)
    await request.end("b", times=3)
    await request.until_ran(3)
    promise.label("kratix.io/reconcile-resources")
    await request.end("a", times=3)
    await request.end("b", times=4)
    await request.until_ran(4)
    await place.until(lambda: not promise.has("kratix.io/reconcile-resources"))
    await request.until_told()
    await request.until_stands(Standing.READY)
    request.delete()
    await request.end("d")
    await request.handle.result()
    return promise, request


RAN: Final = ["a", "b", "b", "a", "b", "a", "b", "d"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("seam", SEAMS)
async def test_a_cluster_that_breaks_off_at_any_call_loses_nothing_and_repeats_nothing(
    client: Client, task_queue: str, seam: str, *, after: bool
) -> None:
    """K61 and K64: the labels that ask for a run, and those that hold one, come through."""
    place = BreakingPlace(client, task_queue, promise_of("a", "b", **PROMISE))
    place.seam, place.after = seam, after
    async with watched(place), place.worker():
        promise, request = await life(place)
        report = await promise.report()

    assert (promise.ran(), request.ran()) == (["p"], RAN)
    assert place.platform.gone == ["orders"]
    assert report.turns.under_way == ()


@pytest.mark.parametrize("seam", ["plan", "tidy", "works", "release", "remove", "install"])
async def test_what_the_cluster_refuses_is_shown_and_tried_again(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch, seam: str
) -> None:
    """A right may be granted later; an entity that failed would look after nothing any more."""
    monkeypatch.setattr(parents, "SLOW", timedelta(milliseconds=100))
    place = BreakingPlace(client, task_queue, promise_of("a", "b", **PROMISE))
    place.seam, place.error = seam, RefusedError
    async with watched(place), place.worker():
        promise, request = await life(place)

    assert (promise.ran(), request.ran()) == (["p"], RAN)
    assert place.platform.gone == ["orders"]


async def test_a_worker_that_keeps_two_runs_in_memory_decides_the_same(
    client: Client, task_queue: str
) -> None:
    """Of three that are under way: most turns are a replay of all before them.

    One that keeps none at all breaks off whatever it asks at once: the SDK drops a workflow with
    each of its tasks. So does one that must drop a workflow in the middle, and asks again.
    """
    place = Place(client, task_queue, promise_of("a", "b", **PROMISE))
    async with watched(place), place.worker(max_cached_workflows=2):
        promise, request = await life(place)

    assert (promise.ran(), request.ran()) == (["p"], RAN)
    for entity in (promise, request):
        await replayed(await entity.handle.fetch_history())


async def test_each_change_may_come_to_another_execution(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an entity waits for, it goes on where it was: suspended, between runs, deleted."""
    monkeypatch.setattr(parents, "is_long", lambda: True)
    place = Place(client, task_queue, promise_of("a", "b", **PROMISE))
    async with watched(place), place.worker():
        promise, request = await life(place)
        gone = ParentGone.model_validate(await request.handle.result())
        executions = [
            one async for one in client.list_workflows(f"WorkflowId = '{request.handle.id}'")
        ]

    assert (promise.ran(), request.ran()) == (["p"], RAN)
    assert [one.ending for one in gone.past][:2] == ["Suspended", "Succeeded"]
    assert len(executions) > 3


async def test_what_waits_for_its_turn_or_is_paused_goes_on_in_another_execution(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parents, "is_long", lambda: True)
    async with placed(client, task_queue, promise_of("a"), most_at_once=1) as place:
        promise = await place.start(place.promise)
        await promise.until_stands(Standing.READY)
        first = await place.apply(request_of("first"))
        await first.until_runs("a")
        second = await place.apply(request_of("second"))
        await second.until_stands(Standing.WAITING)
        promise.label("example.org/any")
        second.label("example.org/any")
        await second.until_told()
        await second.update("pause", PauseRun(by="ada"))
        await second.until_stands(Standing.PAUSED)
        second.label("example.org/other")
        await second.until_told()
        paused = await second.report()
        await second.update("resume", ResumeRun(by="ada"))
        await first.end("a")
        await second.end("a")
        report = await second.until_stands(Standing.READY)

    assert paused.paused is not None
    assert paused.paused.by == "ada"
    assert [one.reason for one in report.history.transitions if one.by == "ada"] == [
        "Paused",
        "Resumed",
    ]


async def test_a_worker_that_is_replaced_at_every_stage_loses_nothing(
    client: Client, task_queue: str
) -> None:
    """Its activities are cut off, and whoever comes next goes on."""
    place = Place(client, task_queue, promise_of("a", "b", **PROMISE))
    async with watched(place), replaced_again_and_again(place):
        promise, request = await life(place)

    assert (promise.ran(), request.ran()) == (["p"], RAN)


@asynccontextmanager
async def replaced_again_and_again(place: Place) -> AsyncGenerator[None]:
    """Run a worker that is stopped after a moment, and another, as long as the block runs."""
    over = asyncio.Event()

    async def replace() -> None:
        while not over.is_set():
            async with place.worker():
                try:
                    async with asyncio.timeout(2):
                        await over.wait()
                except TimeoutError:
                    continue

    replacing = asyncio.create_task(replace())
    try:
        yield
    finally:
        over.set()
        await replacing


async def test_a_worker_that_serves_no_promises_leaves_them_to_one_that_does(
    client: Client, task_queue: str
) -> None:
    """They may share a queue; a workflow that comes to the wrong one says for what it waits."""
    place = Place(client, task_queue, promise_of("a"))
    without = place.ports()._replace(kratix=None)
    async with watched(place):
        async with worker_of(client, task_queue, {}, cluster=without):
            request = await place.apply(request_of())
            while not (pending := await pending_of(request)):
                await asyncio.sleep(0.02)
        async with place.worker():
            await request.end("a")
            await request.until_ran(1)

    assert "this worker serves no Promises" in pending[0].last_failure.message


async def pending_of(entity: Entity) -> Sequence[PendingActivityInfo]:
    """Return the activities of an entity that failed and are tried again."""
    described = (await entity.handle.describe()).raw_description
    return [one for one in described.pending_activities if one.last_failure.message]
