"""Why tasks do not get on: found out with few questions, and told to their runs."""

import asyncio
import hashlib
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.evidence import name_of
from adapters.kubernetes.resources import EVENTS, JOBS
from runwright.models.objects import Manifest
from runwright.models.tasks import Diagnosis, TaskNote
from runwright.ports import Completions
from runwright.rules.kubernetes.diagnosis import diagnose, hindrance
from runwright.rules.kubernetes.pods import RUNNING, has_begun, is_deleted, last, phase_of

MAYBE: Final = "true"
"""The mark of a Job whose run may be told, or is about to be; later it is a digest of what."""
_NODE_NOTICED: Final = 60.0
"""Seconds after which a control plane has noticed that a node is away."""
_WHILE_ENDING: Final = 30.0
"""Seconds between looks at a pod that was told to end: that it resists, no change would tell."""


@dataclass
class Doubt:
    """What is remembered of one task that may not get on."""

    mark: str = ""
    """What the Job bears of it; empty: the run shows no diagnosis."""
    found: Diagnosis | None = None
    """It stands until the task runs, or somebody says otherwise."""
    about: str = ""
    """The uid of the Job or the pod that it was found of, and whether that had begun."""
    due: float = 0.0
    """When the Events are asked for."""
    pause: float = 0.0
    """Seconds until they are asked for again."""
    told: dict[str, str] = field(default_factory=dict[str, str])
    """What its run was told of it so far: digests, each with the summary that it is a detail of."""


class Hindrances:
    """Finds out why tasks do not get on, and tells their runs when that has changed.

    A pod that says itself why it does not start is believed. The Events are asked for where nobody
    says anything and the task does not run, `first` after that began, and then after ever more
    time, up to `longest`. Of a pod that has begun only they tell that its node is lost, no sooner
    than that is noticed.
    """

    def __init__(
        self, cluster: Cluster, completions: Completions, first: timedelta, longest: timedelta
    ) -> None:
        self._cluster = cluster
        self._completions = completions
        self._first = first.total_seconds()
        self._longest = longest.total_seconds()

    async def attend(self, job: Manifest, pods: list[Manifest], doubt: Doubt) -> float:
        """Tell the run what is new; return when to look again, though nothing may have changed."""
        pod = last(pods)
        if identity.STOPPED in identity.annotations(job):
            # What it was waiting for is told, and how it ended soon will be.
            held = hindrance(pod, datetime.now(UTC)) if pod else None
            if held is not None:
                await self._tell(job, held, doubt)
            return _now() + _WHILE_ENDING
        seen = diagnose(job, pod, now=datetime.now(UTC))
        is_silent = seen is None and _is_doubtful(job, pod)
        self._turn_to(job, pod, doubt)
        doubt.found = await self._heard(job, pod, doubt) if is_silent else seen
        await self._tell(job, doubt.found, doubt)
        if pod is not None and is_deleted(pod):
            return _now() + _WHILE_ENDING
        return doubt.due if is_silent else math.inf

    def _turn_to(self, job: Manifest, pod: Manifest | None, doubt: Doubt) -> None:
        begun = pod is not None and has_begun(pod)
        about = f"{(pod or job)['metadata']['uid']}{' begun' if begun else ''}"
        if doubt.about != about:
            doubt.about, doubt.found = about, None
            doubt.told.clear()
            doubt.pause = max(self._first, _NODE_NOTICED) if begun else self._first
            doubt.due = _now() + doubt.pause

    async def _heard(self, job: Manifest, pod: Manifest | None, doubt: Doubt) -> Diagnosis | None:
        """Return what the Events say, or said last, if it is not yet time to ask anew."""
        if _now() < doubt.due:
            return doubt.found
        doubt.due = _now() + doubt.pause
        doubt.pause = min(doubt.pause * 2, self._longest)
        return diagnose(job, pod, await self._events_of(pod or job), datetime.now(UTC))

    async def _events_of(self, about: Manifest) -> list[Manifest]:
        namespace, uid = about["metadata"]["namespace"], about["metadata"]["uid"]
        selection = Selection(namespace, fields=f"involvedObject.uid={uid}")
        return (await self._cluster.list(EVENTS, selection)).items

    async def _tell(self, job: Manifest, diagnosis: Diagnosis | None, doubt: Doubt) -> None:
        key, claim = identity.key_of(job), identity.awaited_by(job)
        digest = _digest(diagnosis)
        if key is None or claim is None or doubt.mark == digest:
            return  # the run shows that very diagnosis, or none; perhaps another observer said so
        if _is_said_again(digest, doubt):
            return
        if diagnosis is not None and not doubt.mark:
            await self._mark(job, doubt, MAYBE)  # who observes next may have to take it back
        await self._completions.note(claim, TaskNote(key=key, diagnosis=diagnosis))
        if diagnosis is not None:
            doubt.told[digest] = diagnosis.summary
        await self._mark(job, doubt, digest)

    async def _mark(self, job: Manifest, doubt: Doubt, mark: str) -> None:
        metadata = {
            "uid": job["metadata"]["uid"],
            "annotations": {identity.DIAGNOSED: mark or None},
        }
        await self._cluster.patch(JOBS, name_of(job), {"metadata": metadata})
        doubt.mark = mark


def _digest(diagnosis: Diagnosis | None) -> str:
    if diagnosis is None:
        return ""
    return hashlib.sha256(diagnosis.model_dump_json().encode()).hexdigest()[:16]


def _is_said_again(digest: str, doubt: Doubt) -> bool:
    """Return whether a run was told this detail before, and shows another one of the same trouble.

    An image that cannot be pulled is that and waited for in turns, for days: each turn would be
    some more events in a history that has an end.
    """
    summary = doubt.told.get(digest)
    return summary is not None and summary == doubt.told.get(doubt.mark)


def _is_doubtful(job: Manifest, pod: Manifest | None) -> bool:
    """Return whether a task should run and does not: one that is suspended should not."""
    return not job["spec"].get("suspend") and phase_of(pod) != RUNNING


def _now() -> float:
    return asyncio.get_running_loop().time()
