"""Tells the claims how their Jobs ended, and why those that wait do not get on."""

import asyncio
import logging
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.container_logs import ContainerRun, failed_runs
from adapters.kubernetes.evidence import Evidence, name_of
from adapters.kubernetes.hindrances import Doubt, Hindrances
from adapters.kubernetes.informer import Informer, Name
from adapters.kubernetes.logs import KeptLogs
from adapters.kubernetes.post import Pace, Post
from adapters.kubernetes.queue import WorkQueue
from adapters.kubernetes.resources import JOBS, PODS
from adapters.kubernetes.trimming import job_name_of, job_uid_of, trimmed_job, trimmed_pod
from runwright.errors import StillRunningError, TransientError
from runwright.models.logs import KeepLogs
from runwright.models.metrics import TASK_OUTCOMES, TASK_REPORT
from runwright.models.objects import Manifest
from runwright.models.tasks import Claim, TaskOutcome
from runwright.ports import Answer, Completions, Metrics, Unmeasured
from runwright.rules.kubernetes.fields import condition
from runwright.rules.kubernetes.judgement import lost, without_output
from runwright.rules.kubernetes.outcomes import has_given_up, may_have_several
from runwright.rules.kubernetes.pods import is_deleted, is_terminal, last

_LOG: Final = logging.getLogger(__name__)


_DEFAULT: Final = Pace()
_UNMEASURED: Final = Unmeasured()
_LOG_WITHIN: Final = 5.0
"""Seconds."""
_SHORTEST_PAUSE: Final = 0.05
_ENDS: Final = ("Complete", "SuccessCriteriaMet", "Failed", "FailureTarget")


class _Recorded(NamedTuple):
    """An end that is known, and what holds evidence of it for nobody any more."""

    outcome: TaskOutcome
    pods: list[Manifest]
    kept_until: float


@dataclass
class _Watched:
    """What the observer remembers of one Job that it attends to."""

    job: Manifest
    """As it was last seen."""
    next_beat: float
    doubt: Doubt
    logged: dict[ContainerRun, bool] = field(default_factory=dict[ContainerRun, bool])
    """The failed runs of its container whose log was asked for: whether one of theirs is kept."""
    recorded: _Recorded | None = None
    """Its end, once whoever awaits it knows."""


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
        self._hindrances = Hindrances(cluster, completions, pace.doubt, pace.longest_doubt)
        self._pace = pace
        self._metrics = metrics
        self._keep = post.keep
        self._logs = KeptLogs(cluster, post.cluster)
        self._pods: dict[str, dict[str, Manifest]] = {}
        """By the uid of their Job, then by name."""
        self._strays: dict[Name, set[str]] = {}
        """The uids of Jobs whose pods hold evidence though nobody attends to them, by name."""
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
        self._attend_to_pod(job_name_of(pod), uid, now)

    def _attend_to_pod(self, job: Name, uid: str, pod: Manifest | None) -> None:
        watched = self._watched.get(job)
        if watched is not None and watched.job["metadata"]["uid"] == uid:
            self.queue.add(job)
        elif pod is not None and identity.has_evidence(pod):
            # Most often its Job was only not seen yet.
            self._strays.setdefault(job, set()).add(uid)
            self.queue.add_after(job, self._pace.doubt.total_seconds())

    def _watch(self, name: Name, job: Manifest) -> None:
        watched = self._watched.get(name)
        if watched is not None and watched.job["metadata"]["uid"] == job["metadata"]["uid"]:
            watched.job = job
            return
        beat = self._pace.beat.total_seconds()
        # As far into the interval as the name says: the beats of many tasks spread evenly.
        share = zlib.crc32("/".join(name).encode()) / 2**32
        doubt = Doubt(identity.annotations(job).get(identity.DIAGNOSED, ""))
        self._watched[name] = _Watched(job, _now() + beat * share, doubt)

    async def _look(self, name: Name) -> None:
        for uid in self._strays.pop(name, ()):
            await self._look_at_strays(name, uid)
        watched = self._watched.get(name)
        if watched is None:
            return
        if watched.recorded is not None:
            await self._let_go(name, watched, watched.recorded)
            return
        job = self.jobs.get(name)
        if job is None or job["metadata"]["uid"] != watched.job["metadata"]["uid"]:
            await self._look_at_what_is_left(name, watched)
            return
        pods = await self._pods_of(job)
        outcome = await self._evidence.outcome_with(job, pods)
        if outcome is not None:
            await self._report(name, watched, outcome, pods)
        else:
            await self._attend(name, watched, pods)

    async def _look_at_strays(self, name: Name, uid: str) -> None:
        """Let go pods whose Job is gone, or keeps no evidence any more: nobody else would.

        What still runs of a Job that is gone is ended first, as it would have been with that.
        """
        watched = self._watched.get(name)
        if watched is not None and watched.job["metadata"]["uid"] == uid:
            return
        pods = [pod for pod in self._pods.get(uid, {}).values() if identity.has_evidence(pod)]
        job = await self._cluster.get(JOBS, *name) if pods else None
        is_there = job is not None and job["metadata"]["uid"] == uid
        if job is not None and is_there and identity.has_evidence(job):
            return  # the watch on Jobs will tell of it
        for pod in pods:
            extra = {"action": "stray_pod", "pod": "/".join(name_of(pod))}
            _LOG.warning("pod without its job is let go", extra=extra)
        if not is_there:
            await self._end_what_was_deleted(pods)
        await self._evidence.release_pods(filter(is_terminal, pods))

    async def _look_at_what_is_left(self, name: Name, watched: _Watched) -> None:
        """Report a try whose Job went without our leave, but not before its pods are over."""
        pods = await self._evidence.pods(watched.job)
        if all(map(is_terminal, pods)):
            outcome = await self._evidence.outcome_with(watched.job, pods)
            await self._report(name, watched, outcome or lost("its Job is gone"), pods)
        else:
            await self._end_what_was_deleted(pods)

    async def _pods_of(self, job: Manifest) -> list[Manifest]:
        """Return the pods of a Job; asked for anew where the watch on them may be behind."""
        known = list(self._pods.get(job["metadata"]["uid"], {}).values())
        if any(map(is_terminal, known)) and not may_have_several(job):
            return known
        if condition(job, *_ENDS) or (not known and _will_have_none(job)):
            return await self._evidence.pods(job)
        return known

    async def _report(
        self, name: Name, watched: _Watched, outcome: TaskOutcome, pods: list[Manifest]
    ) -> None:
        """Tell whoever awaits it, and let the evidence go that nobody needs any more."""
        if await self._is_recorded(name, watched, outcome, pods):
            self._measure(outcome)
            until = _now() + self._pace.let_go.total_seconds()
            watched.recorded = _Recorded(outcome, pods, until)
            await self._let_go(name, watched, watched.recorded)

    async def _let_go(self, name: Name, watched: _Watched, end: _Recorded) -> None:
        if (left := end.kept_until - _now()) > 0:
            self.queue.add_after(name, left)
            return
        await self._evidence.release_with(watched.job, end.pods)
        if self._watched.get(name) is watched:  # the Job of the next try may have its name by now
            self._forget(name)
        extra = {"action": "task_ended", "job": "/".join(name), "pod": end.outcome.pod or ""}
        _LOG.info("task ended: %s", end.outcome.reason, extra=extra)

    async def _is_recorded(
        self, name: Name, watched: _Watched, outcome: TaskOutcome, pods: list[Manifest]
    ) -> bool:
        """Tell whoever awaits it; return whether nobody needs the evidence any more.

        What is stale is told to the next claim. Where nobody can say who awaits it, it is kept.
        """
        claim = identity.awaited_by(watched.job)
        if claim is None:
            self._keep_what_is_there(name, "it does not say whose it is")
            return False
        await self._keep_log(watched, outcome, pods)
        answer = await self._told(claim, outcome)
        if answer is Answer.STALE:
            await self._wait_for_next_claim(name, watched)
        elif answer is Answer.UNKNOWN:
            self._keep_what_is_there(name, f"Temporal does not know {claim.workflow_id}")
        return answer not in {Answer.STALE, Answer.UNKNOWN}

    async def _wait_for_next_claim(self, name: Name, watched: _Watched) -> None:
        """Have the Job looked at anew.

        Raises:
            StillRunningError: its claim is as it was.
        """
        fresh = await self._cluster.get(JOBS, *name)
        if fresh is None or identity.claim_of(fresh) == identity.claim_of(watched.job):
            message = f"report job {name[0]}/{name[1]}: its claim is being replaced"
            raise StillRunningError(message)
        watched.job = trimmed_job(fresh)
        self.queue.add(name)

    def _keep_what_is_there(self, name: Name, why: str) -> None:
        """Leave the evidence to whoever mends that; each listing has it looked at again."""
        extra = {"action": "evidence_kept", "job": "/".join(name)}
        _LOG.warning("job is kept: %s", why, extra=extra)
        if self.jobs.get(name) is None:
            self._forget(name)

    def _forget(self, name: Name) -> None:
        self._watched.pop(name, None)
        self.queue.forget(name)

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

    async def _keep_log(
        self, watched: _Watched, outcome: TaskOutcome, pods: list[Manifest]
    ) -> None:
        """Keep what the pod wrote, if it is to be: the next try takes its place once this is told.

        A node that does not answer is not waited for long: the outcome is worth more.
        """
        pod = last(pods)
        if pod is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOG_WITHIN):
                if not self._keep.keeps(outcome):
                    await self._drop_log(watched, pods)
                elif identity.has_evidence(pod):
                    is_killed = has_given_up(watched.job)
                    if not await self._keep_failed_run(watched, pod, is_killed=is_killed):
                        await self._logs.keep(watched.job, pod)

    async def _keep_failed_run(self, watched: _Watched, pod: Manifest, *, is_killed: bool) -> bool:
        """Return whether the log of a run that failed is kept.

        A pod that restarts its containers has only the log of the newest run, and soon not even
        that: the Job deletes it when it gives up. Each is asked for once as the newest run, and
        once as the previous one: only that is sure to be its log, for a node may have begun the
        next run some time before it says so.
        """
        for run in failed_runs(pod, is_killed=is_killed):
            if run not in watched.logged:
                is_kept = await self._logs.keep(watched.job, pod, run)
                was_kept = watched.logged.get(run._replace(is_previous=False), False)
                watched.logged[run] = was_kept or (is_kept and await self._was_of(run, pod))
            if watched.logged[run]:
                return True
        return False

    async def _was_of(self, run: ContainerRun, pod: Manifest) -> bool:
        """Return whether a log that was read is that of the run: the next one may have begun."""
        if is_terminal(pod) or run.is_previous:
            return True
        namespace, name = name_of(pod)
        # As a list of one: whoever watches pods has the right to list them, and needs no other.
        only = Selection(namespace, fields=f"metadata.name={name}")
        fresh = next(iter((await self._cluster.list(PODS, only)).items), None)
        return fresh is None or run in failed_runs(fresh, is_killed=False)

    async def _drop_log(self, watched: _Watched, pods: list[Manifest]) -> None:
        """Drop what was kept of a task that did not fail in the end."""
        has_failed = any(failed_runs(pod, is_killed=False) for pod in pods)
        if self._keep is not KeepLogs.NONE and (watched.logged or has_failed):
            await self._logs.drop(watched.job)

    async def _keep_while_it_can_be_read(self, watched: _Watched, pods: list[Manifest]) -> None:
        pod = last(pods)
        if pod is None or self._keep is KeepLogs.NONE:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOG_WITHIN):
                await self._keep_failed_run(watched, pod, is_killed=is_deleted(pod))

    async def _attend(self, name: Name, watched: _Watched, pods: list[Manifest]) -> None:
        """Do what is due for a task that runs, or waits to run."""
        await self._keep_while_it_can_be_read(watched, pods)
        job, now = watched.job, _now()
        if job["metadata"].get("deletionTimestamp"):
            await self._end_what_was_deleted(pods)
        if now >= watched.next_beat:
            watched.next_beat = now + self._pace.beat.total_seconds()
            await self._beat(name, watched)
        due = min(watched.next_beat, await self._hindrances.attend(job, pods, watched.doubt))
        self.queue.add_after(name, max(due - _now(), _SHORTEST_PAUSE))

    async def _end_what_was_deleted(self, pods: list[Manifest]) -> None:
        """End the pods of a Job that somebody deleted: our finalizer keeps its collector away."""
        for pod in pods:
            if not is_terminal(pod) and not pod["metadata"].get("deletionTimestamp"):
                await self._cluster.delete(PODS, name_of(pod), uid=pod["metadata"]["uid"])

    async def _beat(self, name: Name, watched: _Watched) -> None:
        claim = identity.awaited_by(watched.job)
        if claim is None:
            self._keep_what_is_there(name, "it does not say whose it is")
            return
        answer = await self._completions.beat(claim, "running")
        if answer is Answer.UNKNOWN:
            self._keep_what_is_there(name, f"Temporal does not know {claim.workflow_id}")
        elif answer is Answer.GONE:
            # Its run was ended outside its own code: nobody will ever ask for this task.
            extra = {"action": "orphan_removed", "job": "/".join(name)}
            _LOG.warning("task nobody awaits is removed", extra=extra)
            await self._cluster.delete(JOBS, name, uid=watched.job["metadata"]["uid"])


def _will_have_none(job: Manifest) -> bool:
    """Return whether a Job without a pod will get none any more, so that it is over."""
    metadata = job["metadata"]
    return bool(metadata.get("deletionTimestamp")) or identity.STOPPED in identity.annotations(job)


def _now() -> float:
    return asyncio.get_running_loop().time()
