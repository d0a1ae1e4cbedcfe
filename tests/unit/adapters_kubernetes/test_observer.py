"""What an observer makes of Jobs, pods and claims that are not as they should be."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, Final

import pytest

from adapters.kubernetes import identity
from adapters.kubernetes.observer import JobObserver
from adapters.kubernetes.post import Pace, Post
from adapters.memory.completions import MemoryCompletions
from runwright.models.logs import KeepLogs
from runwright.models.objects import Manifest
from runwright.models.tasks import Claim, OutcomeReason
from runwright.ports import Answer
from tests.unit.adapters_kubernetes.tries import CLAIM, COMPLETE, KEY, job, pod
from tests.unit.adapters_kubernetes.watched_cluster import WatchedCluster
from tests.unit.rules.cluster_objects import condition

_SOON: Final = timedelta(milliseconds=20)
_PACE: Final = Pace(doubt=_SOON, longest_doubt=_SOON, let_go=timedelta())
_BEATING: Final = _PACE._replace(beat=_SOON)
LOGGED: Final = ("ConfigMap", "ns", "web-build-log")
_DELETED: Final = {"deletionTimestamp": "2026-03-01T12:00:05Z"}


@asynccontextmanager
async def observed(
    cluster: WatchedCluster,
    answers: Iterable[Answer] = (),
    pace: Pace = _PACE,
    keep: KeepLogs = KeepLogs.NONE,
) -> AsyncGenerator[MemoryCompletions]:
    """Have an observer look after the cluster; give what it reported."""
    completions = MemoryCompletions(answers)
    post = Post("prod", keep=keep)
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


async def test_what_is_recorded_stays_until_the_next_task_of_its_run_is_there() -> None:
    """Its end is told once; whatever happens to it meanwhile has it looked at anew."""
    ended = job(status=COMPLETE)
    cluster = WatchedCluster(ended, pod("Succeeded"))

    async with observed(cluster, pace=_PACE._replace(let_go=10 * _SOON)) as completions:
        await until(lambda: bool(completions.finished))
        cluster.put(pod("Succeeded", reason="Seen"))
        assert holds(cluster, ended)
        await until(lambda: not holds(cluster, ended))

    assert len(completions.finished) == 1


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


_OWNED: Final = {"ownerReferences": [{"apiVersion": "v1", "kind": "R", "name": "r", "uid": "u"}]}
_GONE: Final = [b"unable to retrieve container logs for containerd://1"]
_GIVEN_UP: Final = {"conditions": [condition("Failed", "BackoffLimitExceeded")]}


def restarting(
    state: Mapping[str, object], *, last: str = "", phase: str = "Pending", **parts: Any
) -> Manifest:
    """Return a pod whose container is restarted in it; `last` is the run before."""
    before = {"terminated": {"exitCode": 7, "containerID": last}} if last else {}
    status = {"name": "engram", "state": state, "lastState": before}
    return pod(phase, containerStatuses=[status], **parts)


def failed(run: str) -> dict[str, object]:
    """Return the state of a container whose run of that id has failed."""
    return {"terminated": {"exitCode": 7, "containerID": run}}


async def test_the_log_of_a_run_that_failed_is_kept_before_its_job_deletes_the_pod() -> None:
    """When the Job has given up, the node has no log of any run any more, however often asked."""
    cluster = WatchedCluster(busy := job(metadata=_OWNED), restarting(failed("1")))
    cluster.logs["p1"] = [b"no such size\n"]

    async with observed(cluster, keep=KeepLogs.FAILED) as completions:
        await until(lambda: LOGGED in cluster.objects)
        cluster.logs = {"p1": _GONE, "p1/previous": _GONE}
        cluster.put(restarting({"running": {}}, last="1"))
        cluster.put(restarting(failed("2"), last="1", phase="Failed"))
        cluster.put({**busy, "status": _GIVEN_UP})
        await completions.outcome(CLAIM)
        await until(lambda: not holds(cluster, busy))

    assert cluster.objects[LOGGED]["data"] == {"try-1.1": "no such size\n"}
    assert cluster.reads > 1


async def test_the_log_of_a_run_is_read_again_once_only_it_can_be_meant() -> None:
    """A busy node begins the next run, and tells what that wrote, before it says so."""
    cluster = WatchedCluster(job(metadata=_OWNED), restarting(failed("1")))
    cluster.logs = {"p1": [b"planning\n"], "p1/previous": _GONE}

    async with observed(cluster, keep=KeepLogs.FAILED):
        await until(lambda: LOGGED in cluster.objects)
        cluster.logs["p1/previous"] = [b"planning\n", b"no such size\n"]
        cluster.put(restarting({"running": {}}, last="1"))
        await until(lambda: "size" in cluster.objects[LOGGED]["data"]["try-1.1"])


async def test_of_a_container_that_runs_again_the_log_of_the_run_before_is_kept() -> None:
    cluster = WatchedCluster(job(metadata=_OWNED), restarting({"running": {}}, last="1"))
    cluster.logs = {"p1": [b"planning\n"], "p1/previous": [b"no such size\n"]}

    async with observed(cluster, keep=KeepLogs.FAILED):
        await until(lambda: LOGGED in cluster.objects)

    assert cluster.objects[LOGGED]["data"] == {"try-1.1": "no such size\n"}


class Hasty(WatchedCluster):
    """Runs the container again between the end of its first run and the reading of that's log."""

    async def log(self, *given: Any, **how: Any) -> AsyncIterator[bytes]:
        """Yield what the run has written that goes on by now."""
        if not self.reads:
            self.put(restarting({"running": {}}, last="1"))
        async for chunk in super().log(*given, **how):
            yield chunk


async def test_the_log_of_a_run_that_has_just_begun_is_not_taken_for_that_of_the_one_before() -> (
    None
):
    """It is what there is; but what the run has written in the end says more."""
    cluster = Hasty(job(metadata=_OWNED), restarting(failed("1")))
    cluster.logs = {"p1": [b"planning\n"], "p1/previous": _GONE}

    async with observed(cluster, keep=KeepLogs.FAILED):
        await until(lambda: LOGGED in cluster.objects)
        cluster.logs["p1"] = [b"planning\n", b"no such size\n"]
        cluster.put(restarting(failed("2"), last="1", metadata=_DELETED))
        await until(lambda: "size" in cluster.objects[LOGGED]["data"]["try-1.1"])


async def test_the_log_of_each_run_that_failed_takes_the_place_of_the_one_before() -> None:
    """And each is asked for once, however often its pod is looked at."""
    cluster = WatchedCluster(busy := job(metadata=_OWNED), restarting(failed("1")))
    cluster.logs["p1"] = [b"first\n"]

    async with observed(cluster, keep=KeepLogs.FAILED):
        await until(lambda: LOGGED in cluster.objects)
        cluster.logs["p1"] = [b"second\n"]
        cluster.put(restarting(failed("2"), last="1"))
        await until(lambda: cluster.objects[LOGGED]["data"] == {"try-1.1": "second\n"})
        waits = {"waiting": {"reason": "CrashLoopBackOff"}}
        cluster.put(restarting(waits, last="2"), busy)
        await until(
            lambda: (cluster.of(busy) or {})["metadata"]["annotations"].get(identity.DIAGNOSED)
        )

    assert cluster.reads == 2


async def test_the_log_of_a_try_that_succeeds_in_the_end_is_dropped() -> None:
    """Also by an observer that has not seen it fail."""
    cluster = WatchedCluster(busy := job(metadata=_OWNED), restarting(failed("1")))
    cluster.logs["p1"] = [b"not yet\n"]

    async with observed(cluster, keep=KeepLogs.FAILED):
        await until(lambda: LOGGED in cluster.objects)
    done = {"terminated": {"exitCode": 0, "containerID": "2"}}
    cluster.put(restarting(done, last="1", phase="Succeeded"))
    async with observed(cluster, keep=KeepLogs.FAILED) as completions:
        outcome = await completions.outcome(CLAIM)
        await until(lambda: not holds(cluster, busy))

    assert outcome.succeeded
    assert LOGGED not in cluster.objects


async def test_no_log_is_read_where_none_is_to_be_kept() -> None:
    cluster = WatchedCluster(busy := job(metadata=_OWNED), restarting(failed("1")))

    async with observed(cluster) as completions:
        cluster.put(restarting(failed("2"), last="1", phase="Failed"))
        await completions.outcome(CLAIM)
        await until(lambda: not holds(cluster, busy))

    assert cluster.reads == 0
