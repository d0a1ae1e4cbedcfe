"""What importing the workflows costs, above importing what every Temporal worker imports."""

import asyncio
import sys
import time
from typing import Final

from benchmarks.figures import Goal, Row, row
from benchmarks.size import Size
from benchmarks.stand import environment

_TEMPORAL: Final = "import temporalio.workflow, temporalio.contrib.pydantic"
_WORKFLOWS: Final = f"{_TEMPORAL}, workflows.story_run"
_GOAL: Final = Goal(bar=0.3)


async def measure(size: Size) -> list[Row]:
    """Measure whole processes, taking turns."""
    await _seconds(_WORKFLOWS)  # writes the bytecode
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(3 * size.rounds):
        bare.append(await _seconds(_TEMPORAL))
        ours.append(await _seconds(_WORKFLOWS))
    above = [one - other for one, other in zip(ours, bare, strict=True)]
    return [
        row("Importing the workflows, above Temporal and pydantic", "s", above, goal=_GOAL),
        row("… a process that only imports", "s", ours, bare),
    ]


async def _seconds(code: str) -> float:
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=environment())
    if await process.wait() != 0:
        message = f"this Python cannot run: {code}"
        raise RuntimeError(message)
    return time.perf_counter() - begun
