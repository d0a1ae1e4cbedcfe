"""A worker of Temporal: the workflows and activities that it executes, and how."""

import asyncio
import logging
import warnings
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

from temporalio.client import Client
from temporalio.worker import Worker

from activities.catalog import CatalogActivities
from activities.child_runs import ChildRunActivities
from activities.objects import ObjectActivities
from activities.parents import ParentActivities
from activities.past_runs import PastRunActivities
from activities.pipelines import PipelineActivities
from activities.runs import RunActivities
from activities.tasks import TaskActivities
from adapters.temporal.connection import unregistered
from adapters.temporal.past_runs import TemporalPastRuns
from adapters.temporal.runs import TemporalRuns
from runwright.errors import RefusedError
from runwright.models.tasks import Backend
from runwright.ports import Catalog, ChildRuns, Objects, StatusMirror, TaskRunner
from runwright.ports.kratix import Parents, Pipelines, Promises, Removal
from runwright.worker.sandbox import WORKFLOW_RUNNER
from runwright.worker.unserved import Unserved
from workflows.deletion import DeletionWorkflow
from workflows.pipelines import PipelinesWorkflow
from workflows.presentation import SEARCH_ATTRIBUTES
from workflows.promise import PromiseWorkflow
from workflows.resource_request import ResourceRequestWorkflow
from workflows.story_run import StoryRunWorkflow

_LOG: Final = logging.getLogger(__name__)

WORKFLOWS: Final = (
    StoryRunWorkflow,
    DeletionWorkflow,
    PromiseWorkflow,
    ResourceRequestWorkflow,
    PipelinesWorkflow,
)
"""Everything that a worker executes, and that recorded histories are replayed with."""

_MOST_ACTIVITIES: Final = 1000
"""At once: a stop holds its place for the grace of its task, and starts must not wait for it."""


class KratixPorts(NamedTuple):
    """What a worker needs of a cluster that serves Promises."""

    parents: Parents
    promises: Promises
    removal: Removal
    pipelines: Pipelines


_NO_PORT: Final[Any] = Unserved()
_UNSERVED: Final = KratixPorts(_NO_PORT, _NO_PORT, _NO_PORT, _NO_PORT)


class ClusterPorts(NamedTuple):
    """What a worker needs of a cluster beside the runner of its tasks."""

    objects: Objects
    catalog: Catalog
    mirror: StatusMirror
    child_runs: ChildRuns
    kratix: KratixPorts | None = None
    """None: it serves no Promises."""


def worker_of(
    client: Client,
    task_queue: str,
    runners: Mapping[Backend, TaskRunner],
    *,
    cluster: ClusterPorts | None = None,
    drain: timedelta = timedelta(0),
    max_cached_workflows: int = 1000,
) -> Worker:
    """Return a worker over these runners, and over a cluster where it serves one.

    What activities under way get to finish is `drain`.
    """
    # What was asked at once may be over when the SDK gives it up, which it warns of.
    warnings.filterwarnings("ignore", "Cannot find activity to cancel", UserWarning)
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=_activities(client, runners, cluster),
        workflow_runner=WORKFLOW_RUNNER,
        graceful_shutdown_timeout=drain,
        max_cached_workflows=max_cached_workflows,
        max_concurrent_activities=_MOST_ACTIVITIES,
        # Ten seconds, the default, is what every run would wait after a worker's death.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
    )


def _activities(
    client: Client, runners: Mapping[Backend, TaskRunner], cluster: ClusterPorts | None
) -> list[Callable[..., Any]]:
    tasks = TaskActivities(runners)
    known = TemporalRuns(client)
    runs = RunActivities(known)
    everywhere: list[Callable[..., Any]] = [
        *(tasks.run_task, tasks.find_task, tasks.expect_task, tasks.stop_task),
        *(runs.cancel_own_run, runs.end_run, runs.terminate_run),
        PastRunActivities(TemporalPastRuns(client), known).find_continuation,
    ]
    if cluster is None:
        return everywhere
    objects = ObjectActivities(cluster.objects, cluster.mirror)
    children = ChildRunActivities(cluster.child_runs)
    return [
        *everywhere,
        CatalogActivities(cluster.catalog).find_workers,
        *(objects.ensure_objects, objects.show_status),
        *(objects.remove_tasks, objects.release_object, objects.is_namespace_ending),
        *(children.make_child_run, children.find_child_run),
        *_of_kratix(cluster.kratix),
    ]


def _of_kratix(ports: KratixPorts | None) -> list[Callable[..., Any]]:
    parents, promises, removal, pipelines = ports or _UNSERVED
    of_parents = ParentActivities(parents, promises, removal)
    of_pipelines = PipelineActivities(pipelines)
    return [
        *(of_parents.see_parent, of_parents.plan_workflow, of_parents.mark_parent),
        *(of_parents.release_parent, of_parents.remove_of_parent, of_parents.is_configuring),
        *(of_parents.install_promise, of_parents.ask_requests),
        *(of_pipelines.prepare_pipeline, of_pipelines.collect_output),
        *(of_pipelines.tidy_pipelines, of_pipelines.find_works),
    ]


async def refuse_a_bare_namespace(client: Client) -> None:
    """Return if runs can start in the client's Temporal namespace.

    Raises:
        RefusedError: it was not set up for Runwright.
    """
    if missing := await unregistered(client, SEARCH_ATTRIBUTES):
        message = (
            f"namespace {client.namespace} does not know the search attributes "
            f"{', '.join(missing)}: run `runwright setup`"
        )
        raise RefusedError(message)


async def attend(
    worker: Worker, observe: Callable[[], Awaitable[None]], stop: asyncio.Event
) -> None:
    """Run a worker and what observes its tasks until `stop` is set, or one of them fails."""
    served = {"task_queue": worker.task_queue}
    async with worker:
        _LOG.info("worker serves", extra={"action": "worker_started", **served})
        await _observe_until(stop, observe)
        _LOG.info("worker drains", extra={"action": "worker_draining", **served})
    _LOG.info("worker ended", extra={"action": "worker_ended", **served})


async def _observe_until(stop: asyncio.Event, observe: Callable[[], Awaitable[None]]) -> None:
    observing = asyncio.ensure_future(observe())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([observing, stopping], return_when=asyncio.FIRST_COMPLETED)
        if observing.done():
            observing.result()
    finally:
        observing.cancel()
        stopping.cancel()
        await asyncio.gather(observing, stopping, return_exceptions=True)
