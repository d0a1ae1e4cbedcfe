"""Running, finding and stopping tasks on whatever backend they belong to."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.heartbeats import beating
from runwright.errors import NotStartedError, RefusedError, UnbarredError
from runwright.models.base import Message
from runwright.models.tasks import Backend, Claim, Task, TaskKey, TaskOutcome
from runwright.ports import TaskRunner

_LOOKS: Final = [timedelta(milliseconds=pause) for pause in (20, 40, 80, 160, 320, 640)]
"""The pauses after looks for a task that is being started."""


class StopTask(Message):
    """Which task to stop, and how long it gets between TERM and KILL."""

    key: TaskKey
    grace: timedelta


class StoppedTask(Message):
    """How a task that was told to stop ended; without an outcome it never started."""

    outcome: TaskOutcome | None = None
    is_barred: bool = True
    """Whether it will not start later, either."""


class TaskActivities:
    """Activities over the task runners, by backend."""

    def __init__(self, runners: Mapping[Backend, TaskRunner]) -> None:
        self._runners = runners

    @activity.defn
    async def run_task(self, task: Task) -> TaskOutcome:
        """Start one try of a task; its end completes this activity by the claim.

        Idempotent: the task's key. A second call adopts what the first one started, and from then
        on the end is reported to the second.
        """
        outcome = await self._runner(task.key).start(task, _claim())
        if outcome is None:
            activity.raise_complete_async()
        return outcome

    @activity.defn
    async def find_task(self, key: TaskKey) -> bool:
        """Return whether this try was started. Idempotent: it only looks."""
        return await self._runner(key).exists(key)

    @activity.defn
    async def expect_task(self, key: TaskKey) -> None:
        """Return once this try was started. Idempotent: it only looks.

        It looks a few times while the start may be under way; what takes longer is for Temporal to
        ask again about, so that nobody is busy with waiting.

        Raises:
            ApplicationError: it was not started by then; of type NotStartedError, and benign, for
                whatever keeps it is told by who meets it.
        """
        runner = self._runner(key)
        for pause in _LOOKS:
            if await runner.exists(key):
                return
            await asyncio.sleep(pause.total_seconds())
        message = f"expect task {key.namespace}/{key.name}: it was not started yet"
        raise ApplicationError(
            message, type=NotStartedError.__name__, category=ApplicationErrorCategory.BENIGN
        )

    @activity.defn
    async def stop_task(self, stop: StopTask) -> StoppedTask:
        """End one try of a task and return how it ended.

        Idempotent: the task's key. A second call finds the task ended and answers the same. It
        heartbeats while it waits for the task to go.
        """
        async with beating():
            try:
                outcome = await self._runner(stop.key).stop(stop.key, stop.grace)
            except UnbarredError as error:
                activity.logger.warning("it may still start: %s", error)
                return StoppedTask(is_barred=False)
        return StoppedTask(outcome=outcome)

    def _runner(self, key: TaskKey) -> TaskRunner:
        runner = self._runners.get(key.backend)
        if runner is None:
            served = ", ".join(sorted(self._runners)) or "none"
            message = (
                f"run task {key.name}: this worker has no backend {key.backend}, only {served}"
            )
            raise RefusedError(message)
        return runner


def _claim() -> Claim:
    info = activity.info()
    if info.workflow_id is None or info.workflow_run_id is None:
        message = "run task: a task belongs to a run, and this activity has no workflow"
        raise RefusedError(message)
    return Claim(
        workflow_id=info.workflow_id,
        run_id=info.workflow_run_id,
        activity_id=info.activity_id,
        since=info.current_attempt_scheduled_time,
        attempt=info.attempt,
    )
