"""Entities in trouble: a cluster that refuses what they ask, and nothing there to be run."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError

from adapters.memory.kratix import MemoryParents
from runwright.errors import RefusedError
from runwright.models.kratix import (
    Installed,
    Parent,
    RunAgain,
    Seen,
    Standing,
)
from runwright.models.runs import PauseRun
from tests.integration.parents import PATIENCE, Entity, placed, promise_of, request_of
from workflows import promise_parts

PAUSED: Final = "kratix.io/paused"
_SOON: Final = timedelta(milliseconds=300)


async def waits_of(entity: Entity) -> list[timedelta]:
    """Return how long each timer of an entity is, in their order."""
    return [
        one.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
        async for one in entity.handle.fetch_history_events()
        if one.HasField("timer_started_event_attributes")
    ]


async def test_a_label_that_is_refused_while_a_run_is_under_way_leaves_that_run_alone(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else another run would start beside it."""
    mark, refused = MemoryParents.mark, asyncio.Event()

    async def refuse(
        self: MemoryParents, parent: Parent, adds: Sequence[str], removes: Sequence[str]
    ) -> Seen | None:
        if PAUSED in adds:
            refused.set()
            message = "patch databases shop/orders: HTTP 403 Forbidden"
            raise RefusedError(message)
        return await mark(self, parent, adds, removes)

    monkeypatch.setattr(MemoryParents, "mark", refuse)
    monkeypatch.setattr("workflows.parents.SLOW", timedelta(milliseconds=100))
    async with placed(client, task_queue, promise_of("a")) as place:
        request = await place.apply(request_of())
        await request.until_runs("a")
        await request.update("pause", PauseRun(by="ada"))
        await refused.wait()
        report = await request.until(lambda known: known.paused is None)
        await request.end("a")
        done = await request.until_stands(Standing.READY)

    assert report.run is not None
    assert (request.ran(), len(done.past)) == (["a"], 1)


async def test_a_run_of_no_pipelines_cannot_be_asked_for(client: Client, task_queue: str) -> None:
    async with placed(client, task_queue, promise_of("a")) as place:
        promise = await place.start(place.promise)
        await promise.until_stands(Standing.READY)
        with pytest.raises(WorkflowUpdateFailedError, match="failed") as refused:
            await promise.update("run_again", RunAgain(by="ada"))

    assert str(refused.value.cause) == "RunRefused: there are no pipelines to run"


async def test_a_promise_that_is_paused_while_it_lacks_something_is_at_rest(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When its time to look again comes, it is not looked: it must not decide anew all along."""
    monkeypatch.setattr(promise_parts, "_SERVED_SOON", _SOON)
    async with placed(client, task_queue, promise_of(own=["p"]), immediate=True) as place:
        place.promises.installed = Installed(is_served=False)
        promise = await place.start(place.promise)
        await promise.until_stands(Standing.WAITING)
        promise.label(PAUSED)
        await promise.until_stands(Standing.PAUSED)
        await asyncio.sleep(_SOON.total_seconds() * 2)
        held = await promise.report()
        place.promises.installed = Installed()
        promise.label(PAUSED, None)
        await promise.until_stands(Standing.READY)

    assert (held.standing, promise.ran()) == (Standing.PAUSED, ["p"])


async def test_a_promise_that_cannot_be_installed_is_looked_at_ever_later(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody may mend it for weeks; a change of it is heeded at once."""
    monkeypatch.setattr(promise_parts, "_SERVED_SOON", timedelta(milliseconds=100))
    monkeypatch.setattr(promise_parts, "_REQUIRED_LATER", timedelta(milliseconds=800))
    async with placed(client, task_queue, promise_of()) as place:
        place.promises.installed = Installed(problems=("spec.api: no",), is_served=False)
        promise = await place.start(place.promise)
        async with asyncio.timeout(PATIENCE):
            while len(waits := await waits_of(promise)) < 5:
                await asyncio.sleep(0.05)

    assert waits == sorted(waits)
    assert waits[-1] > timedelta(milliseconds=600)
