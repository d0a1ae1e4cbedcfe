"""Names that are looked at: one by one, again when something happened, later after trouble."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from itertools import pairwise
from typing import Final

import pytest

from adapters.kubernetes.queue import WorkQueue
from runwright.errors import ClusterUnavailableError, ConflictError

_SOON: Final = timedelta(milliseconds=10)
_NEVER: Final = timedelta(days=1)


class Looks:
    """Looks that can be held, and that fail as often as they are told to."""

    def __init__(self, at_once: int = 32, pause: timedelta = _SOON) -> None:
        self.queue = WorkQueue[str]("thing", self._look, at_once, pause=pause)
        self.begun: Counter[str] = Counter()
        self.most_at_once = 0
        self.failures: list[Exception] = []
        self._at_once = 0
        self._may_end = asyncio.Event()
        self._may_end.set()
        self._changed = asyncio.Condition()

    async def _look(self, name: str) -> None:
        self.begun[name] += 1
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await self._told()
            await self._may_end.wait()
            if self.failures:
                raise self.failures.pop(0)
        finally:
            self._at_once -= 1

    async def _told(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def hold(self) -> None:
        """Let no look end."""
        self._may_end.clear()

    def let_go(self) -> None:
        """Let all looks end."""
        self._may_end.set()

    async def until_begun(self, name: str, times: int = 1) -> float:
        """Return the time at which so many looks at a name have begun."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.begun[name] >= times)
        return asyncio.get_running_loop().time()

    async def quiet(self) -> None:
        """Return once nothing is being looked at, nor waits to be."""
        while self.queue:
            await asyncio.sleep(0)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Have the queue run."""
        running = asyncio.create_task(self.queue.run())
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def test_a_name_that_was_added_before_the_queue_ran_is_looked_at() -> None:
    """What a listing brings comes before everything is ready."""
    looks = Looks()
    looks.queue.add("a")

    async with looks.running():
        await looks.until_begun("a")


async def test_a_name_that_is_added_many_times_at_once_is_looked_at_once() -> None:
    looks = Looks()

    async with looks.running():
        for _ in range(100):
            looks.queue.add("a")
        await looks.quiet()

    assert looks.begun == {"a": 1}


async def test_what_happens_during_a_look_is_looked_at_after_it() -> None:
    """The look may have read what was before: however much happened, one more look sees it."""
    looks = Looks()
    looks.hold()

    async with looks.running():
        looks.queue.add("a")
        await looks.until_begun("a")
        looks.queue.add("a")
        looks.queue.add("a")
        looks.let_go()
        await looks.quiet()

    assert looks.begun == {"a": 2}
    assert looks.most_at_once == 1


async def test_names_are_looked_at_side_by_side_but_not_all_at_once() -> None:
    looks = Looks(at_once=3)
    looks.hold()

    async with looks.running():
        for number in range(10):
            looks.queue.add(f"n{number}")
        await looks.until_begun("n2")
        length = len(looks.queue)
        looks.let_go()
        await looks.quiet()

    assert length == 10
    assert looks.most_at_once == 3
    assert looks.begun.total() == 10


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ClusterUnavailableError("away"), id="the cluster is away"),
        pytest.param(ConflictError("changed"), id="somebody else changed it"),
        pytest.param(KeyError("unforeseen"), id="nobody foresaw it"),
    ],
)
async def test_a_look_that_fails_is_made_again(error: Exception) -> None:
    looks = Looks()
    looks.failures.append(error)

    async with looks.running():
        looks.queue.add("a")
        await looks.until_begun("a", 2)
        await looks.quiet()

    assert looks.begun == {"a": 2}


async def test_a_look_that_nobody_foresaw_to_fail_does_not_end_the_others() -> None:
    looks = Looks(pause=_NEVER)
    looks.failures.append(KeyError("unforeseen"))

    async with looks.running():
        looks.queue.add("a")
        await looks.quiet()
        looks.queue.add("b")
        await looks.quiet()

    assert looks.begun == {"a": 1, "b": 1}


async def test_the_pause_after_a_failure_grows_and_starts_over_after_a_success() -> None:
    looks = Looks(pause=timedelta(milliseconds=40))
    away = ClusterUnavailableError("away")
    looks.failures += [away, away, away]

    async with looks.running():
        looks.queue.add("a")
        times = [await looks.until_begun("a", number) for number in (1, 2, 3, 4)]
        await looks.quiet()
        looks.failures.append(away)
        looks.queue.add("a")
        times += [await looks.until_begun("a", number) for number in (5, 6)]

    pauses = [after - before for before, after in pairwise(times)]
    assert pauses[0] >= 0.04
    assert pauses[1] >= 0.08
    assert pauses[2] >= 0.16
    assert 0.04 <= pauses[4] < 0.16


async def test_of_several_times_that_a_name_is_put_off_to_the_earliest_counts() -> None:
    looks = Looks()

    async with looks.running():
        looks.queue.add_after("a", 1000)
        looks.queue.add_after("a", 0.01)
        looks.queue.add_after("a", 2000)
        await looks.until_begun("a")


async def test_what_was_put_off_and_is_forgotten_is_not_looked_at() -> None:
    looks = Looks()

    async with looks.running():
        looks.queue.add_after("a", 0.01)
        looks.queue.forget("a")
        looks.queue.add_after("b", 0.02)
        await looks.until_begun("b")

    assert looks.begun == {"b": 1}


async def test_a_queue_that_is_cancelled_ends_its_looks() -> None:
    """A worker that does not lead any more must not go on writing."""
    looks = Looks()
    looks.hold()

    async with looks.running():
        looks.queue.add("a")
        looks.queue.add_after("b", 0.01)
        await looks.until_begun("a")
    looks.let_go()
    await asyncio.sleep(0)

    assert looks.begun == {"a": 1}
