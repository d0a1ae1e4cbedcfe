"""Turns: how many runs of one Promise's requests are under way at once."""

import asyncio
from datetime import timedelta
from typing import Final

import pytest
from temporalio.client import Client

from runwright.models.kratix import AskTurn, Carried, Standing, Trigger, Turns, parent_id
from tests.integration.parents import Entity, Place, placed, promise_of, request_of

FOLLOW: Final = "kratix.io/reconcile-resources"
MANY: Final = 100
MOST: Final = 20


async def requests_of(place: Place, number: int) -> list[Entity]:
    """Make that many requests."""
    names = [f"r{index:03}" for index in range(number)]
    return list(await asyncio.gather(*(place.apply(request_of(name)) for name in names)))


async def test_a_hundred_requests_run_twenty_at_a_time_and_all_of_them(
    client: Client, task_queue: str
) -> None:
    promise, most, done = promise_of("a"), 0, set[str]()
    async with placed(client, task_queue, promise, most_at_once=MOST) as place:
        entity = await place.start(place.promise)
        await entity.until_stands(Standing.READY)
        await requests_of(place, MANY)
        async with asyncio.timeout(240):
            while len(done) < MANY:
                running = [key for key in place.tasks.executed if key.name not in done]
                most = max(most, len(running))
                for key in running:
                    await place.tasks.end(f"{key.namespace}/{key.name}")
                    done.add(key.name)
                await asyncio.sleep(0.05)
        report = await entity.until(lambda known: not known.turns.under_way)

    assert (len(place.tasks.executed), most <= MOST) == (MANY, True)
    assert report.turns.waiting == ()


async def test_a_request_says_for_what_it_waits(client: Client, task_queue: str) -> None:
    async with placed(client, task_queue, promise_of("a"), most_at_once=1) as place:
        promise = await place.start(place.promise)
        await promise.until_stands(Standing.READY)
        first = await place.apply(request_of("first"))
        await first.until_runs("a")
        second = await place.apply(request_of("second"))
        await second.until_stands(Standing.WAITING)
        third = await place.apply(request_of("third"))
        shown = await third.until_shown(lambda one: "1 waited" in one.get("message", ""))
        report = await promise.report()
        for one in (first, second, third):
            await one.end("a")
            await one.until_stands(Standing.READY)

    assert shown["message"] == (
        "Waits for its turn: 1 of this Promise's runs were under way, of 1 at most, "
        "and 1 waited before it"
    )
    assert [one.trigger for one in report.turns.waiting] == [Trigger.CREATED] * 2


async def test_a_request_that_no_longer_wants_its_turn_lets_the_next_one_run(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of("a"), most_at_once=1) as place:
        promise = await place.start(place.promise)
        await promise.until_stands(Standing.READY)
        first = await place.apply(request_of("first"))
        await first.until_runs("a")
        second = await place.apply(request_of("second"))
        await second.until_stands(Standing.WAITING)
        third = await place.apply(request_of("third"))
        await third.until_stands(Standing.WAITING)
        second.label("kratix.io/paused")
        await second.until_stands(Standing.PAUSED)
        await first.end("a")
        await third.end("a")
        await third.until_stands(Standing.READY)

    assert second.ran() == []


async def test_a_promise_whose_entity_is_not_there_holds_nobody_up(
    client: Client, task_queue: str
) -> None:
    promise = promise_of("a")
    async with placed(client, task_queue, promise, immediate=True, most_at_once=1) as place:
        request = await place.apply(request_of())
        await request.until_stands(Standing.READY)

    assert request.ran() == ["a"]


async def test_a_holder_that_is_gone_is_found_out(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.promise_turns.LOOK_AT_HOLDERS", timedelta(milliseconds=300))
    async with placed(client, task_queue, promise_of("a"), most_at_once=1) as place:
        promise = await place.start(place.promise)
        await promise.until_stands(Standing.READY)
        first = await place.apply(request_of("first"))
        await first.until_runs("a")
        second = await place.apply(request_of("second"))
        await second.until_stands(Standing.WAITING)
        await client.get_workflow_handle(parent_id(first.parent)).terminate()
        await second.end("a")
        await second.until_stands(Standing.READY)


async def test_a_waiting_request_outlives_the_entity_of_its_promise(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.parent_turns.ASK_AGAIN", timedelta(milliseconds=300))
    async with placed(client, task_queue, promise_of("a"), most_at_once=1) as place:
        promise = await place.start(place.promise)
        await promise.until_stands(Standing.READY)
        first = await place.apply(request_of("first"))
        await first.until_runs("a")
        second = await place.apply(request_of("second"))
        await second.until_stands(Standing.WAITING)
        await client.get_workflow_handle(parent_id(promise.parent)).terminate()
        await second.end("a")
        await second.until_stands(Standing.READY)


async def test_a_fan_out_is_bounded_and_says_how_far_it_is(client: Client, task_queue: str) -> None:
    promise = promise_of("a")
    async with placed(client, task_queue, promise, immediate=True, most_at_once=2) as place:
        entity = await place.start(place.promise)
        await entity.until_stands(Standing.READY)
        requests = await requests_of(place, 6)
        for one in requests:
            await one.until_stands(Standing.READY)
        entity.label(FOLLOW)
        report = await entity.until(lambda known: known.fan_out and known.fan_out.done == 6)
        for one in requests:
            await one.until(lambda known: len(known.past) == 2)

    assert report.fan_out is not None
    assert report.fan_out.asked == 6


async def test_more_turns_than_temporal_tells_at_once_are_given_all_the_same(
    client: Client, task_queue: str
) -> None:
    """A workflow may wait for two thousand signals that it sent, and no more."""
    asks = (AskTurn(id=f"{task_queue}/{index}", trigger=Trigger.CREATED) for index in range(2100))
    carried = Carried(turns=Turns(waiting=tuple(asks)))
    async with placed(client, task_queue, promise_of("a"), most_at_once=5000) as place:
        promise = await place.start(place.promise, carried=carried)
        await promise.until_stands(Standing.READY)
        report = await promise.until(lambda known: not known.turns.waiting)
        await promise.until(lambda known: not known.turns.under_way)

    assert report.standing is Standing.READY
