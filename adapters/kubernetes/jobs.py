"""Runs tasks as Kubernetes Jobs, of which each try has one."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.kubernetes import identity
from adapters.kubernetes.answers import is_of_object
from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.evidence import Evidence, name_of
from adapters.kubernetes.manifests import job_of, template_of, tombstone_of, written_claim
from adapters.kubernetes.records import Records, RecordState
from adapters.kubernetes.resources import JOBS, PODS
from runwright.errors import (
    ClusterUnavailableError,
    ConflictError,
    NotOursError,
    RefusedError,
    StillRunningError,
    TransientError,
    UnbarredError,
)
from runwright.models.objects import Manifest
from runwright.models.tasks import (
    Claim,
    Diagnosis,
    Task,
    TaskKey,
    TaskNote,
    TaskOutcome,
    TaskRecord,
)
from runwright.ports import Completions
from runwright.rules.kubernetes.advice import of_refusal
from runwright.rules.kubernetes.diagnosis import said
from runwright.rules.kubernetes.judgement import given_up, is_lost, lost, stopped
from runwright.rules.kubernetes.outcomes import may_have_several
from runwright.rules.kubernetes.pods import is_terminal

_MOST_LOOKS: Final = 5
"""At who has the name; whoever goes on changing it is left to a later attempt."""
_MOST_REFUSED: Final = 1000
"""One that is forgotten is told again."""
_MARGIN: Final = timedelta(seconds=15)
"""What the node takes to tell that a pod has ended, beyond its grace."""
_RECORDED_WITHIN: Final = timedelta(seconds=5)
_SHORTEST_PAUSE: Final = timedelta(milliseconds=50)
_LONGEST_PAUSE: Final = timedelta(seconds=1)


class KubernetesJobs:
    """The task runner of one cluster: a try is a Job, and its name lets only one be there.

    Several workers may serve one cluster. `cluster_name` is on all objects as a label: the
    observer of that cluster looks after them. `completions` takes the word to a run whose task
    the cluster refuses for now; who waits for a quota should see that it does.
    """

    def __init__(
        self, cluster: Cluster, cluster_name: str, completions: Completions | None = None
    ) -> None:
        self.evidence = Evidence(cluster)
        self._completions = completions
        self._refused: dict[TaskKey, str] = {}
        """The tries whose runs were told lately that they cannot start for now, and why."""
        self._cluster = cluster
        self._name = cluster_name
        self._records = Records(cluster)

    async def start(self, task: Task, claim: Claim) -> TaskOutcome | None:
        """Create the try's Job, and before it the record of its system, or adopt what there is.

        Raises:
            NotOursError: an object of that name exists and is another run's, or nobody's of ours.
            RefusedError: the API server will not have it.
            StillRunningError: an earlier try has not gone yet.
            ClusterUnavailableError: the cluster could not be asked, or refuses for now.
        """
        try:
            outcome = await self._begin(task, claim)
        except ClusterUnavailableError as error:
            await self._note(task.key, claim, said(of_refusal(str(error)), str(error)))
            raise
        self._refused.pop(task.key, None)
        return outcome

    async def _begin(self, task: Task, claim: Claim) -> TaskOutcome | None:
        record = template_of(task).record
        if record is None:
            return await self._start(task, claim, None)
        found = await self._records.found(task, record)
        match found.state:
            case RecordState.LATER:
                return stopped()
            case RecordState.STARTED:
                return await self._adopted_or_lost(task, claim)
            case RecordState.OLDER:
                return await self._start_later_try(task, claim, record, found.manifest)
            case RecordState.FRESH | RecordState.SAME:
                return await self._start_recorded(task, claim, record, found.manifest)

    async def exists(self, key: TaskKey) -> bool:
        """Return whether this very try has a Job, running or over."""
        job = await self._job(key)
        return job is not None and identity.is_of(job, key)

    async def stop(self, key: TaskKey, grace: timedelta) -> TaskOutcome | None:
        """End the task's pod; None if the try never started, and now never will.

        Lost is one whose node was away for so long that the pod is given up.

        Raises:
            StillRunningError: it has not ended some seconds after its grace.
            UnbarredError: it never started, and the cluster takes no Job in its place.
            ClusterUnavailableError: the cluster could not be asked.
        """
        job = await self._job(key)
        if job is None:
            job = await self._barred(key)
        if not identity.is_of(job, key):
            return await self._bar_on(job, key)
        if identity.BARRED in identity.annotations(job):
            return None
        return await self.evidence.outcome(job) or await self._stopped(job, grace)

    async def forget(self, key: TaskKey) -> None:
        """Release the Job and its pod; one that is not over is left alone."""
        job = await self._job(key)
        if job is None or not identity.is_of(job, key):
            return
        if await self.evidence.outcome(job) is not None:
            await self.evidence.release(job)

    async def _note(self, key: TaskKey, claim: Claim, why: Diagnosis) -> None:
        """Tell the run why its task does not start, once; that it cannot be told is no trouble.

        Whoever observes the Job takes it back: the worker that starts it may be another one.
        """
        if self._completions is None or self._refused.get(key) == why.summary:
            return
        with suppress(TransientError):
            await self._completions.note(claim, TaskNote(key=key, diagnosis=why))
            self._refused[key] = why.summary
            while len(self._refused) > _MOST_REFUSED:
                del self._refused[next(iter(self._refused))]

    async def _start(self, task: Task, claim: Claim, owner: Manifest | None) -> TaskOutcome | None:
        """Create the Job; where one of its name is, adopt it or make way."""
        for _ in range(_MOST_LOOKS):
            try:
                await self._cluster.create(job_of(task, claim, owner, self._name))
            except ConflictError:
                job = await self._job(task.key)
            else:
                return None
            if job is None:
                continue
            if identity.is_of(job, task.key):
                return await self._adopted(job, claim)
            if not await self._makes_way(job, task, claim):
                return stopped()
        message = f"start {task.key.namespace}/{task.key.name}: others take its name all the time"
        raise ConflictError(message)

    async def _start_later_try(
        self, task: Task, claim: Claim, record: TaskRecord, there: Manifest
    ) -> TaskOutcome | None:
        """Start a try whose record is still an earlier one's: first that one has to be over."""
        for _ in range(_MOST_LOOKS):
            job = await self._job(task.key)
            if job is None or identity.is_of(job, task.key):
                break
            if not await self._makes_way(job, task, claim):
                return stopped()
        renewed = await self._records.renew(task, record, there)
        return await self._start_recorded(task, claim, record, renewed)

    async def _start_recorded(
        self, task: Task, claim: Claim, record: TaskRecord, there: Manifest
    ) -> TaskOutcome | None:
        """Start a try, and then say so on its record: one that says it is not started again."""
        outcome = await self._start(task, claim, there)
        if outcome is None:
            await self._records.note_start(record, there)
        return outcome

    async def _adopted_or_lost(self, task: Task, claim: Claim) -> TaskOutcome | None:
        """Adopt the Job of a try that was started; without one, its evidence is gone."""
        job = await self._job(task.key)
        if job is None or not identity.is_of(job, task.key):
            return lost("its Job is gone")
        return await self._adopted(job, claim)

    async def _adopted(self, job: Manifest, claim: Claim) -> TaskOutcome | None:
        """Put the claim on the Job, if it is the later one, and only then look how it is."""
        if identity.BARRED in identity.annotations(job):
            return stopped()
        held = identity.claim_of(job)
        if held is None or held.since < claim.since:
            patch = {"metadata": {"annotations": {identity.CLAIM: written_claim(claim)}}}
            job = await self._cluster.patch(JOBS, name_of(job), patch) or job
        return await self.evidence.outcome(job)

    async def _makes_way(self, job: Manifest, task: Task, claim: Claim) -> bool:
        """Remove what has the name, and wait until its pods are gone with it, or are given up.

        Returns whether the try may be started then: not if it was barred, or if the Job is a later
        try's.

        Raises:
            NotOursError: the Job is another run's that is not done with it, or none of ours.
            StillRunningError: it has not gone.
        """
        found = _ours(job, task.key)
        if found.workflow_id != task.key.workflow_id:
            await self._let_the_other_go(job, task.key)
        if identity.annotations(job).get(identity.BARRED) == _bar(task.key):
            return False
        held = identity.claim_of(job)
        if found.workflow_id == task.key.workflow_id and _is_later(found, held, task.key, claim):
            return False
        await self._remove(job, task.grace)
        return True

    async def _let_the_other_go(self, job: Manifest, key: TaskKey) -> None:
        """Wait until another run's Job is not kept for that run any more.

        Raises:
            NotOursError: it is not over.
            StillRunningError: it is over, and its outcome is not recorded yet; or it is not, and
                goes all the same.
        """
        start = f"start {key.namespace}/{key.name}"
        if await self.evidence.outcome(job) is None and identity.has_evidence(job):
            message = f"{start}: another run's is running"
            if job["metadata"].get("deletionTimestamp") or await self._records.is_gone(job):
                raise StillRunningError(message)
            raise NotOursError(message)
        for pause in _pauses(_RECORDED_WITHIN):
            now = await self._cluster.get(JOBS, *name_of(job))
            if now is None or not identity.has_evidence(now):
                return
            await asyncio.sleep(pause)
        message = f"{start}: how another run's ended is not recorded yet"
        raise StillRunningError(message)

    async def _remove(self, job: Manifest, grace: timedelta) -> None:
        metadata = job["metadata"]
        try:
            if not metadata.get("deletionTimestamp"):
                seen = metadata["resourceVersion"]
                await self._cluster.delete(JOBS, name_of(job), uid=metadata["uid"], seen=seen)
        except ConflictError:
            return  # changed since, perhaps barred: whoever asked looks again
        for pause in _pauses(grace + _MARGIN):
            pods = await self.evidence.pods(job)
            running = [pod for pod in pods if not is_terminal(pod) and not _is_lost(pod)]
            await self._end(running, grace)
            if not running:
                await self.evidence.release_with(job, pods)
            if all(map(_is_lost, pods)) and not await self._is_there(job):
                return
            await asyncio.sleep(pause)
        message = f"remove job {metadata['namespace']}/{metadata['name']}: it has not gone yet"
        raise StillRunningError(message)

    async def _is_there(self, job: Manifest) -> bool:
        now = await self._cluster.get(JOBS, *name_of(job))
        return now is not None and now["metadata"]["uid"] == job["metadata"]["uid"]

    async def _barred(self, key: TaskKey) -> Manifest:
        """Return what lies in the place of a try that must not start: a tombstone, made now."""
        try:
            return await self._cluster.create(tombstone_of(key, self._name))
        except ConflictError:
            job = await self._job(key)
            if job is None:
                raise
            return job
        except (RefusedError, ClusterUnavailableError) as error:
            if not is_of_object(error):
                raise
            message = f"bar {key.namespace}/{key.name}: {error}"
            raise UnbarredError(message) from error

    async def _bar_on(self, job: Manifest, key: TaskKey) -> TaskOutcome | None:
        """Note on another try's Job that this one must not start after it."""
        found = identity.key_of(job)
        if found is None:
            return None
        note = {"metadata": {"annotations": {identity.BARRED: _bar(key)}}}
        await self._cluster.patch(JOBS, name_of(job), note)
        is_earlier = found.execution == key.execution and found.order < key.order
        return None if is_earlier else stopped()

    async def _stopped(self, job: Manifest, grace: timedelta) -> TaskOutcome:
        note = {"metadata": {"annotations": {identity.STOPPED: datetime.now(UTC).isoformat()}}}
        if identity.STOPPED not in identity.annotations(job):
            await self._cluster.patch(JOBS, name_of(job), note)
        for pause in _pauses(grace + _MARGIN):
            current = await self._cluster.get(JOBS, *name_of(job))
            if current is None or current["metadata"]["uid"] != job["metadata"]["uid"]:
                return lost("its Job was removed while it was told to stop")
            pods = await self.evidence.pods(current)
            outcome = await self.evidence.outcome_with(current, pods)
            if outcome := outcome or given_up(pods, datetime.now(UTC)):
                if may_have_several(current):  # one that waits for its next try would have it
                    await self._suspend(current)
                return outcome
            await self._end(pods, grace)
            if not pods or may_have_several(current):
                await self._suspend(current)
            await asyncio.sleep(pause)
        message = (
            f"stop job {job['metadata']['namespace']}/{job['metadata']['name']}: "
            f"its pod has not ended {grace + _MARGIN} after it was told to"
        )
        raise StillRunningError(message)

    async def _suspend(self, job: Manifest) -> None:
        """Have a Job make no more pods.

        Its controller ends those that there are with a grace of its own: they are told ours before.
        """
        if not job["spec"].get("suspend"):
            await self._cluster.patch(JOBS, name_of(job), {"spec": {"suspend": True}})

    async def _end(self, pods: Iterable[Manifest], grace: timedelta) -> None:
        """Tell pods to end, unless they were told to do so as soon."""
        seconds = round(grace.total_seconds())
        for pod in pods:
            given = pod["metadata"].get("deletionGracePeriodSeconds")
            if given is None or given > seconds:
                uid = pod["metadata"]["uid"]
                await self._cluster.delete(PODS, name_of(pod), uid=uid, grace=seconds)

    async def _job(self, key: TaskKey) -> Manifest | None:
        return await self._cluster.get(JOBS, key.namespace, key.name)


def _ours(job: Manifest, key: TaskKey) -> TaskKey:
    """Return which try a Job is that has our try's name.

    Raises:
        NotOursError: it is none of Runwright's.
    """
    found = identity.key_of(job)
    if found is None:
        message = f"start {key.namespace}/{key.name}: a Job of that name is not ours"
        raise NotOursError(message)
    return found


def _is_later(found: TaskKey, held: Claim | None, key: TaskKey, claim: Claim) -> bool:
    """Return whether a try of the same run belongs after ours.

    Only one execution of a workflow is open: of two the one whose claim is later.
    """
    if found.execution == key.execution:
        return found.order > key.order
    return held is not None and held.since > claim.since


def _is_lost(pod: Manifest) -> bool:
    return is_lost(pod, datetime.now(UTC))


def _bar(key: TaskKey) -> str:
    return f"{key.execution} {identity.Position(*key.order)}".strip()


def _pauses(total: timedelta) -> Iterator[float]:
    """Yield seconds to wait between looks, at first short, together as long as `total`."""
    pause, rest = _SHORTEST_PAUSE, total
    while rest > timedelta():
        yield pause.total_seconds()
        rest -= pause
        pause = min(pause * 3 / 2, _LONGEST_PAUSE)
