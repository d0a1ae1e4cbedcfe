"""Which logs are kept of a cluster's tasks, and what is read of them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.kubernetes import identity
from adapters.kubernetes.logs import (
    MOST_OF_A_TASK,
    MOST_OF_A_TRY,
    KeptLogs,
    LoggedTry,
    TaskLogs,
    ending,
    fitting,
)
from runwright.errors import ClusterUnavailableError, RefusedError
from runwright.models.logs import KeepLogs
from runwright.models.objects import Manifest
from runwright.models.tasks import Backend, OutcomeReason, TaskKey, TaskOutcome
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster
from tests.unit.rules.cluster_objects import ended, running, waiting

WORKFLOW = "storyrun/ns/web/7f3a"
NAMED = ("ConfigMap", "ns", "web-build-log")

GONE = (
    b"unable to retrieve container logs for containerd://9320a44",
    b'failed to try resolving symlinks in path "/var/log/pods/0.log": no such file or directory',
)
"""As a kubelet 1.36 answered, with status 200."""


def key(try_number: int = 1, workflow_id: str = WORKFLOW) -> TaskKey:
    return TaskKey(
        backend=Backend.KUBERNETES,
        namespace="ns",
        name="web-build",
        workflow_id=workflow_id,
        activation=1,
        try_number=try_number,
    )


def job(of: TaskKey | None = None, owner: str = "s1") -> Manifest:
    """Return the Job of a try, as an observer remembers it."""
    step_run = {"apiVersion": "v1", "kind": "StepRun", "name": "web-build", "uid": owner}
    return {
        "metadata": {
            "name": "web-build",
            "namespace": "ns",
            "annotations": identity.annotations_of(of or key()),
            "ownerReferences": [{**step_run, "controller": True}],
        }
    }


def pod(*statuses: dict[str, Any], of: TaskKey | None = None, name: str = "p1") -> Manifest:
    one = of or key()
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "ns",
            "creationTimestamp": f"2026-03-01T12:00:0{one.try_number}Z",
            "labels": {
                "batch.kubernetes.io/job-name": "web-build",
                **identity.labels_of(one, "prod"),
            },
            "annotations": identity.annotations_of(one),
        },
        "spec": {"containers": [{"name": "engram"}, {"name": "sidecar"}]},
        "status": {"containerStatuses": list(statuses) or [ended(1)]},
    }


async def kept_of(cluster: MemoryCluster, of: TaskKey | None = None, **written: Any) -> Any:
    """Return the ConfigMap after a try has written that."""
    cluster.logs["p1"] = written.get("log", [b"no\n"])
    owner = written.get("owner", "s1")
    await KeptLogs(cluster, "prod").keep(job(of, owner), pod(of=of))
    return cluster.objects.get(NAMED)


async def content(logs: TaskLogs, one: LoggedTry) -> bytes:
    return b"".join([chunk async for chunk in logs.read(one)])


async def test_a_log_is_kept_where_people_find_it_and_goes_with_its_step() -> None:
    kept = await kept_of(MemoryCluster(), log=[b"one\n", b"two\n"])

    assert kept["data"] == {"try-1.1": "one\ntwo\n"}
    metadata = kept["metadata"]
    assert metadata["labels"] == identity.labels_of(key(), "prod")
    assert metadata["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "StepRun", "name": "web-build", "uid": "s1"}
    ]


async def test_each_try_has_its_own_and_the_same_is_kept_once() -> None:
    cluster = MemoryCluster()
    await kept_of(cluster)
    await kept_of(cluster, key(2), log=[b"again\n"])

    kept = await kept_of(cluster, key(2), log=[b"again\n"])

    assert kept["data"] == {"try-1.1": "no\n", "try-1.2": "again\n"}


async def test_of_a_long_log_the_end_is_kept() -> None:
    chunks = [f"{number:07}\n".encode() * 1000 for number in range(20)]

    said = (await kept_of(MemoryCluster(), log=chunks))["data"]["try-1.1"]

    assert said.startswith("[only the end of this log was kept]\n")
    assert said.endswith("0000019\n")
    assert len(said.encode()) == MOST_OF_A_TRY


async def test_what_is_no_text_is_kept_as_far_as_it_is() -> None:
    assert ending(b"\xff\xfe ok\n") == "\ufffd\ufffd ok\n"
    assert len(ending(b"\xff" * MOST_OF_A_TRY).encode()) <= MOST_OF_A_TRY


async def test_the_oldest_tries_make_room() -> None:
    large = "x" * (MOST_OF_A_TASK // 3)
    logs = {f"try-1.{number}": large for number in range(8, 12)}

    assert list(fitting(logs)) == ["try-1.11", "try-1.10", "try-1.9"]


async def test_tries_that_have_no_room_any_more_are_removed() -> None:
    cluster = MemoryCluster()
    for number in range(1, 10):
        await kept_of(cluster, key(number), log=[b"x" * MOST_OF_A_TRY])

    kept = await kept_of(cluster, key(10), log=[b"x" * MOST_OF_A_TRY])

    assert list(kept["data"])[-1] == "try-1.10"
    assert len(kept["data"]) == MOST_OF_A_TASK // MOST_OF_A_TRY


@pytest.mark.parametrize("error", [RefusedError("HTTP 403"), ClusterUnavailableError("HTTP 500")])
async def test_a_log_that_cannot_be_read_is_noted(error: Exception) -> None:
    kept = await kept_of(MemoryCluster(), log=error)

    assert kept["data"] == {"try-1.1": f"[this log could not be read: {error}]\n"}


async def test_a_log_that_cannot_be_written_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """How the task ended is recorded by then: its pod has to be let go."""
    cluster = MemoryCluster()
    cluster.refusal = RefusedError("create configmap: HTTP 403")

    assert await kept_of(cluster) is None
    assert "log not kept: create configmap: HTTP 403" in caplog.text


async def test_nothing_is_kept_of_what_never_ran() -> None:
    cluster = MemoryCluster()

    await KeptLogs(cluster, "prod").keep(job(), pod(waiting("ImagePullBackOff")))

    assert cluster.objects == {}


async def test_of_a_pod_that_failed_before_its_own_container_that_log_is_kept() -> None:
    """The steps of a pipeline are init containers; which of them failed is what people ask."""
    failed = pod(waiting("PodInitializing"))
    failed["spec"]["initContainers"] = [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    failed["status"]["initContainerStatuses"] = [
        ended(0, name="a"),
        ended(3, name="b"),
        waiting("PodInitializing", name="c"),
    ]
    cluster = MemoryCluster(failed)

    (one,) = await TaskLogs(cluster, "ns", WORKFLOW).tries()

    assert one.container == "b"


async def test_nothing_is_kept_that_nothing_would_remove() -> None:
    cluster, orphan = MemoryCluster(), job()
    del orphan["metadata"]["ownerReferences"]

    await KeptLogs(cluster, "prod").keep(orphan, pod())

    assert cluster.objects == {}


async def test_what_an_earlier_run_of_that_name_left_makes_way() -> None:
    cluster = MemoryCluster()
    await kept_of(cluster, key(3, "storyrun/ns/web/0000"))

    kept = await kept_of(cluster)

    assert kept["data"] == {"try-1.1": "no\n"}
    assert kept["metadata"]["annotations"] == {identity.WORKFLOW: WORKFLOW}


async def test_a_step_that_was_made_anew_owns_what_was_kept_before() -> None:
    """Its first StepRun was cleaned up, and then the run was retried."""
    cluster = MemoryCluster()
    await kept_of(cluster)

    kept = await kept_of(cluster, key(2), owner="s2")

    assert [owner["uid"] for owner in kept["metadata"]["ownerReferences"]] == ["s2"]
    assert list(kept["data"]) == ["try-1.1", "try-1.2"]


async def test_what_is_somebody_elses_is_left_alone() -> None:
    theirs = {"kind": "ConfigMap", "metadata": {"name": "web-build-log", "namespace": "ns"}}
    cluster = MemoryCluster(theirs)

    assert "data" not in await kept_of(cluster)


async def test_a_pod_tells_its_log_and_what_was_kept_that_of_others() -> None:
    cluster = MemoryCluster(pod(running(), of=key(2), name="p2"))
    await kept_of(cluster, log=[b"first\n"])
    cluster.logs["p2"] = [b"second\n"]
    logs = TaskLogs(cluster, "ns", WORKFLOW)

    first, second = await logs.tries()

    assert (first.task, first.try_number, first.pod) == ("web-build", 1, "")
    assert (second.task, second.try_number, second.pod) == ("web-build", 2, "p2")
    assert await content(logs, first) == b"first\n"
    assert await content(logs, second) == b"second\n"


async def test_a_pod_that_cannot_tell_any_more_has_what_was_kept_of_it() -> None:
    cluster = MemoryCluster(pod())
    await kept_of(cluster, log=[b"first\n"])
    cluster.logs["p1"] = RefusedError("HTTP 400 container is gone")
    logs = TaskLogs(cluster, "ns", WORKFLOW)

    (one,) = await logs.tries()

    assert await content(logs, one) == b"first\n"


async def test_other_runs_and_pods_that_never_began_have_no_log_here() -> None:
    other = pod(of=key(1, "storyrun/ns/web/0000"), name="p3")
    logs = TaskLogs(MemoryCluster(pod(waiting("Pulling")), other), "ns", WORKFLOW)

    assert await logs.tries() == []


async def test_a_log_is_followed_past_a_connection_that_breaks() -> None:
    """It is read anew from its beginning, and told once."""
    cluster = Breaking(pod(running()))
    logs = TaskLogs(cluster, "ns", WORKFLOW)
    (one,) = await logs.tries()

    told = [chunk async for chunk in logs.follow(one)]

    assert b"".join(told) == b"one\ntwo\nthree\n"


class Breaking(MemoryCluster):
    """Breaks the connection after the first lines, and ends the container then."""

    readings = 0

    async def log(self, *_: Any, **__: Any) -> AsyncIterator[bytes]:
        """Yield more of the log each time."""
        self.readings += 1
        yield b"one\ntw"
        if self.readings == 1:
            self._put(pod(ended(0)))
            message = "connection reset"
            raise ClusterUnavailableError(message)
        yield b"o\nthree\n"


@pytest.mark.parametrize("answer", GONE)
async def test_what_a_kubelet_says_in_the_place_of_a_log_is_not_kept_as_one(answer: bytes) -> None:
    kept = await kept_of(MemoryCluster(), log=[answer[:9], answer[9:]])

    said = kept["data"]["try-1.1"]
    assert said.startswith("[this log could not be read: read the log of pod ns/p1: its node has")


@pytest.mark.parametrize("answer", GONE)
async def test_what_a_kubelet_says_in_the_place_of_a_log_is_not_printed(answer: bytes) -> None:
    """Neither by itself nor after what was kept."""
    cluster = MemoryCluster(pod())
    await kept_of(cluster, log=[b"first\n"])
    cluster.logs["p1"] = [answer]
    logs = TaskLogs(cluster, "ns", WORKFLOW)
    (one,) = await logs.tries()

    followed = b"".join([chunk async for chunk in logs.follow(one)])

    assert (await content(logs, one), followed) == (b"first\n", b"first\n")
    with pytest.raises(RefusedError, match="its node has it no more"):
        await content(logs, one._replace(kept=""))


async def test_a_program_may_say_what_a_kubelet_says() -> None:
    """A line that ends is a program's."""
    quoted = GONE[0] + b"\n"

    assert (await kept_of(MemoryCluster(), log=[quoted]))["data"] == {"try-1.1": quoted.decode()}


@pytest.mark.parametrize("log", [[GONE[0]], [], RefusedError("HTTP 400")])
async def test_what_was_kept_of_a_try_stays_when_there_is_nothing_better(log: object) -> None:
    cluster = MemoryCluster()
    await kept_of(cluster, log=[b"first\n"])

    assert (await kept_of(cluster, log=log))["data"] == {"try-1.1": "first\n"}


async def test_what_was_kept_of_a_try_is_dropped_and_that_of_others_is_not() -> None:
    cluster = MemoryCluster()
    await kept_of(cluster)
    await kept_of(cluster, key(2))
    logs = KeptLogs(cluster, "prod")

    await logs.drop(job(key(2)))
    left = dict(cluster.objects[NAMED]["data"])
    await logs.drop(job())
    await logs.drop(job())

    assert (left, cluster.objects) == ({"try-1.1": "no\n"}, {})


@pytest.mark.parametrize(
    ("kept", "failure", "success"),
    [(KeepLogs.FAILED, True, False), (KeepLogs.ALL, True, True), (KeepLogs.NONE, False, False)],
)
def test_the_setting_says_of_which_tries(kept: KeepLogs, *, failure: bool, success: bool) -> None:
    failed = TaskOutcome(succeeded=False, reason=OutcomeReason.EXITED)
    done = TaskOutcome(succeeded=True, reason=OutcomeReason.COMPLETED)

    assert (kept.keeps(failed), kept.keeps(done)) == (failure, success)
