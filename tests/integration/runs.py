"""A StoryRun on a real Temporal, over tasks that end as the test says."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

from temporalio.client import Client

from adapters.memory.tasks import MemoryTasks
from adapters.temporal.completions import TemporalCompletions
from runwright.client import Run, RunwrightClient
from runwright.models.bubustack import Engram, EngramTemplate, Phase, Story
from runwright.models.history import History
from runwright.models.story_run import StartStoryRun, StoryRunState
from runwright.models.tasks import Backend, TaskOutcome
from runwright.ports import Answer
from runwright.worker import worker_of

Outcomes = Mapping[str, TaskOutcome | Iterable[TaskOutcome]]

ENGRAM = Engram.model_validate(
    {"metadata": {"name": "worker"}, "spec": {"templateRef": {"name": "image"}}}
)
TEMPLATE = EngramTemplate.model_validate(
    {"metadata": {"name": "image"}, "spec": {"version": "1", "supportedModes": ["job"]}}
)


def engram(name: str, *needs: str, **fields: Any) -> dict[str, Any]:
    """Return a step that runs as a task."""
    return {"name": name, "ref": {"name": "worker"}, "needs": list(needs), **fields}


def gate(name: str, *needs: str, **arguments: Any) -> dict[str, Any]:
    """Return a gate."""
    return {"name": name, "type": "gate", "needs": list(needs), "with": arguments}


def retries(most: int, delay: str = "10ms") -> dict[str, Any]:
    """Return the `execution` of a step that is retried that often."""
    return {"retry": {"maxRetries": most, "delay": delay, "backoff": "constant"}}


NEVER = retries(0)


class StartedRun:
    """A run, the tasks that it started, and means to wait for what it does."""

    def __init__(self, run: Run, tasks: MemoryTasks) -> None:
        self.run = run
        self.tasks = tasks

    async def until(self, reached: Callable[[StoryRunState], bool]) -> StoryRunState:
        """Return the first state seen that the condition holds of."""
        while not reached(state := await self.run.state()):
            await asyncio.sleep(0.01)
        return state

    async def until_running(self, *steps: str) -> StoryRunState:
        """Return when tasks of all these steps run."""
        await self.until(
            lambda state: all(state.steps[step].phase is Phase.RUNNING for step in steps)
        )
        while not {self.task(step) for step in steps} <= set(self.tasks.started):
            await asyncio.sleep(0.01)
        return await self.run.state()

    async def end(self, step: str, outcome: TaskOutcome | None = None) -> Answer:
        """Let the step's task end."""
        return await self.tasks.end(self.task(step), outcome)

    def task(self, step: str) -> str:
        """Return the name by which the tasks know the task of a step, or of a branch."""
        return f"{self.run.namespace}/{self.run.name}-{step.replace('/', '-')}"

    def started(self) -> list[str]:
        """Return the steps whose tasks were started, once per try."""
        prefix = f"{self.run.namespace}/{self.run.name}-"
        return [name.removeprefix(prefix) for name in self.tasks.started]


def start_of(spec: Mapping[str, Any], **fields: Any) -> StartStoryRun:
    """Return the input of a run of a Story with that spec, under a name of its own."""
    given: dict[str, Any] = {
        "name": f"run-{uuid.uuid4().hex[:8]}",
        "story": Story.model_validate({"metadata": {"name": "release"}, "spec": spec}),
        "engrams": (ENGRAM,),
        "templates": (TEMPLATE,),
        "backend": Backend.MEMORY,
    }
    return StartStoryRun(**{**given, **fields})


@asynccontextmanager
async def started(
    client: Client,
    task_queue: str,
    start: StartStoryRun,
    outcomes: Outcomes | None = None,
    *,
    immediate: bool = True,
    cached: int = 1000,
) -> AsyncGenerator[StartedRun]:
    """Give a run that was started, with a worker that serves it and keeps `cached` in memory."""
    named = {f"default/{start.name}-{step}": outcome for step, outcome in (outcomes or {}).items()}
    tasks = MemoryTasks(TemporalCompletions(client), named, immediate=immediate)
    runners = {Backend.MEMORY: tasks}
    async with worker_of(client, task_queue, runners, max_cached_workflows=cached):
        run = await RunwrightClient(client, task_queue).start(start)
        yield StartedRun(run, tasks)


async def ended(
    client: Client, task_queue: str, start: StartStoryRun, outcomes: Outcomes | None = None
) -> tuple[StoryRunState, list[str]]:
    """Return the end of a run whose tasks are over at once, and the tasks that it started."""
    async with started(client, task_queue, start, outcomes) as going:
        return await going.run.wait(), going.started()


def is_in_order(history: History) -> bool:
    """Return whether times never go backwards and each change begins where the last one ended."""
    times = [one.at for one in history.transitions]
    standing: dict[tuple[Any, ...], str | None] = {}
    for one in history.transitions:
        key = (one.subject, one.name, 0 if one.name is None else one.activation)
        if one.after and standing.get(key) != one.before:
            return False
        standing[key] = one.after or standing.get(key)
    return all(earlier <= later for earlier, later in pairwise(times))
