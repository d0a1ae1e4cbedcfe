"""The worker: workflows, activities and adapters put together."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.runs import RunActivities
from activities.tasks import TaskActivities
from adapters.local.observer import LocalObserver
from adapters.local.processes import LocalProcesses
from adapters.local.watch import Pace
from adapters.temporal.completions import TemporalCompletions
from adapters.temporal.connection import unregistered
from adapters.temporal.runs import TemporalRuns
from runwright.errors import RefusedError, StorageUnavailableError
from runwright.models.tasks import Backend
from runwright.ports import TaskRunner
from runwright.settings import Settings
from workflows.presentation import SEARCH_ATTRIBUTES
from workflows.story_run import StoryRunWorkflow

_LOG: Final = logging.getLogger(__name__)

WORKFLOWS: Final = (StoryRunWorkflow,)
"""Everything that a worker executes, and that recorded histories are replayed with."""

_PURE: Final = ("runwright", "activities", "jsonschema", "referencing", "rpds")
"""Modules without side effects, shared with the sandbox instead of loaded anew for each run."""

_MOST_ACTIVITIES: Final = 1000
"""At once: a stop holds its place for the grace of its task, and starts must not wait for it."""

WORKFLOW_RUNNER: Final = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules(*_PURE)
)


def worker_of(
    client: Client,
    task_queue: str,
    runners: Mapping[Backend, TaskRunner],
    *,
    drain: timedelta = timedelta(0),
    max_cached_workflows: int = 1000,
) -> Worker:
    """Return a worker over these runners; what activities under way get to finish is `drain`."""
    tasks = TaskActivities(runners)
    runs = RunActivities(TemporalRuns(client))
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=[tasks.run_task, tasks.find_task, tasks.stop_task, runs.cancel_own_run],
        workflow_runner=WORKFLOW_RUNNER,
        graceful_shutdown_timeout=drain,
        max_cached_workflows=max_cached_workflows,
        max_concurrent_activities=_MOST_ACTIVITIES,
        # Ten seconds, the default, is what every run would wait after a worker's death.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
    )


async def serve(client: Client, settings: Settings, stop: asyncio.Event) -> None:
    """Run a worker of local tasks until `stop` is set; then let what is under way finish.

    What is under way are activities, for as long as the settings' drain. Tasks are not: they go
    on, and are adopted by the next worker.

    Raises:
        RefusedError: the Temporal namespace is not set up for Runwright.
        StorageUnavailableError: the state folder cannot be written.
    """
    if missing := await unregistered(client, SEARCH_ATTRIBUTES):
        message = (
            f"namespace {client.namespace} does not know the search attributes "
            f"{', '.join(missing)}: run `runwright setup`"
        )
        raise RefusedError(message)
    runner = LocalProcesses(settings.state)
    _prepare(runner, settings)
    pace = Pace(resync=settings.resync_interval, beat=settings.beat_interval)
    observer = LocalObserver(runner, TemporalCompletions(client), pace=pace)
    worker = worker_of(client, settings.task_queue, {Backend.LOCAL: runner}, drain=settings.drain)
    await attend(worker, observer, stop)


def _prepare(runner: LocalProcesses, settings: Settings) -> None:
    """Make the state folder now: a worker that could start no task should not begin to serve."""
    try:
        runner.folders.prepare()
    except OSError as error:
        message = f"use the state folder {settings.state}: {error.strerror or error}"
        raise StorageUnavailableError(message) from error


async def attend(worker: Worker, observer: LocalObserver, stop: asyncio.Event) -> None:
    """Run a worker and the observer of its tasks until `stop` is set, or one of them fails."""
    served = {"task_queue": worker.task_queue}
    async with worker:
        _LOG.info("worker serves", extra={"action": "worker_started", **served})
        await _observe_until(stop, observer)
        _LOG.info("worker drains", extra={"action": "worker_draining", **served})
    _LOG.info("worker ended", extra={"action": "worker_ended", **served})


async def _observe_until(stop: asyncio.Event, observer: LocalObserver) -> None:
    observing = asyncio.create_task(observer.run())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([observing, stopping], return_when=asyncio.FIRST_COMPLETED)
        if observing.done():
            observing.result()
    finally:
        observing.cancel()
        stopping.cancel()
        await asyncio.gather(observing, stopping, return_exceptions=True)
