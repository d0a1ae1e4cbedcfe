"""Serving runs whose tasks are processes of this machine."""

import asyncio

from temporalio.client import Client

from adapters.local.observer import LocalObserver
from adapters.local.processes import LocalProcesses
from adapters.local.watch import Pace
from adapters.temporal.completions import TemporalCompletions
from runwright.errors import StorageUnavailableError
from runwright.models.tasks import Backend
from runwright.settings import Settings
from runwright.worker.execution import attend, refuse_a_bare_namespace, worker_of


async def serve_local(client: Client, settings: Settings, stop: asyncio.Event) -> None:
    """Run a worker of local tasks until `stop` is set; then let what is under way finish.

    What is under way are activities, for as long as the settings' drain. Tasks are not: they go
    on, and are adopted by the next worker.

    Raises:
        RefusedError: the Temporal namespace is not set up for Runwright.
        StorageUnavailableError: the state folder cannot be written.
    """
    await refuse_a_bare_namespace(client)
    runner = LocalProcesses(settings.state)
    _prepare(runner, settings)
    pace = Pace(resync=settings.resync_interval, beat=settings.beat_interval)
    observer = LocalObserver(runner, TemporalCompletions(client), pace=pace)
    worker = worker_of(client, settings.task_queue, {Backend.LOCAL: runner}, drain=settings.drain)
    await attend(worker, observer.run, stop)


def _prepare(runner: LocalProcesses, settings: Settings) -> None:
    """Make the state folder now: a worker that could start no task should not begin to serve."""
    try:
        runner.folders.prepare()
    except OSError as error:
        message = f"use the state folder {settings.state}: {error.strerror or error}"
        raise StorageUnavailableError(message) from error
