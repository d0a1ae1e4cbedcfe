"""What Promises and requests ask of the entities that look after them."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.kratix.keys import (
    DELETE_WORKFLOWS,
    MANUAL_RECONCILIATION,
    ON,
    PAUSED,
    PROMISE_NAME,
    PROMISE_VERSION,
    WORKFLOW_SUSPENDED,
)
from runwright.rules.kratix.deletion import PROMISE_STEPS, REQUEST_STEPS
from runwright.rules.kratix.hashes import request_hash, spec_hash
from runwright.rules.kratix.intake import (
    Around,
    Hold,
    Meaning,
    Nothing,
    Refuse,
    Say,
    differs,
    gone,
    meaning_of_promise,
    meaning_of_request,
)
from runwright.rules.kratix.kept import (
    Kind,
    ParentName,
    kept_binding,
    kept_definition,
    kept_promise,
    kept_request,
    kept_revision,
    kept_work,
    named,
)
from tests.unit.rules.kratix.documents import API, pipeline_manifest, promise_manifest, workflows

Fields = dict[str, Any]
KIND = Kind("example.org/v1", "Database", "databases")
TEN_HOURS = timedelta(hours=10)
DELETED = {"deletionTimestamp": "2026-01-02T03:04:05Z"}


def stored(manifest: Fields, /, **metadata: Any) -> Fields:
    """Return an object as the API server has it."""
    known = {"uid": "u-1", "resourceVersion": "7", "generation": 1}
    return {**manifest, "metadata": {**known, **manifest["metadata"], **metadata}}


def request(**metadata: Any) -> Fields:
    """Return a request for the Promise `database`."""
    manifest = {
        "apiVersion": "example.org/v1",
        "kind": "Database",
        "metadata": {"name": "orders", "namespace": "shop"},
        "spec": {"size": 1},
    }
    return stored(manifest, **metadata)


def of_promise(manifest: Fields, /, **metadata: Any) -> Meaning:
    """Return what is to be done about a Promise."""
    return meaning_of_promise(kept_promise(stored(manifest, **metadata)), TEN_HOURS)


def of_request(
    one: Fields, promise: Fields | None, *revisions: Fields, binding: Fields | None = None
) -> Meaning:
    """Return what is to be done about a request."""
    kept = [kept_revision(revision) for revision in revisions]
    around = Around(
        kept_promise(promise) if promise else None,
        {one.promise_version: one for one in kept},
        kept_binding(binding) if binding else None,
        TEN_HOURS,
    )
    return meaning_of_request(kept_request(one), KIND, around, "database")


HELD: Fields = {"finalizers": list(REQUEST_STEPS), "labels": {PROMISE_NAME: "database"}}
PROMISE = stored(promise_manifest())


def revision(version: str, **spec: Any) -> Fields:
    """Return a version of the Promise `database`."""
    manifest = {
        "metadata": {"name": f"database-{version}"},
        "spec": {
            "promiseRef": {"name": "database"},
            "promiseSpec": {"api": API, **spec},
            "version": version,
        },
    }
    return stored(manifest)


def binding(version: str) -> Fields:
    """Return what ties the request to a version."""
    manifest = {
        "metadata": {"name": "database-orders", "namespace": "shop"},
        "spec": {
            "version": version,
            "promiseRef": {"name": "database"},
            "resourceRef": {"name": "orders", "namespace": "shop"},
        },
    }
    return stored(manifest)


def test_a_new_promise_is_held_before_anything_is_done_for_it() -> None:
    meaning = of_promise(promise_manifest())

    assert isinstance(meaning, Hold)
    assert set(meaning.metadata["finalizers"]) == {*PROMISE_STEPS} - {DELETE_WORKFLOWS}


def test_finalizers_of_others_stay() -> None:
    meaning = of_promise(promise_manifest(), finalizers=["example.org/theirs"])

    assert isinstance(meaning, Hold)
    assert meaning.metadata["finalizers"][0] == "example.org/theirs"


def test_the_finalizer_of_the_delete_workflow_comes_and_goes_with_its_pipeline() -> None:
    """K56: a Promise without one has no such finalizer."""
    with_one = promise_manifest(**workflows(pipeline_manifest(), type_="promise", action="delete"))
    held = of_promise(with_one)
    assert isinstance(held, Hold)
    assert DELETE_WORKFLOWS in held.metadata["finalizers"]

    again = of_promise(promise_manifest(), finalizers=held.metadata["finalizers"])

    assert isinstance(again, Hold)
    assert DELETE_WORKFLOWS not in again.metadata["finalizers"]


def test_a_promise_that_is_held_gets_its_entity() -> None:
    held = of_promise(promise_manifest())
    assert isinstance(held, Hold)

    meaning = of_promise(promise_manifest(), **held.metadata)

    assert isinstance(meaning, Say)
    assert meaning.starts
    assert meaning.seen.sight.hash == spec_hash(promise_manifest())
    assert meaning.seen.interval == TEN_HOURS


def test_a_promise_that_cannot_be_read_is_refused_with_every_problem() -> None:
    """It gets no entity, which could do nothing for it."""
    config = {"config": {"reconciliationInterval": "soon"}, "resource": {"configure": [3]}}

    meaning = of_promise(promise_manifest(workflows=config))

    assert isinstance(meaning, Refuse)
    assert "spec.workflows.config.reconciliationInterval" in meaning.message
    assert "spec.workflows.resource.configure[0]" in meaning.message


def test_a_promise_that_cannot_be_read_can_be_deleted_all_the_same() -> None:
    config = {"config": {"reconciliationInterval": "soon"}}
    finalizers = list(PROMISE_STEPS)

    meaning = of_promise(promise_manifest(workflows=config), finalizers=finalizers, **DELETED)

    assert isinstance(meaning, Say)
    assert meaning.starts


@pytest.mark.parametrize(("finalizers", "starts"), [([], False), (["a/b"], False)])
def test_what_goes_without_our_finalizers_gets_no_entity(
    finalizers: list[str], *, starts: bool
) -> None:
    meaning = of_promise(promise_manifest(), finalizers=finalizers, **DELETED)

    assert isinstance(meaning, Say)
    assert meaning.starts is starts


def test_a_new_request_is_labelled_and_held() -> None:
    """K2: before its first Job."""
    meaning = of_request(request(finalizers=["a/b"]), PROMISE)

    assert isinstance(meaning, Hold)
    assert meaning.metadata == {
        "finalizers": ["a/b", *REQUEST_STEPS],
        "labels": {PROMISE_NAME: "database"},
    }


def test_a_request_that_is_held_is_seen_with_its_promise() -> None:
    meaning = of_request(request(**HELD), PROMISE)

    assert isinstance(meaning, Say)
    assert meaning.seen.sight.hash == request_hash(PROMISE, request())
    assert (meaning.seen.version, meaning.seen.promise_version) == ("7", "7")
    assert meaning.parent.plural == "databases"


def test_a_request_of_a_paused_promise_is_seen_so() -> None:
    """K36."""
    paused = stored(promise_manifest(labels={PAUSED: ON}))

    meaning = of_request(request(**HELD), paused)

    assert isinstance(meaning, Say)
    assert meaning.seen.sight.promise_paused


def test_a_request_that_was_paused_from_the_start_can_be_deleted() -> None:
    """K37: nothing was done for it, so nothing holds it."""
    meaning = of_request(request(labels={PAUSED: ON}), PROMISE)

    assert isinstance(meaning, Say)
    assert meaning.starts


def test_a_request_whose_promise_cannot_fulfil_it_is_seen_so() -> None:
    """K38."""
    unavailable = {"type": "Available", "status": "False"}
    promise = {**PROMISE, "status": {"conditions": [unavailable]}}

    meaning = of_request(request(**HELD), promise)

    assert isinstance(meaning, Say)
    assert not meaning.seen.sight.promise_available


@pytest.mark.parametrize("promise", [None, stored(promise_manifest(), **DELETED)])
def test_nothing_is_begun_for_a_request_whose_promise_goes_or_is_gone(
    promise: Fields | None,
) -> None:
    assert isinstance(of_request(request(), promise), Nothing)


def test_a_request_whose_promise_is_gone_can_be_deleted() -> None:
    """Upstream waits for the Promise for ever."""
    meaning = of_request(request(**HELD, **DELETED), None, revision("v1"))

    assert isinstance(meaning, Say)
    assert meaning.starts
    assert meaning.seen.sight.promise_deleting


def test_a_request_gets_the_version_that_it_is_bound_to() -> None:
    """K17: whatever its Promise is by now."""
    old, new = revision("v1", destinationSelectors=[]), revision("v2")
    promise = stored(promise_manifest(labels={PROMISE_VERSION: "v2"}))

    bound = of_request(request(**HELD), promise, old, new, binding=binding("v1"))
    floating = of_request(request(**HELD), promise, old, new, binding=binding("latest"))

    assert isinstance(bound, Say)
    assert isinstance(floating, Say)
    assert bound.seen.sight.hash == request_hash({"spec": old["spec"]["promiseSpec"]}, request())
    assert floating.seen.sight.hash == request_hash(promise, request())


def test_a_request_that_goes_is_seen_in_the_version_that_it_has() -> None:
    """K55: also where its binding names a version that is not kept."""
    old = revision("v1", workflows={"config": {"pipelineNamespace": "elsewhere"}})
    going = {**request(**HELD, **DELETED), "status": {"promiseVersion": "v1"}}

    meaning = of_request(going, PROMISE, old, binding=binding("v9"))

    assert isinstance(meaning, Say)
    assert meaning.parent.pipeline_namespace == "elsewhere"


def seen(version: str = "7", **labels: str) -> Any:
    """Return how the request is."""
    ours = {PROMISE_NAME: "database", **labels}
    held = {"finalizers": list(REQUEST_STEPS), "labels": ours, "resourceVersion": version}
    meaning = of_request(request(**held), PROMISE)
    assert isinstance(meaning, Say)
    return meaning.seen


@pytest.mark.parametrize(
    ("said", "now", "is_told"),
    [
        (None, seen(), True),
        (seen(), seen("8"), False),
        (seen(), seen("8", **{WORKFLOW_SUSPENDED: ON}), True),
        (seen(**{WORKFLOW_SUSPENDED: ON}), seen("8", **{WORKFLOW_SUSPENDED: ON}), False),
        (seen(**{MANUAL_RECONCILIATION: ON}), seen("8", **{MANUAL_RECONCILIATION: ON}), True),
        (seen(**{MANUAL_RECONCILIATION: ON}), seen("7", **{MANUAL_RECONCILIATION: ON}), False),
    ],
    ids=["never", "a status", "a label", "the label still", "asked again", "a resync"],
)
def test_an_entity_hears_what_it_was_not_told_yet(said: Any, now: Any, *, is_told: bool) -> None:
    """A label that asks for a run may have been taken and set again, unseen: so it is told."""
    assert differs(said, now) is is_told


def test_what_is_gone_is_held_by_nothing() -> None:
    assert (gone(seen()).is_deleted, gone(seen()).finalizers) == (True, ())


def test_what_is_gone_is_not_paused_any_more() -> None:
    """A request that was never held goes while it is paused: its entity must end all the same."""
    paused = seen(**{PAUSED: ON})
    sight = paused.sight.model_copy(update={"promise_paused": True})

    now = gone(paused.model_copy(update={"sight": sight})).sight

    assert (sight.is_on(PAUSED), now.is_on(PAUSED), now.promise_paused) == (True, False, False)


def test_the_kind_of_requests_is_that_of_the_version_that_is_stored() -> None:
    versions = [
        {"name": "v1", "served": True, "storage": False},
        {"name": "v2", "served": True, "storage": True},
    ]
    spec = {**API["spec"], "versions": versions}
    established = {"conditions": [{"type": "Established", "status": "True"}]}
    manifest = {**API, "spec": spec, "status": established}

    kept = kept_definition(stored(manifest, labels={PROMISE_NAME: "database"}))

    assert kept.promise == "database"
    assert kept.kind == Kind("example.org/v2", "Database", "databases")
    assert kept.is_established


@pytest.mark.parametrize(
    ("labels", "parent"),
    [
        ({}, ParentName("database", "shop", "orders")),
        ({"kratix.io/resource-namespace": "web"}, ParentName("database", "web", "orders")),
    ],
    ids=["beside its request", "elsewhere"],
)
def test_a_work_belongs_to_the_request_that_it_says(
    labels: dict[str, str], parent: ParentName
) -> None:
    """K60: two requests of one name in two namespaces are two."""
    manifest = {
        "metadata": {
            "name": "w",
            "namespace": "shop",
            "labels": {PROMISE_NAME: "database", "kratix.io/resource-name": "orders", **labels},
        },
        "spec": {"promiseName": "database", "workloadGroups": []},
    }

    assert kept_work(stored(manifest)).parent == parent


@pytest.mark.parametrize(
    ("workflow", "name"),
    [
        ("kratix/database/promise/p-1", ParentName("database")),
        ("kratix/database/shop/orders/r-1", ParentName("database", "shop", "orders")),
        ("kratix/database/shop/orders/r-1/shop/configure/3", None),
        ("storyrun/shop/web-1/7f3a", None),
    ],
)
def test_the_id_of_an_entity_says_whose_it_is(workflow: str, name: ParentName | None) -> None:
    assert named(workflow) == name
