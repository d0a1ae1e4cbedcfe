"""Promises and the requests for them as an API server has them."""

import pytest

from adapters.kubernetes.kratix.lookups import resource_of
from adapters.kubernetes.resources import DEFINITIONS, PROMISES, RESOURCE_BINDINGS
from runwright.errors import InvalidManifestError, NotFoundError
from runwright.models.kratix import Parent
from tests.cluster.kratix import ADAPTER, CONFIGURE, DELETE, Stand, stand
from tests.unit.rules.kratix.documents import pipeline_manifest, workflows

__all__ = ["stand"]

MANUAL = "kratix.io/manual-reconciliation"
SUSPENDED = "kratix.io/workflow-suspended"
HELD = "kratix.io/work-cleanup"


async def test_a_request_is_seen_with_its_promise(stand: Stand) -> None:
    promise = await stand.offered(annotations={"kratix.io/reconciliation-interval": "5m"})
    request = await stand.request()

    seen = await stand.parents.see(request)

    assert seen
    assert seen.version == (await stand.there(request))["metadata"]["resourceVersion"]
    assert seen.promise_version == (await stand.there(promise))["metadata"]["resourceVersion"]
    assert (seen.sight.generation, seen.is_deleted) == (1, False)
    assert seen.interval.total_seconds() == 300


async def test_a_change_of_either_is_another_hash(stand: Stand) -> None:
    """And of nothing else: a label is none."""
    promise = await stand.offered()
    request = await stand.request()
    hashes = [await _hash(stand, request)]

    await stand.edit(request, metadata={"labels": {"team": "a"}})
    hashes.append(await _hash(stand, request))
    await stand.edit(request, spec={"size": 2})
    hashes.append(await _hash(stand, request))
    await stand.edit(promise, spec={"destinationSelectors": [{"matchLabels": {"a": "b"}}]})
    await stand.promises.install(promise)
    hashes.append(await _hash(stand, request))

    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


async def test_another_object_of_that_name_is_not_the_parent(stand: Stand) -> None:
    """Who was deleted and made anew is somebody else."""
    await stand.offered()
    first = await stand.request()
    await stand.cluster.delete(resource_of(first), (first.namespace, first.name))

    second = await stand.request()

    assert await stand.parents.see(first) is None
    assert await stand.parents.mark(first, [MANUAL], []) is None
    assert await stand.parents.release(first, HELD) is None
    assert await stand.parents.see(second) is not None


async def test_with_its_kind_a_request_is_gone(stand: Stand) -> None:
    """And what has gone is no error, whatever the API server answers of an unknown kind."""
    await stand.offered()
    request = await stand.request()

    await stand.cluster.delete(DEFINITIONS, ("", f"databases.{stand.name}.example.org"))
    while await stand.cluster.get(DEFINITIONS, "", f"databases.{stand.name}.example.org"):
        pass

    assert await stand.parents.see(request) is None


async def test_a_request_without_its_promise_can_be_seen(stand: Stand) -> None:
    """Else it could not be deleted; nothing is done for it any more."""
    await stand.offered()
    request = await stand.request()

    await stand.cluster.delete(PROMISES, ("", stand.name))

    seen = await stand.parents.see(request)
    assert seen
    assert (seen.sight.promise_deleting, seen.promise_version) == (True, "")


async def test_labels_are_set_and_taken_away_at_once(stand: Stand) -> None:
    promise = await stand.promise(labels={SUSPENDED: "true", "team": "a"})

    seen = await stand.parents.mark(promise, [MANUAL], [SUSPENDED])

    assert seen
    assert seen.sight.labels == {MANUAL: "true", "team": "a"}
    metadata = (await stand.there(promise))["metadata"]
    assert (metadata["labels"], metadata["resourceVersion"]) == (seen.sight.labels, seen.version)


async def test_labels_that_are_so_already_are_not_written(stand: Stand) -> None:
    promise = await stand.promise(labels={MANUAL: "true"})
    before = await stand.parents.see(promise)

    assert await stand.parents.mark(promise, [MANUAL], [SUSPENDED]) == before


async def test_a_switch_with_another_value_is_set(stand: Stand) -> None:
    """K15: it was off."""
    promise = await stand.promise(labels={MANUAL: "yes"})

    seen = await stand.parents.mark(promise, [MANUAL], [])

    assert seen
    assert seen.sight.is_on(MANUAL)


async def test_one_finalizer_is_taken_and_the_others_stay(stand: Stand) -> None:
    await stand.offered()
    request = await stand.request()
    await stand.edit(request, metadata={"finalizers": [HELD, "example.org/mine"]})

    seen = await stand.parents.release(request, HELD)
    again = await stand.parents.release(request, HELD)

    assert seen
    assert seen.finalizers == ("example.org/mine",)
    assert again == seen


async def test_with_its_last_finalizer_a_parent_goes(stand: Stand) -> None:
    await stand.offered()
    request = await stand.request()
    await stand.edit(request, metadata={"finalizers": [HELD]})
    await stand.cluster.delete(resource_of(request), (request.namespace, request.name))
    going = await stand.parents.see(request)

    assert going
    assert going.is_deleted
    assert await stand.parents.release(request, HELD) is None
    assert await stand.parents.see(request) is None


async def test_a_plan_has_what_its_promise_says_now(stand: Stand) -> None:
    pipelines = workflows(pipeline_manifest("a"), pipeline_manifest("b"))["workflows"]
    pipelines["config"] = {"pipelineNamespace": stand.namespace}
    await stand.offered(
        workflows=pipelines, destinationSelectors=[{"matchLabels": {"environment": "dev"}}]
    )
    request = await stand.request()

    plan = await stand.parents.plan(request, CONFIGURE)

    assert (plan.names, plan.promise_version) == (("a", "b"), "not-set")
    assert (plan.image, plan.pull_secret) == ADAPTER
    assert plan.selectors == ({"environment": "dev"},)
    assert plan.parent.pipeline_namespace == stand.namespace
    assert plan.seen == await stand.parents.see(request)


async def test_of_a_delete_workflow_one_pipeline_is_planned(stand: Stand) -> None:
    """K53."""
    two = (pipeline_manifest("a"), pipeline_manifest("b"))
    await stand.offered(**workflows(*two, action="delete"))
    request = await stand.request()

    assert (await stand.parents.plan(request, DELETE)).names == ("a",)
    assert (await stand.parents.plan(request, CONFIGURE)).names == ()


async def test_pipelines_that_cannot_be_read_are_every_problem(stand: Stand) -> None:
    """K44."""
    wrong = (pipeline_manifest("a", unknown=1), pipeline_manifest("b", other=1))
    promise = await stand.promise(**workflows(*wrong, type_="promise"))

    with pytest.raises(InvalidManifestError, match="there is no such field") as refused:
        await stand.parents.plan(promise, CONFIGURE)

    assert len(refused.value.problems) == 2


async def test_a_request_is_bound_to_the_latest_version_once(stand: Stand) -> None:
    await stand.offered()
    request = await stand.request()

    await stand.parents.plan(request, DELETE)
    assert await stand.names(RESOURCE_BINDINGS) == []
    await stand.parents.plan(request, CONFIGURE)
    await stand.parents.plan(request, CONFIGURE)

    (binding,) = await stand.listed(RESOURCE_BINDINGS, stand.namespace)
    assert binding["spec"] == {
        "version": "latest",
        "promiseRef": {"name": stand.name},
        "resourceRef": {"name": "orders", "namespace": stand.namespace},
    }


async def test_a_binding_that_an_earlier_controller_made_is_kept(stand: Stand) -> None:
    await stand.offered()
    request = await stand.request()
    labels = {"kratix.io/promise-name": stand.name, "kratix.io/resource-name": "orders"}
    await stand.cluster.create(
        {
            "apiVersion": "platform.kratix.io/v1alpha1",
            "kind": "ResourceBinding",
            "metadata": {"name": "orders-x7f2k", "namespace": stand.namespace, "labels": labels},
            "spec": {
                "version": "latest",
                "promiseRef": {"name": stand.name},
                "resourceRef": {"name": "orders", "namespace": stand.namespace},
            },
        }
    )

    await stand.parents.plan(request, CONFIGURE)

    assert await stand.names(RESOURCE_BINDINGS) == ["orders-x7f2k"]


async def test_what_is_gone_has_no_plan(stand: Stand) -> None:
    await stand.offered()
    request = await stand.request()
    await stand.cluster.delete(resource_of(request), (request.namespace, request.name))

    with pytest.raises(NotFoundError, match=r"plan configure of database .*/orders: it is gone"):
        await stand.parents.plan(request, CONFIGURE)


async def test_a_request_can_be_deleted_though_its_promise_is_gone(stand: Stand) -> None:
    """By the version that is kept; upstream waits for the Promise for ever."""
    await stand.offered(**workflows(pipeline_manifest("bye"), action="delete"))
    request = await stand.request()
    await stand.cluster.delete(PROMISES, ("", stand.name))

    assert (await stand.parents.plan(request, DELETE)).names == ("bye",)


async def _hash(stand: Stand, parent: Parent) -> str:
    seen = await stand.parents.see(parent)
    assert seen
    return seen.sight.hash
