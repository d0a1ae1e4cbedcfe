"""Promises that others require, and those that require them."""

import asyncio

from temporalio.client import Client

from runwright.models.kratix import (
    Installed,
    Parent,
    PromiseSummary,
    RequiredBy,
    RequiredPromiseStatus,
    Requirers,
    Standing,
)
from tests.integration.parents import placed, promise_of, request_of
from tests.integration.statuses import condition_in
from tests.integration.test_promises import AVAILABLE, UNAVAILABLE, change, is_available, started


async def test_a_promise_waits_for_those_that_it_requires(client: Client, task_queue: str) -> None:
    lacking = RequiredPromiseStatus(name="network", state="Requirement not installed")
    async with placed(client, task_queue, promise_of(own=["p"]), immediate=True) as place:
        place.promises.installed = Installed(required=(lacking,))
        promise = await started(place)
        shown = await promise.until_shown(
            lambda one: condition_in(one, "RequirementsFulfilled")[0] == "False"
        )
        there = lacking.model_copy(update={"state": "Requirement installed"})
        place.promises.installed = Installed(required=(there,))
        await promise.handle.signal("look_at_parent")
        later = await promise.until_shown(lambda one: is_available(one) == AVAILABLE)

    assert condition_in(shown, "RequirementsFulfilled")[1] == "RequirementsNotInstalled"
    assert is_available(shown) == UNAVAILABLE
    assert condition_in(later, "RequirementsFulfilled") == ("True", "RequirementsInstalled")
    assert later["requiredPromises"] == [{"name": "network", "state": "Requirement installed"}]


async def test_a_promise_that_was_available_is_not_once_one_that_it_requires_is_gone(
    client: Client, task_queue: str
) -> None:
    """K38: its requests wait, and go on when it is back."""
    there = RequiredPromiseStatus(name="network", state="Requirement installed")
    gone = there.model_copy(update={"state": "Requirement not installed"})
    async with placed(client, task_queue, promise_of("a", own=["p"]), immediate=True) as place:
        place.promises.installed = Installed(required=(there,))
        promise = await started(place)
        await promise.until_shown(lambda one: is_available(one) == AVAILABLE)
        place.promises.installed = Installed(required=(gone,))
        await promise.handle.signal("look_at_parent")
        shown = await promise.until_shown(lambda one: is_available(one) == UNAVAILABLE)
        waiting = await promise.until_stands(Standing.WAITING)
        request = await place.apply(request_of())
        await request.until_shown(lambda one: condition_in(one, "PromiseAvailable")[0] == "False")
        place.promises.installed = Installed(required=(there,))
        await promise.handle.signal("look_at_parent")
        await request.until_stands(Standing.READY)

    assert waiting.message == (
        "Waits for Promises that it requires: network (Requirement not installed)"
    )
    assert condition_in(shown, "RequirementsFulfilled")[1] == "RequirementsNotInstalled"
    assert (promise.ran(), request.ran()) == (["p"], ["a"])


async def test_a_promise_hears_of_a_loss_while_it_is_being_installed(
    client: Client, task_queue: str
) -> None:
    """What it was told meanwhile is not what it has read."""
    there = RequiredPromiseStatus(name="network", state="Requirement installed")
    gone = there.model_copy(update={"state": "Requirement not installed"})
    async with placed(client, task_queue, promise_of(own=["p"]), immediate=True) as place:
        place.promises.installed = Installed(required=(there,))
        promise = await started(place)
        await promise.until_shown(lambda one: is_available(one) == AVAILABLE)
        install, has_read, may_answer = place.promises.install, asyncio.Event(), asyncio.Event()

        async def slow(parent: Parent) -> Installed:
            answer = await install(parent)
            has_read.set()
            await may_answer.wait()
            return answer

        place.promises.install = slow  # type: ignore[assignment]
        await promise.handle.signal("look_at_parent")
        await has_read.wait()
        place.promises.installed = Installed(required=(gone,))
        await promise.handle.signal("look_at_parent")
        await promise.until(lambda _: True)  # an answer to what came after the signal
        may_answer.set()
        shown = await promise.until_shown(lambda one: is_available(one) == UNAVAILABLE)

    assert shown["requiredPromises"] == [{"name": "network", "state": "Requirement not installed"}]


async def test_a_promise_that_requires_nothing_any_more_lacks_nothing(
    client: Client, task_queue: str
) -> None:
    """Its requests would be held for ever by what it said before."""
    gone = RequiredPromiseStatus(name="network", state="Requirement not installed")
    async with placed(client, task_queue, promise_of("a"), immediate=True) as place:
        place.promises.installed = Installed(required=(gone,))
        promise = await started(place)
        await promise.until_stands(Standing.WAITING)
        request = await place.apply(request_of())
        await request.until_shown(lambda one: condition_in(one, "PromiseAvailable")[0] == "False")
        place.promises.installed = Installed()
        change(place, requiredPromises=[])
        await request.until_stands(Standing.READY)
        shown = await promise.until_shown(lambda one: is_available(one) == AVAILABLE)

    assert condition_in(shown, "RequirementsFulfilled") == ("True", "RequirementsInstalled")
    assert request.ran() == ["a"]


async def test_a_promise_shows_who_requires_it_once_somebody_said_so(
    client: Client, task_queue: str
) -> None:
    by = RequiredBy(promise=PromiseSummary(name="web", version="v7"), required_version="v1")
    async with placed(client, task_queue, promise_of(), immediate=True) as place:
        promise = await started(place)
        before = await promise.until_shown(lambda one: is_available(one) == AVAILABLE)
        await promise.handle.signal("see_requirers", Requirers(promises=(by,)))
        shown = await promise.until_shown(lambda one: bool(one.get("requiredBy")))
        report = await promise.report()
        await promise.handle.signal("see_requirers", Requirers())
        await promise.until_shown(lambda one: one["requiredBy"] == [])

    assert "requiredBy" not in before
    assert shown["requiredBy"] == [
        {"promise": {"name": "web", "version": "v7"}, "requiredVersion": "v1"}
    ]
    assert report.requirers == Requirers(promises=(by,))
