"""Which version of its Promise a parent gets, and how the Promises that one requires are found."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.errors import NotFoundError
from runwright.models.kratix import Parent, Promise, RequiredPromise, WorkflowAction
from runwright.models.objects import Manifest
from runwright.rules.kratix.bindings import binding_of, revision_of
from runwright.rules.kratix.kept import KeptPromise, kept_promise
from runwright.rules.kratix.offers import Surroundings, offer_of, seen_with
from runwright.rules.kratix.requirements import requirement, requirers
from tests.unit.rules.kratix.documents import promise_manifest
from tests.unit.rules.kratix.runs import PROMISE, REQUEST

CONFIGURE, DELETE = WorkflowAction.CONFIGURE, WorkflowAction.DELETE
HOUR = timedelta(hours=1)
VERSION = "kratix.io/promise-version"


def offered(version: str, environment: str) -> Manifest:
    """Return a Promise in a version that wants its files in an environment."""
    selectors = [{"matchLabels": {"environment": environment}}]
    manifest = promise_manifest(labels={VERSION: version}, destinationSelectors=selectors)
    return {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": "7"}}


def kept(manifest: Manifest) -> Manifest:
    """Return the revision that keeps a Promise as it is."""
    return revision_of(Promise.model_validate(manifest), manifest["spec"])


def around(now: Manifest | None, *revisions: Manifest, **given: Any) -> Surroundings:
    """Return a request with what is around it; `shown` is the version that it says it has."""
    metadata = {"name": "orders", "namespace": "shop", "uid": "r-1", "resourceVersion": "9"}
    status = {"promiseVersion": given.get("shown", "")}
    there = {"apiVersion": "example.org/v1", "kind": "Database", "metadata": metadata}
    bound = given.get("bound")
    binding = binding_of(REQUEST, {}, bound) if bound else None
    return Surroundings({**there, "status": status}, now, revisions, binding)


def environment(
    action: WorkflowAction, found: Surroundings, parent: Parent = REQUEST
) -> tuple[str, str]:
    """Return the version that a parent gets, and what tells it from the others."""
    offer = offer_of(parent, action, found)
    return offer.version, offer.promise.spec.destination_selectors[0].match_labels["environment"]


V1, V2 = offered("v1", "one"), offered("v2", "two")
BOTH = (kept(V1), kept(V2))


@pytest.mark.parametrize(
    ("action", "given", "version"),
    [
        (CONFIGURE, {}, "v2"),
        (CONFIGURE, {"bound": "latest", "shown": "v1"}, "v2"),
        (CONFIGURE, {"bound": "v1"}, "v1"),
        (DELETE, {"bound": "latest", "shown": "v1"}, "v1"),
        (DELETE, {}, "v2"),
    ],
)
def test_a_request_gets_the_version_that_it_is_bound_to(
    action: WorkflowAction, given: dict[str, str], version: str
) -> None:
    """K17: and goes by the one that it has."""
    names = {"v1": "one", "v2": "two"}

    assert environment(action, around(V2, *BOTH, **given)) == (version, names[version])


def test_a_version_that_is_not_kept_yet_is_the_promise_as_it_is() -> None:
    assert environment(CONFIGURE, around(V2, BOTH[0])) == ("v2", "two")


def test_a_promise_itself_is_as_it_is() -> None:
    found = Surroundings(V2, V2, (kept(offered("v2", "before")),))

    assert environment(CONFIGURE, found, PROMISE) == ("v2", "two")


def test_without_its_promise_a_request_goes_by_what_is_kept() -> None:
    assert environment(DELETE, around(None, BOTH[0], shown="v1")) == ("v1", "one")


def test_without_anything_of_it_there_is_no_promise() -> None:
    with pytest.raises(NotFoundError, match="find the Promise database: it is gone"):
        offer_of(REQUEST, DELETE, around(None))


def test_a_change_of_the_promise_counts_once_it_is_kept() -> None:
    """As intake sees it: two that see it otherwise would have it run anew for ever."""
    changed = offered("v2", "three")

    before, meanwhile, after = (
        seen_with(REQUEST, around(now, revision), HOUR).sight.hash
        for now, revision in ((V2, BOTH[1]), (changed, BOTH[1]), (changed, kept(changed)))
    )

    assert before == meanwhile
    assert after != before


@pytest.mark.parametrize(
    ("version", "labels", "status", "state"),
    [
        (None, {}, "Available", "Requirement installed"),
        ("v1", {VERSION: "v1"}, "Available", "Requirement installed"),
        ("v1", {}, "Available", "Requirement not installed at the specified version"),
        (None, {}, "Unavailable", "Requirement not available"),
        (None, {}, None, "Requirement not available"),
    ],
)
def test_a_required_promise_is_found_as_it_is(
    version: str | None, labels: dict[str, str], status: str | None, state: str
) -> None:
    """K38."""
    there = {**_stored(promise_manifest(labels=labels)), "status": {"status": status}}

    found = requirement(RequiredPromise(name="database", version=version), kept_promise(there))

    assert (found.name, found.version, found.state) == ("database", version, state)


def test_a_required_promise_that_is_not_there_or_goes_is_not_installed() -> None:
    required = RequiredPromise(name="database")
    going = kept_promise(_stored(promise_manifest(), deletionTimestamp="2026-01-01T00:00:00Z"))

    assert {requirement(required, one).state for one in (None, going)} == {
        "Requirement not installed"
    }


def test_those_that_require_a_promise_are_told_by_name_without_those_that_go() -> None:
    promises = [
        _requiring("web", version="v2", labels={VERSION: "v7"}),
        _requiring("app"),
        _requiring("gone", deletionTimestamp="2026-01-01T00:00:00Z"),
        kept_promise(_stored(promise_manifest("other"))),
    ]

    told = [one.model_dump(exclude_none=True) for one in requirers("database", promises)]

    assert told == [
        {"promise": {"name": "app", "version": "not-set"}},
        {"promise": {"name": "web", "version": "v7"}, "requiredVersion": "v2"},
    ]


def _requiring(name: str, version: str | None = None, **metadata: Any) -> KeptPromise:
    """Return a Promise that requires `database`."""
    required = {"name": "database", **({"version": version} if version else {})}
    return kept_promise(_stored(promise_manifest(name, requiredPromises=[required]), **metadata))


def _stored(manifest: Manifest, **metadata: Any) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": "7", **metadata}}
