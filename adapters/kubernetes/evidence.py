"""What a Job, its pod and its record tell of how the task ended, and letting go of them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.records import Records
from adapters.kubernetes.resources import JOBS, PODS
from adapters.kubernetes.trimming import JOB_UID
from runwright.models.objects import Manifest
from runwright.models.tasks import Diagnosis, OutcomeReason, TaskOutcome
from runwright.rules.kubernetes import advice
from runwright.rules.kubernetes.diagnosis import is_given_up, said
from runwright.rules.kubernetes.fields import field, moment, text
from runwright.rules.kubernetes.outcomes import outcome_of
from runwright.rules.kubernetes.pods import FAILED, SUCCEEDED, never_runs, phase_of
from runwright.rules.wording import quoted

_TERMINAL: Final = frozenset({SUCCEEDED, FAILED})
_DELETED: Final = Diagnosis(
    category="deleted",
    summary="somebody deleted the Job or its pod while the task ran",
    resolution="see the audit log of the cluster for who it was",
)


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
        seen = outcome_of(job, pod, container_of(job), _max_output(job)) or _without_pod(job, pod)
        if seen is None:
            return None
        reported, version = await self._records.report(job)
        outcome = _judged(job, _despite_deletion(seen, pod), reported)
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


def is_terminal(pod: Manifest) -> bool:
    """Return whether no container of a pod runs, or ever will."""
    return phase_of(pod) in _TERMINAL or never_runs(pod)


def last(pods: Sequence[Manifest]) -> Manifest | None:
    """Return the pod that tells the end: a running one before those that ended, then the newest."""
    return max(pods, key=_lateness, default=None)


def _lateness(pod: Manifest) -> tuple[bool, str]:
    return not is_terminal(pod), str(pod["metadata"]["creationTimestamp"])


def stopped() -> TaskOutcome:
    """Return the outcome of a try that was stopped, or barred, before it ran."""
    return TaskOutcome(succeeded=False, reason=OutcomeReason.STOPPED)


def lost(why: str) -> TaskOutcome:
    """Return the outcome of a try of which nobody can say how it ended."""
    return TaskOutcome(
        succeeded=False,
        reason=OutcomeReason.LOST,
        message=why,
        diagnosis=_DELETED.model_copy(update={"category": "lost", "detail": why}),
    )


def is_lost(pod: Manifest) -> bool:
    """Return whether a pod is given up with its node."""
    return not is_terminal(pod) and is_given_up(pod, datetime.now(UTC))


def given_up(pods: Sequence[Manifest]) -> TaskOutcome | None:
    """Return the outcome of a try whose pod was lost with its node; None if it is waited for."""
    pod = last(pods)
    if pod is None or not is_lost(pod):
        return None
    node, until = quoted(text(pod, "spec", "nodeName")), text(pod, "metadata", "deletionTimestamp")
    why = f"its node {node} does not answer, and its pod was to be gone by {until}"
    return TaskOutcome(
        succeeded=False,
        reason=OutcomeReason.LOST,
        message=why,
        pod=str(pod["metadata"]["name"]),
        diagnosis=said(advice.NODE_LOST, why),
    )


def without_output(outcome: TaskOutcome) -> TaskOutcome:
    """Return what to report of a success whose output cannot be carried to the run."""
    return outcome.model_copy(
        update={
            "succeeded": False,
            "reason": OutcomeReason.OUTPUT_INVALID,
            "message": "the output cannot be carried to the run",
            "output": None,
        }
    )


def _without_pod(job: Manifest, pod: Manifest | None) -> TaskOutcome | None:
    """Return the outcome of a Job that will have no pod any more, whose own state is no end."""
    if pod is not None:
        return None
    if identity.STOPPED in identity.annotations(job) and job["spec"].get("suspend"):
        return stopped()
    if job["metadata"].get("deletionTimestamp"):
        return lost("its Job was deleted")
    return None


def _despite_deletion(seen: TaskOutcome, pod: Manifest | None) -> TaskOutcome:
    """Return the outcome; one whose pod was told to end, and obeyed with 0, is no success.

    Nodes are drained, and people delete pods: many programs then end with 0, their work undone.
    """
    until = moment(pod, "metadata", "deletionTimestamp")
    grace = field(pod, "metadata", "deletionGracePeriodSeconds")
    if until is None or seen.finished_at is None or not seen.succeeded:
        return seen
    if seen.finished_at < until - timedelta(seconds=grace if isinstance(grace, int) else 0):
        return seen
    message = "its pod was deleted while it ran, and ended with 0 when it was told to end"
    return lost(message).model_copy(update={"pod": seen.pod, "finished_at": seen.finished_at})


def _judged(job: Manifest, seen: TaskOutcome, reported: TaskOutcome | None) -> TaskOutcome:
    """Return the outcome: what the task reported itself, else what was seen of it.

    What ends after it was told to stop has not ended by itself, unless it reported its success.
    """
    if reported is not None:
        seen = reported.model_copy(
            update={
                "pod": seen.pod,
                "started_at": reported.started_at or seen.started_at,
                "finished_at": reported.finished_at or seen.finished_at,
                "diagnosis": None if reported.succeeded else seen.diagnosis,
            }
        )
        if reported.succeeded:
            return seen
    if _was_stopped(job, seen):
        # Who ended its pod is no riddle: its run did.
        stop = {"succeeded": False, "reason": OutcomeReason.STOPPED, "output": None}
        return seen.model_copy(update={**stop, "diagnosis": None})
    if job["metadata"].get("deletionTimestamp") and not seen.succeeded:
        return seen.model_copy(update={"diagnosis": _DELETED})
    return seen


def _was_stopped(job: Manifest, seen: TaskOutcome) -> bool:
    """Return whether the task ended because it was told to.

    A node tells the end in whole seconds: one that ended in the very second was stopped, for an
    exit code of 0 is also how many a program obeys.
    """
    at = identity.annotations(job).get(identity.STOPPED)
    if at is None:
        return False
    return seen.finished_at is None or seen.finished_at >= datetime.fromisoformat(at).replace(
        microsecond=0
    )


def _max_output(job: Manifest) -> int:
    return int(identity.annotations(job).get(identity.MAX_OUTPUT, "0"))
