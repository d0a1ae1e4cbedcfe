"""The cluster of one Promise that is kept in memory: what tests of workflows take for granted."""

from typing import Any, Final

import pytest

from adapters.memory.kratix import (
    MemoryMirror,
    MemoryParents,
    MemoryPipelines,
    MemoryPromises,
    MemoryRemoval,
)
from adapters.memory.platform import MemoryPlatform
from runwright.errors import InvalidManifestError, NotFoundError
from runwright.models.kratix import Parent, PipelineRun, WorkflowAction
from runwright.models.kratix.keys import (
    DELETE_WORKFLOWS,
    MANUAL_RECONCILIATION,
    RESOURCE_REQUEST_CLEANUP,
    RUN_FROM_START,
    WORK_CLEANUP,
)
from runwright.models.objects import EventType, ObjectEvent, ObjectKey, StatusPatch, StatusUpdate
from runwright.rules.kratix.works import packed
from tests.unit.rules.kratix.documents import (
    pipeline,
    pipeline_manifest,
    promise_manifest,
    workflows,
)

CONFIGURE: Final = WorkflowAction.CONFIGURE


def request(**metadata: Any) -> dict[str, Any]:
    """Return a request."""
    return {
        "apiVersion": "example.org/v1",
        "kind": "Database",
        "metadata": {"name": "orders", "namespace": "shop", **metadata},
        "spec": {"size": "small"},
    }


def platform(**metadata: Any) -> MemoryPlatform:
    """Return a platform with a Promise of two pipelines and one request."""
    two = workflows(pipeline_manifest("a"), pipeline_manifest("b"))
    return MemoryPlatform(promise_manifest(**two), request(**metadata))


def run_of(parent: Parent) -> PipelineRun:
    """Return a pipeline of a request, as it is run."""
    return PipelineRun(
        parent=parent, action=CONFIGURE, pipeline=pipeline("a"), hash="0", is_last=True, number="1"
    )


async def test_a_plan_has_the_pipelines_and_how_the_parent_is() -> None:
    there = platform()
    orders = there.parent("shop", "orders")

    plan = await MemoryParents(there).plan(orders, CONFIGURE)

    assert plan.names == ("a", "b")
    assert plan.seen == there.seen(orders)
    assert plan.promise_version == "not-set"


async def test_what_is_gone_or_cannot_be_read_has_no_plan() -> None:
    there = platform()
    orders = there.parent("shop", "orders")
    parents = MemoryParents(there)
    there.delete(orders)

    with pytest.raises(NotFoundError, match="plan configure of Database orders: it is gone"):
        await parents.plan(orders, CONFIGURE)
    there.apply(request())
    there.apply(promise_manifest(**workflows({**pipeline_manifest("a"), "kind": "Job"})))
    with pytest.raises(InvalidManifestError, match="kind"):
        await parents.plan(orders, CONFIGURE)


async def test_another_spec_is_another_generation_and_hash_and_a_label_only_a_version() -> None:
    there = platform()
    orders = there.parent("shop", "orders")
    first = there.seen(orders)
    there.label(orders, MANUAL_RECONCILIATION)
    labelled = there.seen(orders)
    there.apply({**request(), "spec": {"size": "large"}})
    changed = there.seen(orders)

    assert first
    assert labelled
    assert changed
    assert labelled.sight.is_on(MANUAL_RECONCILIATION)
    assert labelled.sight.hash == first.sight.hash
    assert first.is_older_than(labelled)
    assert changed.sight.generation == 2
    assert changed.sight.hash != first.sight.hash


async def test_labels_that_are_so_already_are_not_written() -> None:
    there = platform()
    orders, parents = there.parent("shop", "orders"), MemoryParents(there)

    first = await parents.mark(orders, [RUN_FROM_START], [])
    again = await parents.mark(orders, [RUN_FROM_START], [MANUAL_RECONCILIATION])
    taken = await parents.mark(orders, [], [RUN_FROM_START])

    assert first == again
    assert taken
    assert not taken.sight.is_on(RUN_FROM_START)


async def test_what_is_deleted_stays_until_its_last_finalizer_is_released() -> None:
    there = platform(finalizers=[DELETE_WORKFLOWS, WORK_CLEANUP])
    orders, parents = there.parent("shop", "orders"), MemoryParents(there)
    there.delete(orders)

    first = await parents.release(orders, DELETE_WORKFLOWS)
    last = await parents.release(orders, WORK_CLEANUP)

    assert first
    assert (first.is_deleted, first.finalizers) == (True, (WORK_CLEANUP,))
    assert last is None
    assert there.gone == ["orders"]


async def test_an_object_of_the_same_name_that_came_later_is_another() -> None:
    there = platform(uid="first")
    orders, parents = there.parent("shop", "orders"), MemoryParents(there)
    there.delete(orders)
    there.apply(request(uid="second"))

    assert await parents.see(orders) is None
    assert await parents.mark(orders, [RUN_FROM_START], []) is None


async def test_what_a_pipeline_hands_over_becomes_a_status_and_a_work() -> None:
    there = platform()
    orders, pipelines = there.parent("shop", "orders"), MemoryPipelines(there)
    handed_over = {"status": "stage: one", "files": {"database.yaml": packed(b"kind: Secret")}}

    collected = await pipelines.collect(run_of(orders), handed_over)
    (work,) = await pipelines.works(orders)

    assert collected.status == {"stage": "one"}
    assert [one.filepath for one in work.spec.workload_groups[0].workloads] == ["database.yaml"]


@pytest.mark.parametrize(
    ("handed_over", "problem"),
    [
        pytest.param({"status": "kratix: {}"}, "status.yaml: kratix", id="not its own"),
        pytest.param({"control": "retryAfter: 1d"}, "workflow-control.yaml", id="no duration"),
        pytest.param({"files": {"a": "AAAA"}}, "no gzip", id="no file"),
        pytest.param({"unknown": 1}, "unknown", id="no handover"),
    ],
)
async def test_what_cannot_be_read_is_a_problem(handed_over: dict[str, Any], problem: str) -> None:
    there = platform()

    collected = await MemoryPipelines(there).collect(
        run_of(there.parent("shop", "orders")), handed_over
    )

    assert problem in collected.problem
    assert there.works == {}


async def test_requests_are_asked_to_run_anew_and_go_with_their_promise() -> None:
    there = platform()
    removal = MemoryRemoval(there)

    assert await MemoryPromises(there).ask_requests(there.parent()) == 1
    seen = there.seen(there.parent("shop", "orders"))
    assert seen
    assert seen.sight.is_on(RUN_FROM_START)
    assert await removal.remove(there.parent(), RESOURCE_REQUEST_CLEANUP) == []
    assert there.gone == ["orders"]


async def test_a_status_is_merged_into_the_object_that_is_meant() -> None:
    there = platform()
    orders = there.parent("shop", "orders")
    key = ObjectKey(
        api_version=orders.api_version,
        kind=orders.kind,
        namespace="shop",
        name="orders",
        uid=orders.uid,
    )
    event = ObjectEvent(object=key, type=EventType.NORMAL, reason="X", message="y")
    first = StatusPatch(object=key, status={"message": "Pending", "workflows": 1})
    second = StatusPatch(object=key, status={"message": None})

    await MemoryMirror(there).show(StatusUpdate(patches=(first, second), events=(event,)))

    assert there.status(orders) == {"workflows": 1}
    assert there.status(there.parent()) == {}
    assert there.events == [event]
