"""A hundred steps, twenty at a time: beside the same by hand, and what they cost a run."""

import time
from datetime import UTC, datetime
from typing import Final, NamedTuple

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from benchmarks.figures import Goal, Row, row
from benchmarks.messages import Side
from benchmarks.size import Size
from benchmarks.stand import Crew, Stand, cpu_seconds, standing
from benchmarks.stories import HUNDRED, LANES, hundred_steps, start_of
from runwright.models.bubustack import Phase
from runwright.models.story_run import Section, StepProgress
from runwright.rules.bubustack import progress
from runwright.rules.bubustack.dag import Dag

_SHARE: Final = Goal(bar=60, at_least=True)
_PASS: Final = Goal(bar=5)
_EVENTS: Final = Goal(bar=3000)
_LONGEST: Final = Goal(bar=500)
_OUTPUT: Final = 10_000
"""Bytes that each of the hundred steps puts out: together a mebibyte."""
_PASSES: Final = 200
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)


class _Run(NamedTuple):
    took: float
    """Seconds."""
    worker_cpu: float
    """Milliseconds."""
    events: int
    longest_task: float
    """Milliseconds from the start of a workflow task to its end."""


async def measure(size: Size) -> list[Row]:
    """Measure single runs of a hundred steps, in turns, and the planning by itself."""
    found: dict[Side, list[_Run]] = {side: [] for side in Side}
    async with standing() as stand:
        for _ in range(size.rounds):
            for side, runs in found.items():
                async with stand.crew(side) as crew:
                    runs.append(await _timed(stand, crew))
        async with stand.crew(Side.RUNWRIGHT) as crew:
            full = [await _timed(stand, crew, _OUTPUT) for _ in range(size.rounds)]
    ours, bare = found[Side.RUNWRIGHT], found[Side.BARE]
    shares = [100 * other.took / one.took for one, other in zip(ours, bare, strict=True)]
    name = f"{HUNDRED} steps, {LANES} at a time"
    return [
        row(f"{name}: share of the bare throughput", "%", shares, goal=_SHARE),
        row("… time", "s", [one.took for one in ours], [one.took for one in bare]),
        row(
            "… worker CPU", "ms", [one.worker_cpu for one in ours], [one.worker_cpu for one in bare]
        ),
        row(
            "… events of history",
            "",
            [one.events for one in ours],
            [one.events for one in bare],
            goal=_EVENTS,
        ),
        row(
            "… longest workflow task, with 1 MiB of state",
            "ms",
            [one.longest_task for one in full],
            goal=_LONGEST,
        ),
        row("… planning one pass", "ms", _passes(), goal=_PASS),
    ]


async def _timed(stand: Stand, crew: Crew, output: int = 0) -> _Run:
    cpu, begun = cpu_seconds(crew.process), time.perf_counter()
    handle = await crew.hundred_steps(output)
    await handle.result()
    took, used = time.perf_counter() - begun, cpu_seconds(crew.process) - cpu
    finished = stand.client.get_workflow_handle(handle.id)
    events = [event async for event in finished.fetch_history_events()]
    return _Run(took, 1000 * used, len(events), max(_lasted(events)))


def _lasted(events: list[HistoryEvent]) -> list[float]:
    """Return how many milliseconds each workflow task took."""
    begun = {
        event.event_id: event.event_time.ToDatetime()
        for event in events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED
    }
    return [
        1000
        * (
            event.event_time.ToDatetime()
            - begun[event.workflow_task_completed_event_attributes.started_event_id]
        ).total_seconds()
        for event in events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    ]


def _passes() -> list[float]:
    """Return the milliseconds of looks at a Story of which half is over."""
    start = start_of(hundred_steps())
    graph = Dag(start.story).section(Section.MAIN)
    steps = _half_over(progress.started(start, _NOW).steps)
    lasted: list[float] = []
    for _ in range(_PASSES):
        begun = time.perf_counter()
        graph.next_moves(steps)
        lasted.append(1000 * (time.perf_counter() - begun))
    return lasted


def _half_over(steps: dict[str, StepProgress]) -> dict[str, StepProgress]:
    over = list(steps)[: len(steps) // 2]
    done = {name: progress.ended(steps[name], Phase.SUCCEEDED, "", _NOW) for name in over}
    return {**steps, **done}
