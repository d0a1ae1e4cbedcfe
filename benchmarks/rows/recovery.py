"""A worker that is killed while its tasks run; they end before there is another."""

import asyncio
import os
import shlex
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from benchmarks.figures import Goal, Row, row
from benchmarks.size import Size
from benchmarks.stand import Stand, standing, worker_process
from benchmarks.stories import ONE_STEP, start_of
from runwright.client import RunwrightClient
from runwright.models.tasks import Backend

_GOAL: Final = Goal(bar=5, aim=2)
_PATIENCE: Final = 120.0


class _Tasks:
    """Processes that say when they begin, wait, and say when they end."""

    def __init__(self, folder: Path) -> None:
        self._begun, self._ended = folder / "begun", folder / "ended"
        self._release = folder / "release"
        os.mkfifo(self._release)

    @property
    def command(self) -> str:
        """What each of them runs."""
        begun, release, ended = (
            shlex.quote(str(path)) for path in (self._begun, self._release, self._ended)
        )
        return f"echo >> {begun}; cat {release}; echo >> {ended}"

    def begun(self) -> int:
        """Return how many began so far."""
        return _lines(self._begun)

    def released(self) -> int:
        """Let all those that wait end, and return how many ended so far."""
        with suppress(OSError):  # nobody waits
            os.close(os.open(self._release, os.O_WRONLY | os.O_NONBLOCK))
        return _lines(self._ended)


def _lines(path: Path) -> int:
    return path.read_text().count("\n") if path.exists() else 0


async def measure(size: Size) -> list[Row]:
    """Measure the time from the new worker's start until every run is over."""
    async with standing() as stand:
        took = [await _seconds(stand, size.tasks) for _ in range(min(size.rounds, 3))]
    what = f"Worker killed with {size.tasks} tasks waiting, restarted: all runs over"
    return [row(what, "s", took, goal=_GOAL)]


async def _seconds(stand: Stand, amount: int) -> float:
    with tempfile.TemporaryDirectory(prefix="runwright-bench-") as folder:
        tasks = _Tasks(Path(folder))
        plan = stand.local(Path(folder) / "state")
        client = RunwrightClient(stand.client, plan.task_queue)
        start = [start_of(ONE_STEP, Backend.LOCAL, tasks.command) for _ in range(amount)]
        async with asyncio.timeout(_PATIENCE), worker_process(plan):
            runs = [await client.start(one) for one in start]
            await _until(lambda: tasks.begun() == amount)
        async with asyncio.timeout(_PATIENCE):
            await _until(lambda: tasks.released() == amount)
        begun = time.perf_counter()
        async with asyncio.timeout(_PATIENCE), worker_process(plan):
            await asyncio.gather(*(run.wait() for run in runs))
            took = time.perf_counter() - begun
        if tasks.begun() != amount:
            message = f"{tasks.begun()} tasks were executed instead of {amount}"
            raise RuntimeError(message)
    return took


async def _until(reached: Callable[[], bool]) -> None:
    while not reached():  # noqa: ASYNC110 - only the file system knows
        await asyncio.sleep(0.05)
