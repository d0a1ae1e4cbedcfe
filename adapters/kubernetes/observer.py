"""Tells the claims how their Jobs ended, and why those that wait do not get on."""

import asyncio
import logging
import zlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.evidence import Evidence, is_terminal, last, lost, name_of, without_output
from adapters.kubernetes.informer import Informer, Name
from adapters.kubernetes.logs import KeptLogs
from adapters.kubernetes.queue import WorkQueue
from adapters.kubernetes.resources import EVENTS, JOBS, PODS
from adapters.kubernetes.trimming import job_name_of, job_uid_of, trimmed_job, trimmed_pod
from runwright.errors import StillRunningError, TransientError
from runwright.models.logs import KeepLogs
from runwright.models.metrics import TASK_OUTCOMES, TASK_REPORT
from runwright.models.objects import Manifest
from runwright.models.tasks import Claim, Diagnosis, TaskNote, TaskOutcome
from runwright.ports import Answer, Completions, Metrics, Unmeasured
from runwright.rules.kubernetes.diagnosis import diagnose
from runwright.rules.kubernetes.fields import condition
from runwright.rules.kubernetes.pods import phase_of

_LOG: Final = logging.getLogger(__name__)


class Post(NamedTuple):
    """What an observer looks after."""

    cluster: str
    """The name that the Jobs bear as a label."""
    namespace: str = ""
    """Empty: of all namespaces."""
    keep: KeepLogs = KeepLogs.FAILED
    """The logs of which tries are kept before their pods go."""


class Pace(NamedTuple):
    """How often the observer does what it does."""

    resync: timedelta = timedelta(minutes=5)
    """Between two listings of all Jobs and pods."""
    beat: timedelta = timedelta(minutes=40)
    """Between two beats of a running try's claim."""
    doubt: timedelta = timedelta(seconds=5)
    """How long a task may take to run before the Events are asked why."""
    longest_doubt: timedelta = timedelta(minutes=5)
    """The question is repeated after twice the time, up to this."""


_DEFAULT: Final = Pace()
_UNMEASURED: Final = Unmeasured()
_LOG_WITHIN: Final = 5.0
"""Seconds."""
_ENDS: Final = ("Complete", "SuccessCriteriaMet", "Failed", "FailureTarget")


@dataclass
class _Watched:
    """What the observer remembers of one Job that it attends to."""

    job: Manifest
    """As it was last seen."""
    next_beat: float
    doubt: float
    next_doubt: float
    noted: Diagnosis | None = None


class JobObserver:
    """The one observer of a cluster's Jobs: it sees tasks end, and tells their claims.

    A try stays open until its end is recorded or nobody will ever ask; only then its Job and pod
    are let go. What ended while nobody observed is found in the first listing.
    """

    def __init__(
        self,
        cluster: Cluster,
        completions: Completions,
        post: Post,
        pace: Pace = _DEFAULT,
        metrics: Metrics = _UNMEASURED,
    ) -> None:
        ours = Selection(post.namespace, f"{identity.CLUSTER}={post.cluster}")
        self.jobs = Informer(cluster, JOBS, trimmed_job, selection=ours, resync=pace.resync)
        self.pods = Informer(cluster, PODS, trimmed_pod, selection=ours, resync=pace.resync)
        self.queue = WorkQueue[Name]("job", self._look)
        self._cluster = cluster
        self._evidence = Evidence(cluster)
        self._completions = completions
        self._pace = pace
        self._metrics = metrics
        self._keep = post.keep
        self._logs = KeptLogs(cluster, post.cluster)
        self._pods: dict[str, dict[str, Manifest]] = {}
        """By the uid of their Job, then by name."""
        self._watched: dict[Name, _Watched] = {}
        self.jobs.listen(self._job_changed)
        self.pods.listen(self._pod_changed)

    @property
    def watched(self) -> int:
        """Return how many tasks are attended to."""
        return len(self._watched)

    async def run(self) -> None:
        """Observe until cancelled."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self.pods.run())
            await self.pods.synced()  # or a Job that is over would seem to have lost its pod
            parts.create_task(self.jobs.run())
            parts.create_task(self.queue.run())

    def _job_changed(self, name: Name, _: Manifest | None, now: Manifest | None) -> None:
        watched = self._watched.get(name)
        if now is not None and (watched or identity.has_evidence(now)):
            self._watch(name, now)
        if now is not None or watched:
            self.queue.add(name)

    def _pod_changed(self, _: Name, before: Manifest | None, now: Manifest | None) -> None:
        pod = now or before
        if pod is None:
            return
        uid, name = job_uid_of(pod), pod["metadata"]["name"]
        pods = self._pods.setdefault(uid, {})
        pods.pop(name, None)
        if now is not None:
            pods[name] = now
        if not pods:
            del self._pods[uid]
        if job_name_of(pod) in self._watched:
            self.queue.add(job_name_of(pod))

    def _watch(self, name: Name, job: Manifest) -> None:
        watched = self._watched.get(name)
        if watched is not None and watched.job["metadata"]["uid"] == job["metadata"]["uid"]:
            watched.job = job
            return
        now, beat = _now(), self._pace.beat.total_seconds()
        doubt = self._pace.doubt.total_seconds()
        # As far into the interval as the name says: the beats of many tasks spread evenly.
        share = zlib.crc32("/".join(name).encode()) / 2**32
        self._watched[name] = _Watched(job, now + beat * share, doubt, now + doubt)

    async def _look(self, name: Name) -> None:
        watched = self._watched.get(name)
        if watched is None:
            return
        job = self.jobs.get(name)
        if job is None or job["metadata"]["uid"] != watched.job["metadata"]["uid"]:
            await self._look_at_what_is_left(name, watched)
            return
        pods = await self._pods_of(job)
        outcome = await self._evidence.outcome_with(job, pods)
        if outcome is not None:
            await self._report(name, watched, outcome)
        else:
            await self._attend(name, watched, pods)

    async def _look_at_what_is_left(self, name: Name, watched: _Watched) -> None:
        """Report a try whose Job went without our leave, but not before its pods are over."""
        pods = await self._evidence.pods(watched.job)
        if all(map(is_terminal, pods)):
            outcome = await self._evidence.outcome_with(watched.job, pods)
            await self._report(name, watched, outcome or lost("its Job is gone"))
        else:
            await self._end_what_was_deleted(pods)

    async def _pods_of(self, job: Manifest) -> list[Manifest]:
        """Return the pods of a Job; asked for anew where the watch on them may be behind."""
        known = list(self._pods.get(job["metadata"]["uid"], {}).values())
        if condition(job, *_ENDS) and not any(map(is_terminal, known)):
            return await self._evidence.pods(job)
        return known

    async def _report(self, name: Name, watched: _Watched, outcome: TaskOutcome) -> None:
        """Tell the claim that holds; what is stale stays, and is told to the next one."""
        await self._keep_log(watched, outcome)
        claim = identity.claim_of(watched.job)
        if claim is not None and await self._told(claim, outcome) is Answer.STALE:
            fresh = await self._cluster.get(JOBS, *name)
            if fresh is not None and identity.claim_of(fresh) != claim:
                watched.job = trimmed_job(fresh)
                self.queue.add(name)
                return
            message = f"report job {name[0]}/{name[1]}: its claim is being replaced"
            raise StillRunningError(message)
        self._measure(outcome)
        await self._release(name, watched)
        extra = {"action": "task_ended", "job": "/".join(name), "pod": outcome.pod or ""}
        _LOG.info("task ended: %s", outcome.reason, extra=extra)

    def _measure(self, outcome: TaskOutcome) -> None:
        self._metrics.count(TASK_OUTCOMES, reason=outcome.reason)
        if outcome.finished_at is not None:
            took = datetime.now(UTC) - outcome.finished_at
            self._metrics.observe(TASK_REPORT, max(took, timedelta()))

    async def _told(self, claim: Claim, outcome: TaskOutcome) -> Answer:
        try:
            return await self._completions.finish(claim, outcome)
        except TransientError:
            raise
        except Exception:
            if not outcome.output:
                raise
            # It would be no better the next time, and the run would wait for ever.
            _LOG.exception("output cannot be reported", extra={"action": "output_unreportable"})
            return await self._completions.finish(claim, without_output(outcome))

    async def _keep_log(self, watched: _Watched, outcome: TaskOutcome) -> None:
        """Keep what the pod wrote, if it is to be: the next try takes its place once this is told.

        A node that does not answer is not waited for long: the outcome is worth more.
        """
        pod = last(list(self._pods.get(watched.job["metadata"]["uid"], {}).values()))
        if pod is None or not self._keep.keeps(outcome) or not identity.has_evidence(pod):
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOG_WITHIN):
                await self._logs.keep(watched.job, pod)

    async def _release(self, name: Name, watched: _Watched) -> None:
        pods = self._pods.get(watched.job["metadata"]["uid"], {})
        await self._evidence.release_with(watched.job, list(pods.values()))
        self._watched.pop(name, None)
        self.queue.forget(name)

    async def _attend(self, name: Name, watched: _Watched, pods: list[Manifest]) -> None:
        """Do what is due for a task that runs, or waits to run."""
        job, now = watched.job, _now()
        if job["metadata"].get("deletionTimestamp"):
            await self._end_what_was_deleted(pods)
        if now >= watched.next_beat:
            watched.next_beat = now + self._pace.beat.total_seconds()
            await self._beat(name, watched)
        events = await self._events_of(watched, pods)
        await self._note(watched, diagnose(job, last(pods), events, datetime.now(UTC)))
        is_doubted = _is_doubtful(job, pods)
        due = min(watched.next_beat, watched.next_doubt) if is_doubted else watched.next_beat
        self.queue.add_after(name, max(due - _now(), 0.05))

    async def _end_what_was_deleted(self, pods: list[Manifest]) -> None:
        """End the pods of a Job that somebody deleted: our finalizer keeps its collector away."""
        for pod in pods:
            if not is_terminal(pod) and not pod["metadata"].get("deletionTimestamp"):
                await self._cluster.delete(PODS, name_of(pod), uid=pod["metadata"]["uid"])

    async def _beat(self, name: Name, watched: _Watched) -> None:
        claim = identity.claim_of(watched.job)
        if claim is None or await self._completions.beat(claim, "running") is not Answer.GONE:
            return
        # Its run was ended outside its own code: nobody will ever ask for this task.
        _LOG.warning(
            "task nobody awaits is removed",
            extra={"action": "orphan_removed", "job": "/".join(name)},
        )
        await self._cluster.delete(JOBS, name, uid=watched.job["metadata"]["uid"])

    async def _events_of(self, watched: _Watched, pods: list[Manifest]) -> list[Manifest]:
        """Return the Events that may tell why a task does not run, if it is time to ask."""
        if not _is_doubtful(watched.job, pods) or _now() < watched.next_doubt:
            return []
        watched.next_doubt = _now() + watched.doubt
        longest = self._pace.longest_doubt.total_seconds()
        watched.doubt = min(watched.doubt * 2, longest)
        about = last(pods) or watched.job
        metadata = about["metadata"]
        selection = Selection(metadata["namespace"], fields=f"involvedObject.uid={metadata['uid']}")
        return (await self._cluster.list(EVENTS, selection)).items

    async def _note(self, watched: _Watched, diagnosis: Diagnosis | None) -> None:
        claim, key = identity.claim_of(watched.job), identity.key_of(watched.job)
        if claim is None or key is None or diagnosis == watched.noted:
            return
        if identity.STOPPED in identity.annotations(watched.job):
            return  # what it was waiting for is told, and how it ended soon will be
        await self._completions.note(claim, TaskNote(key=key, diagnosis=diagnosis))
        watched.noted = diagnosis


def _is_doubtful(job: Manifest, pods: list[Manifest]) -> bool:
    """Return whether a task should run and does not: one that is suspended should not."""
    return not job["spec"].get("suspend") and not any(phase_of(pod) == "Running" for pod in pods)


def _now() -> float:
    return asyncio.get_running_loop().time()
