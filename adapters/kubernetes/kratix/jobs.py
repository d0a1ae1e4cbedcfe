"""The Jobs of a parent's pipelines, and their pods."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from adapters.kubernetes import identity
from adapters.kubernetes.clearing import remove_jobs
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.evidence import name_of
from adapters.kubernetes.kratix.lookups import is_for, labels_of_all, selector_of
from adapters.kubernetes.logs import KeptLogs
from adapters.kubernetes.ownership import owners_of
from adapters.kubernetes.resources import JOBS, PODS
from adapters.kubernetes.trimming import job_uid_of
from runwright.models.kratix import (
    Parent,
    Plan,
    WorkflowAction,
    WorkflowType,
    keys,
    parent_id,
)
from runwright.models.objects import Manifest
from runwright.rules.kratix.deletion import Target
from runwright.rules.kratix.retention import KeptJob, superfluous_jobs
from runwright.rules.kubernetes.fields import condition, field, moment, text

_ENDS = ("Complete", "Failed")


class Found(NamedTuple):
    """What there is of a parent's pipelines."""

    jobs: list[Manifest]
    pods: list[Manifest]


class PipelineJobs:
    """Finds and removes the Jobs of pipelines, also those that an earlier controller made."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._logs = KeptLogs(cluster, "")

    async def of(self, parent: Parent) -> Found:
        """Return the Jobs of a parent and their pods: of that very parent, and no other one's.

        They are looked for everywhere: its Promise may have had them in another namespace before.
        """
        selection = Selection(labels=selector_of(labels_of_all(Target.JOBS, parent)))
        listed = (await self._cluster.list(JOBS, selection)).items
        jobs = [job for job in listed if is_for(job, parent) and is_of(job, parent)]
        uids = {job["metadata"]["uid"] for job in jobs}
        pods = (await self._cluster.list(PODS, selection)).items
        return Found(jobs, [pod for pod in pods if _is_pod_of(pod, uids, parent)])

    async def remove(self, parent: Parent) -> list[str]:
        """Remove all Jobs of a parent with their pods; return what was still there."""
        return await remove_jobs(self._cluster, *await self.of(parent))

    async def tidy(self, plan: Plan) -> set[str]:
        """Remove the Jobs of a workflow that are not to be kept, and pods that are kept no longer.

        With a Job goes what was kept of its log.

        Returns the uids of all that are over. One whose outcome is not recorded yet is not.
        """
        found = await self.of(plan.parent)
        over = {
            _name(job): job
            for job in found.jobs
            if is_over(job) and not identity.has_evidence(job) and action_of(job) is plan.action
        }
        uids = {job["metadata"]["uid"] for job in over.values()}
        pipelines = {(plan.action, name) for name in plan.names}
        kept = [_kept(job) for job in over.values()]
        for job in superfluous_jobs(kept, pipelines, plan.config.jobs_kept):
            gone = over.pop(job.name)
            await self._logs.remove(gone)  # before it: nobody would find the log without its Job
            await self._cluster.delete(JOBS, name_of(gone), uid=gone["metadata"]["uid"])
        if ttl := plan.config.workflows.job_options.pod_ttl_seconds_after_finished:
            await self._expire(over.values(), found.pods, timedelta(seconds=ttl))
        return uids

    async def configuring(self, promise: Parent) -> Sequence[str]:
        """Return the requests for a Promise of which a configure Job has not ended, by name."""
        labels = {
            keys.PROMISE_NAME: promise.promise,
            keys.WORKFLOW_TYPE: WorkflowType.RESOURCE,
            keys.WORKFLOW_ACTION: WorkflowAction.CONFIGURE,
        }
        selection = Selection(labels=selector_of(labels))
        listed = (await self._cluster.list(JOBS, selection)).items
        return sorted({_request_of(job) for job in listed if not is_over(job)})

    async def _expire(
        self, jobs: Iterable[Manifest], pods: Sequence[Manifest], ttl: timedelta
    ) -> None:
        """Delete the pods of Jobs that ended so long ago."""
        now = datetime.now(UTC)
        ended = {
            job["metadata"]["uid"]
            for job in jobs
            if (at := _ended_at(job)) is not None and now - at >= ttl
        }
        for pod in pods:
            if job_uid_of(pod) in ended and not identity.has_evidence(pod):
                await self._cluster.delete(PODS, name_of(pod), uid=pod["metadata"]["uid"])


def is_of(manifest: Manifest, parent: Parent) -> bool:
    """Return whether an object with the labels of a parent belongs to that very one.

    Ours say whose run they are, and others name their owner. Where neither is, which is so of a
    request elsewhere, the labels have to do; but not in any namespace: whoever may make Jobs in one
    must not be able to hold up the deletion of what is in another.
    """
    workflow = identity.annotations(manifest).get(identity.WORKFLOW)
    if workflow is not None:
        return workflow.startswith(f"{parent_id(parent)}/")
    if manifest["metadata"]["namespace"] not in {parent.home, parent.namespace}:
        return False
    owners = [one.uid for one in owners_of(manifest) if one.kind == parent.kind]
    return not owners or parent.uid in owners


def is_over(job: Manifest) -> bool:
    """Return whether a Job has ended, or is suspended and has no pod: nobody lets it go on.

    Source: Kratix, predicates on Jobs; upstream does not ask whether such a condition holds, and
    takes a Job that went on after it was suspended for one that failed.
    """
    if condition(job, *_ENDS):
        return True
    return bool(field(job, "spec", "suspend")) and not field(job, "status", "active")


def action_of(job: Manifest) -> WorkflowAction | None:
    """Return what a Job is run for; None: it does not say."""
    said = text(job, "metadata", "labels", keys.WORKFLOW_ACTION)
    return WorkflowAction(said) if said in set(WorkflowAction) else None


def _is_pod_of(pod: Manifest, jobs: set[str], parent: Parent) -> bool:
    is_ours = identity.WORKFLOW in identity.annotations(pod) and is_for(pod, parent)
    says_so = is_ours and is_of(pod, parent)
    return says_so or job_uid_of(pod) in jobs


def _request_of(job: Manifest) -> str:
    """Return the request that a Job says it is for, else the Job itself: others make some, too."""
    said = identity.annotations(job)
    name = said.get(keys.JOB_RESOURCE_NAME)
    namespace = said.get(keys.JOB_RESOURCE_NAMESPACE) or job["metadata"]["namespace"]
    return f"{namespace}/{name}" if name else f"Job {job['metadata']['namespace']}/{_name(job)}"


def _kept(job: Manifest) -> KeptJob:
    return KeptJob(
        name=_name(job),
        pipeline=text(job, "metadata", "labels", keys.PIPELINE_NAME),
        action=action_of(job) or WorkflowAction.CONFIGURE,
        started_at=moment(job, "metadata", "creationTimestamp") or datetime.now(UTC),
    )


def _name(job: Manifest) -> str:
    return str(job["metadata"]["name"])


def _ended_at(job: Manifest) -> datetime | None:
    failed = condition(job, "Failed")
    return moment(job, "status", "completionTime") or moment(failed, "lastTransitionTime")
