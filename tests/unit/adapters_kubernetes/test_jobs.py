"""Starting and stopping Jobs where the cluster does not play along."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from adapters.kubernetes import identity, jobs
from adapters.kubernetes.jobs import KubernetesJobs
from adapters.kubernetes.resources import JOBS, Resource
from adapters.memory.completions import MemoryCompletions
from runwright.errors import ClusterUnavailableError, ConflictError, StillRunningError
from runwright.models.objects import Manifest
from runwright.models.tasks import Claim, JobTemplate, OutcomeReason, Task, TaskKey
from runwright.rules.kubernetes.judgement import is_lost
from tests.unit.adapters_kubernetes.tries import CLAIM, KEY, job, pod
from tests.unit.adapters_kubernetes.watched_cluster import WatchedCluster
from tests.unit.rules.cluster_objects import condition

UNHEARD_OF: Final = [condition("Ready", status="False"), condition("ContainersReady")]
RETRIED: Final = CLAIM.model_copy(update={"attempt": 2})
MADE_ANEW: Final = CLAIM.model_copy(update={"activity_id": "web-build/1/1/2"})
SECOND: Final = KEY.model_copy(update={"try_number": 2})


@pytest.fixture(autouse=True)
def _no_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not go here never will."""
    monkeypatch.setattr(jobs, "_MARGIN", timedelta(milliseconds=100))


def task(key: TaskKey = KEY) -> Task:
    spec = {"template": {"spec": {"containers": [{"name": "engram", "image": "web"}]}}}
    return Task(
        key=key,
        command=("true",),
        timeout=timedelta(minutes=1),
        grace=timedelta(),
        max_output=1_000,
        job=JobTemplate(spec=spec),
    )


def ending(minutes: int, conditions: Iterable[Any] = UNHEARD_OF) -> Manifest:
    """Return a pod that should have been gone for so long."""
    until = datetime.now(UTC) - timedelta(minutes=minutes)
    metadata = {"deletionTimestamp": until.isoformat(), "deletionGracePeriodSeconds": 0}
    kept = pod("Running", conditions=list(conditions))
    return {**kept, "metadata": {**kept["metadata"], **metadata}}


async def test_a_task_whose_node_is_away_for_long_is_lost() -> None:
    """Nobody knows whether it still runs; the run that wants it to end gets on all the same."""
    cluster = WatchedCluster(job(), ending(minutes=5))

    outcome = await KubernetesJobs(cluster, "prod").stop(KEY, timedelta())

    assert outcome
    assert (outcome.succeeded, outcome.reason) == (False, OutcomeReason.LOST)
    assert 'its node "n1" does not answer' in outcome.message
    assert outcome.diagnosis
    assert outcome.diagnosis.category == "node-lost"


@pytest.mark.parametrize(("limit", "is_suspended"), [(0, False), (1, True)])
async def test_a_job_that_would_make_another_pod_is_suspended_to_be_stopped(
    limit: int, *, is_suspended: bool
) -> None:
    """Else its controller would replace the pod that is told to end."""
    busy = job()
    busy["spec"]["backoffLimit"] = limit
    cluster = WatchedCluster(busy, pod("Running"))

    with pytest.raises(StillRunningError, match="has not ended"):
        await KubernetesJobs(cluster, "prod").stop(KEY, timedelta())

    assert (cluster.of(busy) or {})["spec"].get("suspend", False) is is_suspended


async def test_a_task_that_is_stopped_between_its_tries_has_no_other() -> None:
    busy = job()
    busy["spec"]["backoffLimit"] = 1
    cluster = WatchedCluster(busy, pod("Failed"))

    outcome = await KubernetesJobs(cluster, "prod").stop(KEY, timedelta())

    assert outcome
    assert outcome.exit_code == 1
    assert (cluster.of(busy) or {})["spec"]["suspend"]


@pytest.mark.parametrize(
    ("minutes", "conditions"),
    [(4, UNHEARD_OF), (60, ())],
    ids=["not for long", "its node answers"],
)
async def test_a_task_that_does_not_end_is_waited_for(
    minutes: int, conditions: Iterable[Any]
) -> None:
    cluster = WatchedCluster(job(), ending(minutes, conditions))

    with pytest.raises(StillRunningError, match="stop job ns/web-build: its pod has not ended"):
        await KubernetesJobs(cluster, "prod").stop(KEY, timedelta())


async def test_a_try_makes_way_whose_pod_is_lost_with_its_node() -> None:
    """Else no later one could ever begin."""
    cluster = WatchedCluster(job(), left := ending(minutes=5))

    outcome = await KubernetesJobs(cluster, "prod").start(task(SECOND), CLAIM)

    assert outcome is None
    assert is_lost(left, datetime.now(UTC))
    there = cluster.objects[JOBS.kind, "ns", "web-build"]
    assert identity.annotations(there)[identity.TRY] == "1.2"


async def test_case_39_a_try_does_not_make_way_while_its_pod_may_end() -> None:
    """Two tries at a time would be two of what should be done once."""
    cluster = WatchedCluster(job(), ending(minutes=4))

    with pytest.raises(StillRunningError, match="remove job ns/web-build: it has not gone yet"):
        await KubernetesJobs(cluster, "prod").start(task(SECOND), CLAIM)

    made = [identity.annotations(one).get(identity.TRY) for one in cluster.objects.values()]
    assert "1.2" not in made


class FullCluster(WatchedCluster):
    """Refuses to create anything, and says why."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[str] = []

    async def create(self, manifest: Manifest, resource: Resource | None = None) -> Manifest:
        """Refuse it as long as there are answers."""
        if self.answers:
            raise ClusterUnavailableError(self.answers.pop(0))
        return await super().create(manifest, resource)


async def test_a_run_is_told_once_why_its_task_is_refused() -> None:
    cluster, completions = FullCluster(), MemoryCompletions()
    runner = KubernetesJobs(cluster, "prod", completions)
    cluster.answers = ["exceeded quota: 1 of 1", "exceeded quota: 2 of 2", "denied the request"]

    for _ in range(3):
        with pytest.raises(ClusterUnavailableError, match=r"quota|denied"):
            await runner.start(task(), CLAIM)

    told = [noted.note.diagnosis for noted in completions.notes]
    assert [one.category for one in told if one] == ["quota", "admission"]


async def test_the_refusals_of_thousands_are_not_all_remembered() -> None:
    cluster = FullCluster()
    runner = KubernetesJobs(cluster, "prod", MemoryCompletions())
    keys = [KEY.model_copy(update={"name": f"web-{number}"}) for number in range(1100)]
    cluster.answers = ["exceeded quota"] * len(keys)

    for key in keys:
        with pytest.raises(ClusterUnavailableError, match="quota"):
            await runner.start(task(key), CLAIM)

    assert len(runner._refused) == 1000


@pytest.mark.parametrize(
    ("claim", "is_marked"),
    [(CLAIM, False), (RETRIED, True), (MADE_ANEW, True)],
    ids=["the first claim", "another attempt", "another claim"],
)
async def test_a_job_that_was_not_created_at_once_says_so(claim: Claim, *, is_marked: bool) -> None:
    """Its run may show why; who refused it may have been another worker, which is gone."""
    cluster = WatchedCluster()

    await KubernetesJobs(cluster, "prod").start(task(), claim)

    made = cluster.objects[JOBS.kind, "ns", "web-build"]
    assert (identity.DIAGNOSED in identity.annotations(made)) == is_marked


class TakenCluster(WatchedCluster):
    """Has somebody else's object in every name, and never when one looks."""

    async def create(
        self,
        manifest: Manifest,
        resource: Resource | None = None,  # noqa: ARG002 - no kind is taken
    ) -> Manifest:
        """Refuse it."""
        message = f"create job {manifest['metadata']['name']}: HTTP 409"
        raise ConflictError(message)


async def test_a_name_that_others_take_all_the_time_is_said_to_be_taken() -> None:
    with pytest.raises(ConflictError, match="start ns/web-build: others take its name all the"):
        await KubernetesJobs(TakenCluster(), "prod").start(task(), CLAIM)
