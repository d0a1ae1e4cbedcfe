"""What a Job, its pod and its record tell of how the task ended, and letting go of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.records import Records
from adapters.kubernetes.resources import JOBS, PODS
from adapters.kubernetes.trimming import JOB_UID
from runwright.models.objects import Manifest
from runwright.models.tasks import TaskOutcome
from runwright.rules.kubernetes.judgement import judged, without_pod
from runwright.rules.kubernetes.outcomes import outcome_of
from runwright.rules.kubernetes.pods import last


class Evidence:
    """Reads and releases what the cluster keeps of tasks."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._records = Records(cluster)

    async def pods(self, job: Manifest) -> list[Manifest]:
        """Return the pods of a Job, asked for now."""
        metadata = job["metadata"]
        selection = Selection(metadata["namespace"], f"{JOB_UID}={metadata['uid']}")
        return (await self._cluster.list(PODS, selection)).items

    async def outcome(self, job: Manifest) -> TaskOutcome | None:
        """Return how the task ended; None while it has not."""
        return await self.outcome_with(job, await self.pods(job))

    async def outcome_with(self, job: Manifest, pods: Sequence[Manifest]) -> TaskOutcome | None:
        """Return how the task ended, as these pods tell it; None while it has not."""
        pod = last(pods)
        stopped_at = _stopped_at(job)
        was_stopped = stopped_at is not None
        seen = outcome_of(job, pod, container_of(job), _max_output(job), is_stopped=was_stopped)
        if seen is None and pod is None:
            seen = without_pod(job, was_stopped=was_stopped)
        if seen is None:
            return None
        reported, version = await self._records.report(job)
        outcome = judged(job, pod, seen, reported, stopped_at)
        return outcome.model_copy(update={"record_version": version})

    async def release(self, job: Manifest) -> None:
        """Take our finalizers from a Job and from its pods; idempotent."""
        await self.release_with(job, await self.pods(job))

    async def release_with(self, job: Manifest, pods: Sequence[Manifest]) -> None:
        """Take our finalizers from a Job and from these, which are its pods."""
        await self.release_pods(pods)
        if identity.has_evidence(job):
            await self._cluster.without_finalizer(JOBS, name_of(job), identity.EVIDENCE)

    async def release_pods(self, pods: Iterable[Manifest]) -> None:
        """Take our finalizers from pods."""
        for one in pods:
            if identity.has_evidence(one):
                await self._cluster.without_finalizer(PODS, name_of(one), identity.EVIDENCE)


def name_of(manifest: Manifest) -> tuple[str, str]:
    """Return namespace and name."""
    return manifest["metadata"]["namespace"], manifest["metadata"]["name"]


def container_of(job: Manifest) -> str:
    """Return the name of the container that does the task's work."""
    return str(job["spec"]["template"]["spec"]["containers"][0]["name"])


def _stopped_at(job: Manifest) -> datetime | None:
    at = identity.annotations(job).get(identity.STOPPED)
    return datetime.fromisoformat(at) if at is not None else None


def _max_output(job: Manifest) -> int:
    return int(identity.annotations(job).get(identity.MAX_OUTPUT, "0"))
