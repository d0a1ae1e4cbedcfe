"""What importing a workflow costs, above importing what every Temporal worker imports."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from typing import Final

from benchmarks.figures import Goal, Row, row
from benchmarks.size import Size
from benchmarks.stand import environment

_TEMPORAL: Final = "import time, temporalio.workflow, temporalio.contrib.pydantic"
_WORKFLOW: Final = (
    f"{_TEMPORAL}; begun = time.perf_counter(); import workflows.story_run; "
    "print(time.perf_counter() - begun)"
)
_GOAL: Final = Goal(bar=0.3)


async def measure(size: Size) -> list[Row]:
    """Measure the import in processes of its own, and these whole, in turns with the bare ones."""
    await _printed(_WORKFLOW)  # writes the bytecode
    above: list[float] = []
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(3 * size.rounds):
        begun = time.perf_counter()
        await _printed(_TEMPORAL)
        bare.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        above.append(float(await _printed(_WORKFLOW)))
        ours.append(time.perf_counter() - begun)
    return [
        row(
            "Importing the workflow of StoryRuns, after Temporal and pydantic",
            "s",
            above,
            goal=_GOAL,
        ),
        row("… a process that only imports, its end included", "s", ours, bare),
    ]


async def _printed(code: str) -> bytes:
    """Return what a Python prints that runs this code."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env=environment(), stdout=PIPE
    )
    printed, _ = await process.communicate()
    if process.returncode != 0:
        message = f"this Python cannot run: {code}"
        raise RuntimeError(message)
    return printed
