"""What runs that wait at a gate cost: memory, idle CPU, and the CPU of starting them."""

import asyncio
from typing import Final, NamedTuple

from benchmarks.figures import Goal, Row, row
from benchmarks.messages import Side
from benchmarks.size import Size
from benchmarks.stand import Crew, Stand, cpu_seconds, standing, until_waiting

_CACHED: Final = 100_000
_EVICTED: Final = 10
_GOALS: Final = {_CACHED: Goal(bar=160, aim=100), _EVICTED: Goal(bar=20, aim=10)}
_STARTS_AT_A_TIME: Final = 20


class _Cost(NamedTuple):
    """What one crowd of waiting runs cost."""

    memory: float
    """Kilobytes of the worker per run."""
    worker_idle: float
    """Cores."""
    server_idle: float
    """Cores."""
    worker_start: float
    """Milliseconds of CPU per run."""
    server_start: float
    """Milliseconds of CPU per run."""


async def measure(size: Size) -> list[Row]:
    """Measure runs that the worker keeps in memory, and runs that it does not."""
    return [
        *await _measure(f"{size.waiting} runs waiting, cached", _CACHED, size),
        *await _measure(f"{size.waiting} runs waiting, evicted", _EVICTED, size),
    ]


async def _measure(what: str, cached: int, size: Size) -> list[Row]:
    costs: dict[Side, list[_Cost]] = {side: [] for side in Side}
    for _ in range(min(size.rounds, 2)):
        for side, found in costs.items():
            # A server each: one that holds the other side's runs would pay for both.
            async with standing() as stand, stand.crew(side, cached=cached) as crew:
                found.append(await _cost(stand, crew, size))
    ours, bare = costs[Side.RUNWRIGHT], costs[Side.BARE]

    def line(label: str, unit: str, field: int, goal: Goal | None = None) -> Row:
        return row(label, unit, [c[field] for c in ours], [c[field] for c in bare], goal=goal)

    return [
        line(f"{what}: worker memory", "KB/run", 0, _GOALS[cached]),
        line("… worker idle", "cores", 1),
        line("… server idle", "cores", 2),
        line("… worker CPU to start", "ms/run", 3),
        line("… server CPU to start", "ms/run", 4),
    ]


async def _cost(stand: Stand, crew: Crew, size: Size) -> _Cost:
    worker, server = crew.process, stand.server
    memory, started = worker.memory_info().rss, (cpu_seconds(worker), cpu_seconds(server))
    await _start_all(crew, size.waiting)
    idle = (cpu_seconds(worker), cpu_seconds(server))
    grown = worker.memory_info().rss - memory
    await asyncio.sleep(size.idle_seconds)
    return _Cost(
        memory=grown / 1024 / size.waiting,
        worker_idle=(cpu_seconds(worker) - idle[0]) / size.idle_seconds,
        server_idle=(cpu_seconds(server) - idle[1]) / size.idle_seconds,
        worker_start=1000 * (idle[0] - started[0]) / size.waiting,
        server_start=1000 * (idle[1] - started[1]) / size.waiting,
    )


async def _start_all(crew: Crew, runs: int) -> None:
    left = iter(range(runs))

    async def lane() -> None:
        for _ in left:
            await until_waiting(await crew.gated())

    async with asyncio.TaskGroup() as group:
        for _ in range(_STARTS_AT_A_TIME):
            group.create_task(lane())
