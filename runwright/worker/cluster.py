"""Serving the runs of a Kubernetes cluster."""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from temporalio.client import Client

from adapters.kubernetes.catalog import KubernetesCatalog
from adapters.kubernetes.child_runs import KubernetesChildRuns
from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.jobs import KubernetesJobs
from adapters.kubernetes.kratix.parents import Adapter, KubernetesParents
from adapters.kubernetes.kratix.pipelines import KubernetesPipelines
from adapters.kubernetes.kratix.promises import KubernetesPromises
from adapters.kubernetes.kratix.removal import KubernetesRemoval
from adapters.kubernetes.lease import Candidate, Lease
from adapters.kubernetes.objects import KubernetesObjects
from adapters.kubernetes.status import KubernetesStatus
from adapters.temporal.completions import TemporalCompletions
from runwright.health import Readiness, Vitals
from runwright.models.metrics import LEADER
from runwright.models.tasks import Backend
from runwright.ports import Metrics, Unmeasured
from runwright.settings import Served, Settings
from runwright.worker.execution import (
    ClusterPorts,
    KratixPorts,
    attend,
    refuse_a_bare_namespace,
    worker_of,
)
from runwright.worker.leading import Leadership

_LEASE: Final = "runwright-{cluster}"


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
        kratix=_kratix_ports(cluster, settings),
    )


def _kratix_ports(cluster: Cluster, settings: Settings) -> KratixPorts | None:
    if settings.kratix is Served.OFF:
        return None
    adapter = Adapter(settings.pipeline_adapter_image, settings.pipeline_adapter_pull_secret)
    return KratixPorts(
        KubernetesParents(cluster, adapter),
        KubernetesPromises(cluster),
        KubernetesRemoval(cluster),
        KubernetesPipelines(cluster),
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
