"""From a person's decision to the start of what waited for it, on an idle server."""

import time
from collections.abc import Mapping
from typing import Any, Final, cast

from benchmarks.figures import Goal, Row, percentile, row
from benchmarks.messages import Side
from benchmarks.size import Size
from benchmarks.stand import Crew, standing, until_waiting

_GOAL: Final = Goal(bar=50, aim=20)


async def measure(size: Size) -> list[Row]:
    """Measure the time from the update's request to the start of the next task."""
    gaps: dict[Side, list[list[float]]] = {side: [] for side in Side}
    async with standing() as stand:
        for _ in range(size.rounds):
            for side, found in gaps.items():
                async with stand.crew(side) as crew:
                    found.append([await _gap(crew) for _ in range(size.decisions)])
    label = "Gate decision to the next task's start"
    return [_row(f"{label}, p95", gaps, 0.95, _GOAL), _row("… p50", gaps, 0.5)]


def _row(
    label: str, gaps: Mapping[Side, list[list[float]]], share: float, goal: Goal | None = None
) -> Row:
    ours, bare = ([percentile(one, share) for one in gaps[side]] for side in Side)
    return row(label, "ms", ours, bare, goal=goal)


async def _gap(crew: Crew) -> float:
    """Return the milliseconds that one decision takes to have an effect."""
    handle = await crew.gated()
    await until_waiting(handle)
    decided_at = time.time()
    await crew.decide(handle)
    result = cast("Mapping[str, Any]", await handle.result())
    told = result["steps"]["deploy"]["output"] if crew.plan.side is Side.RUNWRIGHT else result
    return 1000 * (float(told["at"]) - decided_at)
