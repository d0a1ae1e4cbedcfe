"""Five-step runs per second, fifty at a time, beside five activities in a hand-written workflow."""

import asyncio
import time
from typing import Final, NamedTuple

from benchmarks.figures import Goal, Row, row
from benchmarks.messages import Ending, Side
from benchmarks.size import Size
from benchmarks.stand import Crew, Stand, cpu_seconds, standing

_AT_A_TIME: Final = 50
_GOAL: Final = Goal(bar=60, aim=80, at_least=True)


class _Pace(NamedTuple):
    """One block of runs."""

    runs_per_second: float
    worker_cpu: float
    """Milliseconds per run."""
    server_cpu: float
    """Milliseconds per run."""
    events: int
    """Of one run."""
    size: float
    """Kilobytes of these events."""


async def measure_at_once(size: Size) -> list[Row]:
    """Measure tasks whose outcome is known when they start."""
    return await _measure("tasks over at once", Ending.AT_ONCE, size)


async def measure_outside(size: Size) -> list[Row]:
    """Measure tasks that are completed by token, outside their activity."""
    return await _measure("tasks completed asynchronously", Ending.OUTSIDE, size)


async def _measure(what: str, ending: Ending, size: Size) -> list[Row]:
    paces: dict[Side, list[_Pace]] = {side: [] for side in Side}
    async with standing() as stand:
        for _ in range(size.rounds):
            for side, found in paces.items():
                async with stand.crew(side, ending) as crew:
                    found.append(await _paced(stand, crew, size.runs))
    ours, bare = paces[Side.RUNWRIGHT], paces[Side.BARE]
    shares = [
        100 * one.runs_per_second / other.runs_per_second
        for one, other in zip(ours, bare, strict=True)
    ]

    def line(label: str, unit: str, field: int) -> Row:
        return row(label, unit, [one[field] for one in ours], [one[field] for one in bare])

    label = f"Five-step runs, {what}"
    return [
        row(f"{label}: share of the bare throughput", "%", shares, goal=_GOAL),
        line("… throughput", "runs/s", 0),
        line("… worker CPU", "ms/run", 1),
        line("… server CPU", "ms/run", 2),
        line("… events of history", "", 3),
        line("… size of history", "KB", 4),
    ]


async def _paced(stand: Stand, crew: Crew, runs: int) -> _Pace:
    worker, server = cpu_seconds(crew.process), cpu_seconds(stand.server)
    begun = time.perf_counter()
    await _run_all(crew, runs)
    took = time.perf_counter() - begun
    used = (cpu_seconds(crew.process) - worker, cpu_seconds(stand.server) - server)
    worker_cpu, server_cpu = (1000 * seconds / runs for seconds in used)
    return _Pace(runs / took, worker_cpu, server_cpu, *await _history(stand, crew))


async def _history(stand: Stand, crew: Crew) -> tuple[int, float]:
    """Return how many events one run writes, and how many kilobytes they have."""
    handle = await crew.five_steps()
    await handle.result()
    history = await stand.client.get_workflow_handle(handle.id).fetch_history()
    return len(history.events), sum(event.ByteSize() for event in history.events) / 1024


async def _run_all(crew: Crew, runs: int) -> None:
    left = iter(range(runs))

    async def lane() -> None:
        for _ in left:
            handle = await crew.five_steps()
            await handle.result()

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_A_TIME):
            group.create_task(lane())
