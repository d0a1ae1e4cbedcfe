"""Serving the runs of a Kubernetes cluster."""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from temporalio.client import Client

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.intake import StoryRunIntake, Ward
from adapters.kubernetes.jobs import KubernetesJobs
from adapters.kubernetes.lease import Candidate, Lease
from adapters.kubernetes.objects import KubernetesObjects
from adapters.kubernetes.observer import JobObserver, Pace
from adapters.kubernetes.status import KubernetesStatus
from adapters.kubernetes.sweep import Sweep
from adapters.temporal.completions import TemporalCompletions
from adapters.temporal.launching import Place, TemporalLauncher
from runwright.models.tasks import Backend
from runwright.settings import Settings
from runwright.worker.execution import (
    ClusterPorts,
    attend,
    refuse_a_bare_namespace,
    worker_of,
)
from workflows.presentation import attributes_of

_LEASE: Final = "runwright-{cluster}"


class Leadership:
    """What one of a cluster's workers does for all: intake, observing, sweeping."""

    def __init__(self, cluster: Cluster, client: Client, settings: Settings) -> None:
        name, resync = settings.cluster, settings.cluster_resync_interval
        ward = Ward(
            cluster=name,
            namespace=settings.watch_namespace,
            deletion_grace=settings.deletion_grace,
            resync=resync,
        )
        place = Place(settings.task_queue, name)
        launcher = TemporalLauncher(client, place, attributes_of)
        mirror = KubernetesStatus(cluster, settings.instance)
        self.observer = JobObserver(
            *(cluster, TemporalCompletions(client), name),
            pace=Pace(resync=resync, beat=settings.beat_interval),
        )
        self.intake = StoryRunIntake(cluster, launcher, mirror, ward)
        self.sweep = Sweep(
            *(self.intake, launcher, KubernetesObjects(cluster)), interval=settings.sweep_interval
        )

    async def lead(self) -> None:
        """Do it until cancelled."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self.observer.run())
            parts.create_task(self.intake.run())
            parts.create_task(self.sweep.run())


async def serve_cluster(
    client: Client,
    settings: Settings,
    stop: asyncio.Event,
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
    async with reached(environ) as cluster:
        runner = KubernetesJobs(cluster, settings.cluster, TemporalCompletions(client))
        ports = ClusterPorts(
            KubernetesObjects(cluster), KubernetesStatus(cluster, settings.instance)
        )
        worker = worker_of(
            *(client, settings.task_queue, {Backend.KUBERNETES: runner}),
            cluster=ports,
            drain=settings.drain,
        )
        lease = Lease(cluster, candidate_of(settings))

        async def lead() -> None:
            await lease.lead(lambda: Leadership(cluster, client, settings).lead())

        await attend(worker, lead, stop)


def candidate_of(settings: Settings) -> Candidate:
    """Return as whom this worker wants to lead."""
    return Candidate(
        namespace=settings.own_namespace,
        name=_LEASE.format(cluster=settings.cluster),
        identity=settings.instance,
        duration=settings.lease_duration,
    )


@asynccontextmanager
async def reached(environ: Mapping[str, str]) -> AsyncGenerator[Cluster]:
    """Give the cluster that the environment names, and close its connections afterwards."""
    cluster = Cluster(environ)
    try:
        yield cluster
    finally:
        await cluster.close()
