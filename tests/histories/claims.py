"""Runs whose tasks start late, or never: what came of the claims that they made."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from adapters.memory.tasks import MemoryTasks
from adapters.temporal.completions import TemporalCompletions
from runwright.client import Run, RunwrightClient
from runwright.errors import ClusterUnavailableError, UnbarredError
from runwright.models.bubustack import Phase
from runwright.models.tasks import Backend, Claim, Task, TaskKey, TaskOutcome
from runwright.worker import worker_of
from tests.histories.stage import Scenario, Stage
from tests.integration.runs import engram


@asynccontextmanager
async def served(stage: Stage, tasks: MemoryTasks) -> AsyncGenerator[Run]:
    """Give a run of one step, started and served by these tasks."""
    async with worker_of(stage.client, stage.task_queue, {Backend.MEMORY: tasks}):
        client = RunwrightClient(stage.client, stage.task_queue)
        yield await client.start(stage.start({"steps": [engram("a")]}))


class _LosesTheFirst(MemoryTasks):
    """Tasks of which the first start leaves no trace, as when its worker dies just then."""

    lost = False

    async def start(self, task: Task, claim: Claim) -> TaskOutcome | None:
        if self.lost:
            return await super().start(task, claim)
        self.lost = True
        return None


async def claimed_again_after_the_start_window(stage: Stage) -> None:
    """A claim that nothing came of; it takes as long as the window, half a minute."""
    tasks = _LosesTheFirst(TemporalCompletions(stage.client), immediate=True)
    async with served(stage, tasks) as run:
        state = await run.wait()
    assert state.phase is Phase.SUCCEEDED


class _SlowToStart(MemoryTasks):
    """Tasks of which whoever took the first claim starts it after a second one was made."""

    def __init__(self, completions: TemporalCompletions) -> None:
        super().__init__(completions)
        self.claimed_again = asyncio.Event()
        self.started_late = asyncio.Event()

    async def start(self, task: Task, claim: Claim) -> TaskOutcome | None:
        if claim.activity_id.endswith("/2"):
            self.claimed_again.set()
            return None  # as when its worker dies just then
        await self.claimed_again.wait()
        await super().start(task, claim)
        self.started_late.set()
        return None


async def claimed_again_and_told_to_the_first(stage: Stage) -> None:
    """A claim that was answered when a second one had been made for it, half a minute later."""
    tasks = _SlowToStart(TemporalCompletions(stage.client))
    async with served(stage, tasks) as run:
        await tasks.started_late.wait()
        await tasks.end(tasks.started[0])
        state = await run.wait()
    assert state.phase is Phase.SUCCEEDED


class _BeyondItsQuota(MemoryTasks):
    """Tasks for which there is no room, nor for what would keep them from starting later."""

    def __init__(self, completions: TemporalCompletions) -> None:
        super().__init__(completions)
        self.refused = asyncio.Event()

    async def start(self, task: Task, claim: Claim) -> TaskOutcome | None:  # noqa: ARG002 - refused
        self.refused.set()
        message = f"create job {task.key.namespace}/{task.key.name}: HTTP 403 exceeded quota"
        raise ClusterUnavailableError(message)

    async def stop(self, key: TaskKey, grace: timedelta) -> TaskOutcome | None:  # noqa: ARG002
        message = f"bar {key.namespace}/{key.name}: HTTP 403 exceeded quota"
        raise UnbarredError(message)


async def cancelled_beyond_its_quota(stage: Stage) -> None:
    """A cancel for which nothing can be put in the place of a task that never started."""
    tasks = _BeyondItsQuota(TemporalCompletions(stage.client))
    async with served(stage, tasks) as run:
        await tasks.refused.wait()
        await run.cancel(by="ada")
        state = await run.wait()
    assert state.steps["a"].phase is Phase.CANCELED


SCENARIOS: Final[tuple[Scenario, ...]] = (
    claimed_again_after_the_start_window,
    claimed_again_and_told_to_the_first,
    cancelled_beyond_its_quota,
)
