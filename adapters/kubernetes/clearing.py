"""Removing Jobs with their pods, though evidence is held on both."""

from collections.abc import Sequence

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.evidence import name_of
from adapters.kubernetes.resources import JOBS, PODS, Resource
from adapters.kubernetes.trimming import job_uid_of
from runwright.models.objects import Manifest
from runwright.rules.kubernetes.pods import is_terminal


async def remove_jobs(
    cluster: Cluster, jobs: Sequence[Manifest], pods: Sequence[Manifest]
) -> list[str]:
    """Remove Jobs whose outcome nobody awaits, and their pods; return what was still there.

    What still runs is let go once it has ended: so it is to be repeated until nothing is there.
    """
    for job in jobs:
        await _delete(cluster, JOBS, job)
    for pod in pods:
        await _delete(cluster, PODS, pod)
        if is_terminal(pod):
            await _let_go(cluster, PODS, pod)
    running = {job_uid_of(pod) for pod in pods if not is_terminal(pod)}
    for job in jobs:
        if job["metadata"]["uid"] not in running:
            await _let_go(cluster, JOBS, job)
    return [
        *(PODS.of(*name_of(pod)) for pod in pods),
        *(JOBS.of(*name_of(job)) for job in jobs),
    ]


async def _delete(cluster: Cluster, resource: Resource, one: Manifest) -> None:
    if not one["metadata"].get("deletionTimestamp"):
        await cluster.delete(resource, name_of(one), uid=one["metadata"]["uid"])


async def _let_go(cluster: Cluster, resource: Resource, one: Manifest) -> None:
    if identity.has_evidence(one):
        await cluster.without_finalizer(resource, name_of(one), identity.EVIDENCE)
