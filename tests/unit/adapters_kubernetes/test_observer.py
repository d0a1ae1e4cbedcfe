"""What an observer makes of Jobs, pods and claims that are not as they should be."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final

import pytest

from adapters.kubernetes import identity
from adapters.kubernetes.observer import JobObserver, Pace, Post
from adapters.memory.completions import MemoryCompletions
from runwright.models.logs import KeepLogs
from runwright.models.objects import Manifest
from runwright.models.tasks import Claim, OutcomeReason
from runwright.ports import Answer
from tests.unit.adapters_kubernetes.tries import CLAIM, COMPLETE, KEY, job, pod
from tests.unit.adapters_kubernetes.watched_cluster import WatchedCluster

_SOON: Final = timedelta(milliseconds=20)
_PACE: Final = Pace(doubt=_SOON, longest_doubt=_SOON)
_BEATING: Final = _PACE._replace(beat=_SOON)
_DELETED: Final = {"deletionTimestamp": "2026-03-01T12:00:05Z"}


@asynccontextmanager
async def observed(
    cluster: WatchedCluster, answers: Iterable[Answer] = (), pace: Pace = _PACE
) -> AsyncGenerator[MemoryCompletions]:
    """Have an observer look after the cluster; give what it reported."""
    completions = MemoryCompletions(answers)
    post = Post("prod", keep=KeepLogs.NONE)
    observer = JobObserver(cluster, completions, post, pace)
    observing = asyncio.create_task(observer.run())
    await observer.pods.synced()
    await observer.jobs.synced()
    try:
        yield completions
    finally:
        observing.cancel()
        with suppress(asyncio.CancelledError):
            await observing


async def until(reached: Callable[[], bool]) -> None:
    """Return once that is so."""
    while not reached():
        await asyncio.sleep(0.005)


def holds(cluster: WatchedCluster, one: Manifest) -> bool:
    """Return whether an object is there and held by our finalizer."""
    there = cluster.of(one)
    return there is not None and identity.has_evidence(there)


FORGED: Final = [
    pytest.param(
        job(workflow_id="storyrun/other/web/7f3a", status=COMPLETE), id="a run of another namespace"
    ),
    pytest.param(
        job(workflow_id="storyrun/other/web/7f3a", annotations={identity.CLAIM: ""}),
        id="the same without a claim",
    ),
    pytest.param(job(annotations={identity.TRY: "?"}, status=COMPLETE), id="no try at all"),
]


@pytest.mark.parametrize("forged", FORGED)
async def test_a_job_speaks_for_no_run_of_another_namespace(
    forged: Manifest, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever may make Jobs somewhere must not end the steps of runs elsewhere."""
    caplog.set_level(logging.WARNING)
    cluster = WatchedCluster(forged, pod("Succeeded"))

    async with observed(cluster) as completions:
        await until(lambda: "it does not say whose it is" in caplog.text)

    assert (completions.finished, completions.notes) == ([], [])
    assert holds(cluster, forged)


@pytest.mark.parametrize(
    "change",
    [
        {"workflow_id": "storyrun/other/web/7f3a"},
        {"activity_id": "web-deploy/1/1/1"},
        {"activity_id": "web-build/1/2/1"},
    ],
    ids=["workflow", "task", "try"],
)
async def test_a_claim_on_something_else_counts_for_none(change: dict[str, str]) -> None:
    another = job(CLAIM.model_copy(update=change), status=COMPLETE)

    async with observed(WatchedCluster(another, pod("Succeeded"))) as completions:
        await completions.until(lambda: bool(completions.finished))

    assert completions.finished[0].claim == Claim.unread(KEY)


async def test_an_end_whose_claim_is_gone_is_told_to_whoever_awaits_it() -> None:
    """The evidence must not go without a word: the run would execute the step again."""
    unclaimed = job(None, status=COMPLETE)
    cluster = WatchedCluster(unclaimed, ended := pod("Succeeded"))

    async with observed(cluster) as completions:
        outcome = await completions.outcome(Claim.unread(KEY))
        await until(lambda: not holds(cluster, unclaimed))

    assert outcome.succeeded
    assert not holds(cluster, ended)


async def test_the_evidence_of_a_run_that_is_unknown_is_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Temporal may have lost its data; when it has them again, the end is still there."""
    caplog.set_level(logging.WARNING)
    cluster = WatchedCluster(over := job(status=COMPLETE), ended := pod("Succeeded"))

    async with observed(cluster, [Answer.UNKNOWN]):
        await until(lambda: f"Temporal does not know {KEY.workflow_id}" in caplog.text)
        kept = holds(cluster, over), holds(cluster, ended)
        cluster.put({**over, "status": COMPLETE})
        await until(lambda: not holds(cluster, over))

    assert kept == (True, True)


async def test_the_job_of_a_run_that_is_unknown_is_not_deleted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    cluster = WatchedCluster(busy := job(), pod("Running"))

    async with observed(cluster, [Answer.UNKNOWN] * 1000, _BEATING) as completions:
        await completions.until(lambda: len(completions.beats) > 2)

    there = cluster.of(busy)
    assert there
    assert "deletionTimestamp" not in there["metadata"]


async def test_the_job_that_nobody_awaits_is_deleted() -> None:
    cluster = WatchedCluster(busy := job(), pod("Running"))

    async with observed(cluster, [Answer.GONE], _BEATING):
        await until(lambda: "deletionTimestamp" in (cluster.of(busy) or {}).get("metadata", {}))


async def test_a_pod_that_the_watch_does_not_tell_of_is_let_go_with_its_job() -> None:
    cluster = WatchedCluster(busy := job())
    cluster.hidden = {"Pod"}

    async with observed(cluster) as completions:
        cluster.put(ended := pod("Succeeded"), {**busy, "status": COMPLETE})
        outcome = await completions.outcome(CLAIM)
        await until(lambda: not holds(cluster, busy))

    assert outcome.succeeded
    assert not holds(cluster, ended)


async def test_the_pods_of_all_tries_are_let_go_with_their_job() -> None:
    """The first failed, and its Job made another, which the watch has not told of."""
    busy = job()
    busy["spec"]["backoffLimit"] = 1
    cluster = WatchedCluster(busy)
    later = {"creationTimestamp": "2026-03-01T12:00:30Z"}

    async with observed(cluster) as completions:
        cluster.put(failed := pod("Failed"))
        await until(lambda: cluster.asked["Pod"] > 0)
        cluster.hidden = {"Pod"}
        told_early = list(completions.finished)
        made = pod("Succeeded", name="p2")
        cluster.put({**made, "metadata": {**made["metadata"], **later}})
        cluster.put({**busy, "status": COMPLETE})
        outcome = await completions.outcome(CLAIM)
        await until(lambda: not holds(cluster, busy))

    assert told_early == []
    assert (outcome.succeeded, outcome.pod) == (True, "p2")
    assert not holds(cluster, failed)
    assert not holds(cluster, made)


async def test_a_job_that_was_deleted_is_not_lost_while_its_pod_runs_unseen() -> None:
    """The next try would begin beside it."""
    cluster = WatchedCluster(busy := job())
    cluster.hidden = {"Pod"}

    async with observed(cluster) as completions:
        cluster.put(running := pod("Running"), {**busy, "metadata": busy["metadata"] | _DELETED})
        await until(lambda: "deletionTimestamp" in (cluster.of(running) or {})["metadata"])
        told_early = list(completions.finished)
        cluster.put({**pod("Failed"), "metadata": (cluster.of(running) or {})["metadata"]})
        cluster.put({**(cluster.of(busy) or {}), "status": {}})
        outcome = await completions.outcome(CLAIM)

    assert told_early == []
    assert outcome.reason is not OutcomeReason.LOST


@pytest.mark.parametrize("there", [True, False], ids=["its job was let go", "its job is gone"])
async def test_a_pod_whose_job_needs_it_no_more_is_let_go(*, there: bool) -> None:
    """A worker that died while it let go, or an object that somebody tore away."""
    released = job(status=COMPLETE, metadata={"finalizers": []})
    cluster = WatchedCluster(*([released] if there else []), left := pod("Succeeded"))

    async with observed(cluster) as completions:
        await until(lambda: not holds(cluster, left))

    assert completions.finished == []


async def test_a_running_pod_whose_job_is_gone_is_ended() -> None:
    cluster = WatchedCluster(left := pod("Running"))

    async with observed(cluster):
        await until(lambda: "deletionTimestamp" in (cluster.of(left) or {})["metadata"])
        kept = holds(cluster, left)
        cluster.put({**pod("Failed"), "metadata": (cluster.of(left) or {})["metadata"]})
        await until(lambda: cluster.of(left) is None)

    assert kept


async def test_a_pod_that_is_seen_before_its_job_is_no_stray() -> None:
    cluster = WatchedCluster()
    cluster.hidden = {"Job"}

    async with observed(cluster) as completions:
        cluster.put(busy := job(), running := pod("Running"))
        await until(lambda: cluster.looked_up["Job"] > 0)
        seen = cluster.of(running)
        cluster.hidden = set()
        cluster.put(pod("Succeeded"), {**busy, "status": COMPLETE})
        outcome = await completions.outcome(CLAIM)

    assert outcome.succeeded
    assert seen
    assert "deletionTimestamp" not in seen["metadata"]
