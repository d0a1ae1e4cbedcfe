"""The object of a child is made once, for one step of one execution, and nobody else's is taken."""

from typing import Any

import pytest

from adapters.kubernetes import child_runs
from adapters.kubernetes.child_runs import (
    KubernetesChildRuns,
    is_abandoned,
    remove_child_runs,
)
from adapters.kubernetes.resources import STORY_RUNS
from runwright.errors import NotFoundError, NotOursError, RefusedError, StillRunningError
from runwright.models.bubustack import StoryRun
from runwright.models.objects import Manifest, ObjectKey
from runwright.ports import Fate, RunStanding
from runwright.rules.bubustack.parentage import Parent
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster

RUNS = "runs.bubustack.io/v1alpha1"
WORKFLOW = "storyrun/shop/web-1/7f3a"
GOING: Any = {"deletionTimestamp": "2026-03-01T12:00:00Z"}
PARENT = ObjectKey(api_version=RUNS, kind="StoryRun", namespace="shop", name="web-1", uid="7f3a")


def parent(**metadata: Any) -> Manifest:
    """Return the StoryRun `web-1`."""
    known = {"name": "web-1", "namespace": "shop", "uid": "7f3a"}
    return {"apiVersion": RUNS, "kind": "StoryRun", "metadata": {**known, **metadata}}


def child(
    *,
    owner: str = "7f3a",
    said: dict[str, Any] | None = None,
    phase: str = "",
    cancel: bool = False,
    **metadata: Any,
) -> Manifest:
    """Return the StoryRun of the step `call`, as the first execution of its parent makes it."""
    made_by = {"workflow_id": WORKFLOW, "execution": "r1", "step": "call", **(said or {})}
    reference = {"apiVersion": RUNS, "kind": "StoryRun", "name": "web-1", "uid": owner}
    known = {
        "name": "web-1-call",
        "namespace": "shop",
        "labels": {"bubustack.io/parent-storyrun": "web-1"},
        "annotations": Parent(**made_by).annotation,
        "ownerReferences": [reference],
    }
    status = {"status": {"phase": phase}} if phase else {}
    return {
        "apiVersion": RUNS,
        "kind": "StoryRun",
        "metadata": {**known, **metadata},
        "spec": {"storyRef": {"name": "inner"}, "cancelRequested": cancel},
        **status,
    }


class _Fates:
    """What Temporal says of runs."""

    def __init__(self, **fates: Fate) -> None:
        self._fates = fates

    async def standing(self, workflow_id: str) -> RunStanding:
        """Return how a run stands, by its name."""
        return RunStanding(self._fates[workflow_id.split("/")[2].replace("-", "_")])


async def made(cluster: MemoryCluster, **wanted: Any) -> str:
    return await KubernetesChildRuns(cluster).make(child(**wanted), PARENT)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_runs, "_MOST_LOOKS", 2)


async def test_what_was_made_is_found_by_the_next_attempt() -> None:
    """Its worker died before it could say so."""
    cluster = MemoryCluster(parent())

    first, second = await made(cluster), await made(cluster)

    assert first == second
    assert await cluster.get(STORY_RUNS, "shop", "web-1-call")


async def test_what_an_earlier_execution_made_makes_way() -> None:
    cluster = MemoryCluster(parent())

    first = await made(cluster)
    second = await made(cluster, said={"execution": "r2", "activation": 2})

    assert first != second


async def test_what_has_not_gone_yet_is_waited_for() -> None:
    """Its run has to end first."""
    cluster = MemoryCluster(parent(), child(uid="old", **GOING))

    with pytest.raises(StillRunningError, match="that of an earlier execution has not gone yet"):
        await made(cluster, said={"execution": "r2", "activation": 2})


async def test_what_goes_with_an_earlier_parent_of_that_name_is_waited_for() -> None:
    cluster = MemoryCluster(parent(), child(uid="old", owner="6e2b", **GOING))

    with pytest.raises(StillRunningError, match="has not gone yet"):
        await made(cluster)


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ({"ownerReferences": []}, "one exists that does not belong to this run"),
        ({"annotations": {}}, "one exists that was not made for this step"),
        ({"annotations": {"runwright.dev/parent": "?"}}, "was not made for this step"),
        ({"said": {"step": "ca-ll"}}, "one exists that was not made for this step"),
        ({"said": {"activation": 2}}, "one exists that a later execution of this run made"),
    ],
    ids=["nobody's", "not a step's", "unreadable", "another step's", "a later execution's"],
)
async def test_case_29_what_is_not_this_steps_is_left_alone(there: Any, why: str) -> None:
    cluster = MemoryCluster(parent(), child(**there))

    with pytest.raises(NotOursError, match=f"create storyrun shop/web-1-call: .*{why}"):
        await made(cluster)


async def test_what_somebody_deleted_meanwhile_is_not_made_again() -> None:
    cluster = MemoryCluster(parent(), child(**GOING))

    with pytest.raises(NotFoundError, match="it was made, and somebody deleted it"):
        await made(cluster)


@pytest.mark.parametrize(
    ("there", "is_found"),
    [
        ({}, True),
        ({"phase": "Failed"}, True),
        (GOING, False),
        ({"cancel": True}, False),
        ({"said": {"step": "other"}}, False),
        ({"ownerReferences": []}, False),
        ({"name": "web-1-other"}, False),
    ],
    ids=["open", "over", "going", "cancelled", "another step's", "nobody's", "none"],
)
async def test_an_earlier_executions_is_found_if_its_run_can_go_on(
    there: dict[str, Any], *, is_found: bool
) -> None:
    cluster = MemoryCluster(parent(), child(uid="old", **there))

    found = await KubernetesChildRuns(cluster).find(child(said={"execution": "r2"}))

    assert found == ("old" if is_found else "")


@pytest.mark.parametrize("is_deleted", [False, True], ids=["unexpectedly", "as it is known"])
async def test_nothing_is_made_for_a_parent_that_goes_unless_that_is_known(
    *, is_deleted: bool
) -> None:
    """Its hooks may execute Stories too."""
    runs = KubernetesChildRuns(MemoryCluster(parent(**GOING)))

    if is_deleted:
        assert await runs.make(child(), PARENT, is_deleted=True)
        return
    with pytest.raises(NotFoundError, match="find storyrun shop/web-1: it is being deleted"):
        await runs.make(child(), PARENT)


async def test_nothing_is_made_in_a_namespace_that_is_not_served() -> None:
    runs = KubernetesChildRuns(MemoryCluster(parent()), served="office")

    with pytest.raises(RefusedError, match="this worker serves the namespace office alone"):
        await runs.make(child(), PARENT)


@pytest.mark.parametrize(
    ("of_parent", "of_child", "abandoned"),
    [
        (Fate.OPEN, Fate.MISSING, False),
        (Fate.CLOSED, Fate.MISSING, True),
        (Fate.ENDED_OUTSIDE, Fate.MISSING, True),
        (Fate.MISSING, Fate.MISSING, True),
        (Fate.CLOSED, Fate.OPEN, False),
    ],
    ids=["it will start", "never started", "terminated", "never was", "it has just started"],
)
async def test_a_run_is_abandoned_once_its_parent_is_over_and_it_never_started(
    of_parent: Fate, of_child: Fate, *, abandoned: bool
) -> None:
    launcher: Any = _Fates(web_1=of_parent, web_1_call=of_child)
    run = StoryRun.model_validate(child())

    told = await is_abandoned(launcher, run, Parent(workflow_id=WORKFLOW, step="call"))

    assert told is abandoned


async def test_of_the_children_of_a_run_only_its_own_go_that_are_over() -> None:
    cluster = MemoryCluster(
        child(phase="Succeeded"),
        child(name="web-1-open", phase="Running"),
        child(name="web-1-other", phase="Succeeded", owner="6e2b"),
    )

    await remove_child_runs(
        cluster, StoryRun.model_validate({**parent(), "spec": {"storyRef": {"name": "outer"}}})
    )

    left = {name for _, _, name in cluster.objects}
    assert left == {"web-1-open", "web-1-other"}
