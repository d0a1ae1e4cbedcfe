"""A worker in a process of its own: `python -m benchmarks.serving PLAN`, until it is ended."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Final, NoReturn, TypeVar

from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from adapters.memory.tasks import succeeded
from adapters.temporal.completions import TemporalCompletions
from adapters.temporal.connection import connected
from benchmarks.bare import BARE_WORKFLOWS, BareActivities
from benchmarks.messages import Done, Ending, Side, WorkerPlan
from runwright.models.tasks import Backend, Claim, Task, TaskKey, TaskOutcome
from runwright.settings import Settings
from runwright.worker import WORKFLOW_RUNNER, serve, worker_of

_T = TypeVar("_T")


class _Tasks:
    """The cheapest task runner there can be: what is measured is Runwright, not a backend."""

    def __init__(self, ending: Ending) -> None:
        self.running: asyncio.Queue[Claim] = asyncio.Queue()
        self._is_over_at_once = ending is Ending.AT_ONCE

    async def start(self, task: Task, claim: Claim) -> TaskOutcome | None:
        """Return the outcome, or leave it to whoever takes the claim."""
        if self._is_over_at_once:
            return succeeded({"at": time.time(), "text": "x" * int(task.input.get("bytes", 0))})
        self.running.put_nowait(claim)
        return None

    async def exists(self, key: TaskKey) -> bool:  # noqa: ARG002
        """Return that the task was started: it was, or nobody would ask."""
        return True

    async def stop(self, key: TaskKey, grace: timedelta) -> TaskOutcome | None:  # noqa: ARG002
        """Stop nothing: no run here is cancelled or late."""
        return None

    async def forget(self, key: TaskKey) -> None:
        """Forget nothing: nothing is kept."""


async def _serve_runwright(client: Client, plan: WorkerPlan) -> None:
    tasks, completions = _Tasks(plan.ending), TemporalCompletions(client)

    async def end(claim: Claim) -> None:
        await completions.finish(claim, succeeded({"at": time.time()}))

    runners = {Backend.MEMORY: tasks}
    async with worker_of(client, plan.task_queue, runners, max_cached_workflows=plan.cached):
        await _each(tasks.running, end)


async def _serve_bare(client: Client, plan: WorkerPlan) -> None:
    tokens: asyncio.Queue[bytes] = asyncio.Queue()

    async def end(token: bytes) -> None:
        handle = client.get_async_activity_handle(task_token=token)
        await handle.complete(Done(at=time.time()))

    activities = BareActivities(tokens)
    worker = Worker(
        client,
        task_queue=plan.task_queue,
        workflows=BARE_WORKFLOWS,
        activities=[activities.at_once, activities.outside],
        workflow_runner=SandboxedWorkflowRunner(restrictions=WORKFLOW_RUNNER.restrictions),
        max_cached_workflows=plan.cached,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
    )
    async with worker:
        await _each(tokens, end)


async def _serve_local(client: Client, plan: WorkerPlan) -> None:
    cluster = plan.task_queue.removeprefix("runwright-")
    settings = Settings(state=plan.state or Path.cwd(), cluster=cluster)
    await serve(client, settings, asyncio.Event())


async def _each(
    queue: asyncio.Queue[_T], end: Callable[[_T], Coroutine[None, None, None]]
) -> NoReturn:
    """End what comes; all at the same time, or the one who ends them would be the bottleneck."""
    async with asyncio.TaskGroup() as group:
        while True:
            group.create_task(end(await queue.get()))


_SERVE: Final = {Side.RUNWRIGHT: _serve_runwright, Side.BARE: _serve_bare}


async def _main(plan: WorkerPlan) -> None:
    serving = _serve_local if plan.ending is Ending.LOCAL else _SERVE[plan.side]
    without_profile = {"TEMPORAL_CONFIG_FILE": os.devnull}
    async with connected(without_profile, address=plan.address) as client:
        await serving(client, plan)


if __name__ == "__main__":
    asyncio.run(_main(WorkerPlan.model_validate_json(sys.argv[1])))
