"""Serving the runs of a Kubernetes cluster."""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping, Sequence, Sized
from contextlib import asynccontextmanager
from typing import Final, NoReturn

from temporalio.client import Client

from adapters.kubernetes.catalog import KubernetesCatalog
from adapters.kubernetes.child_runs import KubernetesChildRuns
from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.informer import Informer
from adapters.kubernetes.intake import StoryRunIntake, Ward, Ways
from adapters.kubernetes.jobs import KubernetesJobs
from adapters.kubernetes.lease import Candidate, Lease
from adapters.kubernetes.objects import KubernetesObjects
from adapters.kubernetes.observer import JobObserver, Pace, Post
from adapters.kubernetes.status import KubernetesStatus
from adapters.kubernetes.sweep import Sweep
from adapters.temporal.completions import TemporalCompletions
from adapters.temporal.executions import TemporalExecutions
from adapters.temporal.launching import Place, TemporalLauncher
from runwright.health import Readiness, Vitals
from runwright.models.metrics import LEADER, QUEUE_LENGTH, RUNS_OPEN, TASKS_WATCHED, WATCH_TROUBLE
from runwright.models.objects import Manifest
from runwright.models.tasks import Backend
from runwright.ports import Metrics, Unmeasured
from runwright.settings import Settings
from runwright.worker.execution import (
    ClusterPorts,
    attend,
    refuse_a_bare_namespace,
    worker_of,
)
from workflows.presentation import attributes_of

_LEASE: Final = "runwright-{cluster}"
_MEASURED_EVERY: Final = 5.0
"""Seconds."""


class Leadership:
    """What one of a cluster's workers does for all: intake, observing, sweeping."""

    def __init__(
        self, cluster: Cluster, client: Client, settings: Settings, vitals: Vitals
    ) -> None:
        name, resync = settings.cluster, settings.cluster_resync_interval
        metrics = vitals.metrics
        ward = Ward(
            cluster=name,
            namespace=settings.watch_namespace,
            deletion_grace=settings.deletion_grace,
            defaults=settings.step_defaults,
            resync=resync,
        )
        place = Place(settings.task_queue, name)
        launcher = TemporalLauncher(client, place, attributes_of)
        mirror = KubernetesStatus(cluster, settings.instance, metrics)
        self.observer = JobObserver(
            *(cluster, TemporalCompletions(client)),
            Post(name, settings.watch_namespace, settings.keep_logs),
            pace=Pace(resync=resync, beat=settings.beat_interval),
            metrics=metrics,
        )
        executions = TemporalExecutions(client, place, attributes_of)
        self.intake = StoryRunIntake(cluster, Ways(launcher, executions, mirror), ward, metrics)
        self.sweep = Sweep(
            *(self.intake, launcher, KubernetesObjects(cluster)), interval=settings.sweep_interval
        )
        self._metrics = metrics

    async def lead(self) -> None:
        """Do it until cancelled."""
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self.observer.run())
                parts.create_task(self.intake.run())
                parts.create_task(self.sweep.run())
                parts.create_task(self._keep_measuring())
        finally:
            self._measure_nothing()

    def trouble(self) -> list[str]:
        """Return a line for each kind of objects that is not known as it is now."""
        return [
            f"{informer.resource.plural}: {informer.trouble or 'not listed yet'}"
            for informer in self._informers
            if informer.trouble or not informer.is_synced
        ]

    @property
    def _informers(self) -> Sequence[Informer[Manifest]]:
        jobs, runs = self.observer, self.intake
        return (jobs.jobs, jobs.pods, runs.story_runs, *runs.library.informers)

    async def _keep_measuring(self) -> NoReturn:
        while True:
            self._measure()
            await asyncio.sleep(_MEASURED_EVERY)

    def _measure(self) -> None:
        queues: dict[str, Sized] = {
            "jobs": self.observer.queue,
            "storyruns": self.intake.queue,
            "deletions": self.intake.deletions,
            "comparisons": self.sweep.queue,
        }
        self._metrics.set(LEADER, 1)
        self._metrics.set(TASKS_WATCHED, self.observer.watched)
        self._metrics.set(RUNS_OPEN, len(self.intake.open_runs))
        for name, queue in queues.items():
            self._metrics.set(QUEUE_LENGTH, len(queue), queue=name)
        for informer in self._informers:
            behind = bool(informer.trouble)
            self._metrics.set(WATCH_TROUBLE, behind, kind=informer.resource.kind)

    def _measure_nothing(self) -> None:
        """Another worker observes: what it sees is not ours to tell."""
        for gauge in (LEADER, TASKS_WATCHED, RUNS_OPEN):
            self._metrics.set(gauge, 0)
        for informer in self._informers:
            self._metrics.set(WATCH_TROUBLE, 0, kind=informer.resource.kind)


async def serve_cluster(
    client: Client,
    settings: Settings,
    stop: asyncio.Event,
    vitals: Vitals | None = None,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Run a worker of a cluster's runs until `stop` is set; then let what is under way finish.

    Of several workers one leads: it observes the Jobs, takes in StoryRuns and sweeps. It lets go of
    its Lease when it stops, so that another one goes on at once. `environ` says where the cluster
    is, as kubectl understands it.

    Raises:
        RefusedError: the Temporal namespace is not set up for Runwright, or the cluster does not
            let us lead.
    """
    await refuse_a_bare_namespace(client)
    readiness, metrics = vitals or Vitals(Readiness(), Unmeasured())
    async with reached(environ, metrics) as cluster:
        worker = worker_of(
            client,
            settings.task_queue,
            {Backend.KUBERNETES: _runner(cluster, client, settings)},
            cluster=_ports(cluster, settings, metrics),
            drain=settings.drain,
        )
        lease = Lease(cluster, candidate_of(settings))
        leading: list[Leadership] = []
        readiness.ask(lambda: [line for one in leading for line in one.trouble()])
        metrics.set(LEADER, 0)

        async def work() -> None:
            ours = Leadership(cluster, client, settings, Vitals(readiness, metrics))
            leading[:] = [ours]
            try:
                await ours.lead()
            finally:
                leading.clear()

        await attend(worker, lambda: lease.lead(work), stop)


def _runner(cluster: Cluster, client: Client, settings: Settings) -> KubernetesJobs:
    return KubernetesJobs(cluster, settings.cluster, TemporalCompletions(client))


def _ports(cluster: Cluster, settings: Settings, metrics: Metrics) -> ClusterPorts:
    mirror = KubernetesStatus(cluster, settings.instance, metrics)
    served = settings.watch_namespace
    return ClusterPorts(
        KubernetesObjects(cluster, served),
        KubernetesCatalog(cluster),
        mirror,
        KubernetesChildRuns(cluster, served),
    )


def candidate_of(settings: Settings) -> Candidate:
    """Return as whom this worker wants to lead."""
    return Candidate(
        namespace=settings.own_namespace,
        name=_LEASE.format(cluster=settings.cluster),
        identity=settings.instance,
        duration=settings.lease_duration,
    )


@asynccontextmanager
async def reached(environ: Mapping[str, str], metrics: Metrics) -> AsyncGenerator[Cluster]:
    """Give the cluster that the environment names, and close its connections afterwards."""
    cluster = Cluster(environ, metrics)
    try:
        yield cluster
    finally:
        await cluster.close()
