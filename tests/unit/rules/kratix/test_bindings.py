"""Which version of its Promise a request gets."""

import pytest

from runwright.models.kratix import PromiseRevision, ResourceBinding
from runwright.rules.kratix.bindings import (
    Versions,
    binding_of,
    promise_version,
    revision_of,
    version_to_delete,
    version_to_run,
)
from tests.unit.rules.kratix.documents import promise, promise_manifest
from tests.unit.rules.kratix.runs import APART

LABEL = "kratix.io/promise-version"


def test_a_promise_that_names_no_version_has_one_revision() -> None:
    manifest = promise_manifest()

    revision = revision_of(promise(), manifest["spec"])

    read = PromiseRevision.model_validate(revision)
    assert (read.metadata.name, read.spec.version) == ("database-not-set", "not-set")
    assert revision["spec"]["promiseSpec"] == manifest["spec"]


def test_a_request_is_bound_beside_itself() -> None:
    """With its labels, but for those that ask for a run: that is not asked for twice."""
    asked = {"team": "a", "kratix.io/manual-reconciliation": "true"}

    read = ResourceBinding.model_validate(binding_of(APART, asked, "latest"))

    assert (read.metadata.namespace, read.metadata.name) == ("shop", "database-orders")
    assert read.metadata.labels == {
        "kratix.io/promise-name": "database",
        "kratix.io/resource-name": "orders",
        "team": "a",
    }
    assert (read.spec.version, read.spec.resource_ref.name) == ("latest", "orders")


def test_a_version_is_a_label() -> None:
    labelled = promise(labels={LABEL: "v1.2.0"})

    assert promise_version(labelled) == "v1.2.0"
    assert revision_of(labelled, {})["metadata"]["name"] == "database-v1-2-0"


@pytest.mark.parametrize(
    ("versions", "run", "delete"),
    [
        (Versions("v2", "latest", "v1", "v1"), "v2", "v1"),
        (Versions("v2", "v1", "v1", "v1"), "v1", "v1"),
        (Versions("v2", shown="v1"), "v1", "v1"),
        (Versions("v2", applied="v1"), "v2", "v1"),
        (Versions("v2"), "v2", "v2"),
        (Versions("v3", "gone", "v1", "v1"), "gone", "v1"),
    ],
    ids=["floating", "pinned", "no-binding", "applied", "new", "missing-revision"],
)
def test_a_request_runs_what_it_is_bound_to_and_goes_with_what_it_has(
    versions: Versions, run: str, delete: str
) -> None:
    """K17 and K55."""
    assert (version_to_run(versions), version_to_delete(versions)) == (run, delete)
