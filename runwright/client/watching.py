"""Following what is looked after: a view of it at each change, and word when nobody answers."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from runwright.client.views import View
from runwright.errors import (
    ClusterUnavailableError,
    NoWorkerError,
    TemporalUnavailableError,
    TransientError,
)
from runwright.models.base import Message
from runwright.models.story_run import StoryRunState

V = TypeVar("V", bound=Message)
V_co = TypeVar("V_co", bound=Message, covariant=True)
_INTERVAL: Final = timedelta(milliseconds=500)


class Missing(StrEnum):
    """Who does not answer."""

    WORKER = "worker"
    TEMPORAL = "temporal"
    CLUSTER = "cluster"


class Away(Message):
    """Nobody can be asked how the run is; it goes on by itself, as far as it can."""

    missing: Missing
    message: str
    since: datetime
    """When the first question that stayed without an answer was asked."""


class Viewed(Protocol[V_co]):
    """What can be looked at."""

    async def view(self) -> V_co:
        """Return it as it is now."""
        ...


class Watched(Viewed[View], Protocol):
    """A run that can be looked at and waited for."""

    async def wait(self) -> StoryRunState:
        """Return the run once it is over."""
        ...


async def changes(run: Watched, interval: timedelta = _INTERVAL) -> AsyncGenerator[View | Away]:
    """Yield the run as it is, then again at each change, and last when it is over.

    When the worker, Temporal or the cluster is away, that is yielded once, and the run again when
    it is back.

    Raises:
        NotFoundError: there is no such run.
        RefusedError: Temporal does not let us look.
    """
    seen: View | Away | None = None
    ending = asyncio.create_task(_end_of(run, interval))
    try:
        while True:
            is_over = ending.done()  # asked before looking: then what is seen is the last
            shown = await _look(run, seen)
            if shown != seen:
                yield shown
            seen = shown
            if is_over and isinstance(shown, View):
                ending.result()
                return
            await _pause(ending, interval)
    finally:
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)


async def changes_until(
    reached: Callable[[V], bool], viewed: Viewed[V], interval: timedelta = _INTERVAL
) -> AsyncGenerator[V | Away]:
    """Yield something as it is, then again at each change, and last when this holds of it.

    When nobody can be asked, that is yielded once, as in `changes`.

    Raises:
        NotFoundError: there is no such thing.
        RefusedError: Temporal does not let us look.
    """
    seen: V | Away | None = None
    while True:
        shown = await _look(viewed, seen)
        if shown != seen:
            yield shown
        seen = shown
        if not isinstance(shown, Away) and reached(shown):
            return
        await asyncio.sleep(interval.total_seconds())


async def _pause(ending: asyncio.Task[None], interval: timedelta) -> None:
    """Wait for the interval, or the end of the run if that comes first."""
    if ending.done():
        await asyncio.sleep(interval.total_seconds())
    else:
        await asyncio.wait([ending], timeout=interval.total_seconds())


async def _end_of(run: Watched, interval: timedelta) -> None:
    while True:
        try:
            await run.wait()
        except NoWorkerError:
            return  # it is over, and only nobody is there to tell how it ended
        except (TemporalUnavailableError, ClusterUnavailableError):
            await asyncio.sleep(interval.total_seconds())
        else:
            return


async def _look(viewed: Viewed[V], seen: V | Away | None) -> V | Away:
    asked_at = datetime.now(UTC)
    try:
        return await viewed.view()
    except (TemporalUnavailableError, ClusterUnavailableError) as error:
        missing = _missing(error)
        if not isinstance(seen, Away):
            return Away(missing=missing, message=str(error), since=asked_at)
        if seen.missing is missing:
            return seen
        return Away(missing=missing, message=str(error), since=seen.since)


def _missing(error: TransientError) -> Missing:
    if isinstance(error, ClusterUnavailableError):
        return Missing.CLUSTER
    return Missing.WORKER if isinstance(error, NoWorkerError) else Missing.TEMPORAL
