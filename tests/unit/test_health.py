"""When a process should be ended, and when it can do its work."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from runwright.health import LoopLag, Readiness

SECOND = timedelta(seconds=1)


class Clock:
    """A clock that is moved by hand, and by every glance at it."""

    def __init__(self, a_glance: float = 0.0) -> None:
        self.time = 100.0
        self._a_glance = a_glance

    def __call__(self) -> float:
        """Return the time, after this glance."""
        self.time += self._a_glance
        return self.time


def untold(_: timedelta) -> None:
    """Tell nobody."""


def test_a_loop_that_comes_in_time_has_no_lag() -> None:
    clock = Clock()
    lag = LoopLag(untold, every=SECOND, now=clock)

    clock.time += 1

    assert lag.lag == timedelta(0)
    assert lag.trouble() == []


def test_a_timer_that_is_overdue_is_a_lag_before_it_is_measured() -> None:
    """A loop that is flooded may come to a probe, and never to the timer."""
    clock = Clock()
    lag = LoopLag(untold, every=SECOND, now=clock)

    clock.time += 1 + 30
    bearable = lag.trouble()
    clock.time += 12

    assert bearable == []
    assert lag.trouble() == ["the event loop is 42 s behind"]


async def test_each_lag_is_told_when_it_is_measured() -> None:
    told: asyncio.Queue[timedelta] = asyncio.Queue()
    lag = LoopLag(told.put_nowait, every=timedelta(0), now=Clock(a_glance=0.25))

    measuring = asyncio.create_task(lag.run())
    first = await told.get()
    measuring.cancel()
    with suppress(asyncio.CancelledError):
        await measuring

    assert first == timedelta(seconds=0.25)


async def test_a_lag_is_over_when_the_next_is_measured() -> None:
    told: asyncio.Queue[timedelta] = asyncio.Queue()
    clock = Clock()
    lag = LoopLag(told.put_nowait, every=timedelta(0), now=clock)

    clock.time += 60
    late = lag.trouble()
    measuring = asyncio.create_task(lag.run())
    await told.get()
    measuring.cancel()
    with suppress(asyncio.CancelledError):
        await measuring

    assert late == ["the event loop is 60 s behind"]
    assert lag.trouble() == []


def test_what_lacks_nothing_is_ready() -> None:
    assert Readiness()() == []


def test_what_is_lacking_is_listed_until_it_is_there() -> None:
    readiness = Readiness()
    readiness.lacks("Temporal", "not reached yet")
    readiness.lacks("Job", "not listed yet")
    readiness.lacks("Temporal", "connection refused")

    before = readiness()
    readiness.has("Temporal")
    readiness.has("Lease")

    assert before == ["Temporal: connection refused", "Job: not listed yet"]
    assert readiness() == ["Job: not listed yet"]


def test_a_part_that_is_asked_is_asked_each_time() -> None:
    readiness, trouble = Readiness(), ["Pod: watch put off"]
    readiness.ask(lambda: trouble)

    before = readiness()
    trouble.clear()

    assert before == ["Pod: watch put off"]
    assert readiness() == []
