"""Which version of its Promise a request gets."""

from typing import Any

import pytest

from runwright.models.kratix import (
    BindingStrategy,
    PromiseRevision,
    ResourceBinding,
    ResourceBindingStatus,
)
from runwright.rules.kratix.bindings import (
    Versions,
    binding_of,
    first_version,
    promise_version,
    revision_of,
    upgrade_failed,
    upgrade_started,
    upgrade_succeeded,
    version_to_delete,
    version_to_run,
    wants_upgrade,
)
from tests.unit.models.golden import changed
from tests.unit.models.test_kratix_requests import BINDING
from tests.unit.rules.kratix.documents import promise, promise_manifest
from tests.unit.rules.kratix.runs import APART
from tests.unit.rules.kratix.states import at

V1 = ResourceBindingStatus(last_applied_version="v1")
LABEL = "kratix.io/promise-version"


def binding(failed: str | None = None, **labels: str) -> ResourceBinding:
    """Return a binding whose last failure was at a version."""
    document = changed(BINDING, ("status",), {"failedVersion": failed} if failed else {})
    return ResourceBinding.model_validate(changed(document, ("metadata", "labels"), labels))


def told(status: ResourceBindingStatus) -> list[tuple[str, str, str]]:
    """Return status, reason and message of each condition."""
    return [(one.status.value, one.reason, one.message) for one in status.conditions]


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


def test_a_new_binding_follows_its_promise_or_is_pinned() -> None:
    assert first_version(BindingStrategy.FLOATING, "v2") == "latest"
    assert first_version(BindingStrategy.PINNED, "v2") == "v2"


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


@pytest.mark.parametrize(
    ("versions", "one", "wanted"),
    [
        pytest.param(Versions("v2", "v2", "v1", "v1"), binding(), True, id="bound-to-another"),
        pytest.param(Versions("v2", "latest", "v1", "v1"), binding(), True, id="latest-moved"),
        pytest.param(Versions("v2", "v1", "v1", "v1"), binding(), False, id="pinned"),
        pytest.param(Versions("v3", "v3", "v1", "v1"), binding("v3"), False, id="failed-before"),
        pytest.param(Versions("v4", "v4", "v1", "v1"), binding("v3"), True, id="beyond-a-failure"),
        pytest.param(Versions("v1", "v1"), binding(), False, id="first"),
        pytest.param(
            Versions("not-set", "latest", "not-set", "not-set"), binding(), False, id="unversioned"
        ),
    ],
)
def test_pipelines_run_for_another_version_once(
    versions: Versions, one: ResourceBinding, *, wanted: bool
) -> None:
    """K17 and K18."""
    assert wants_upgrade(one, versions) is wanted


def test_a_version_that_failed_is_tried_again_by_hand() -> None:
    """K18."""
    labelled = binding("v3", **{"kratix.io/manual-reconciliation": "true"})

    assert wants_upgrade(labelled, Versions("v3", "v3", "v1", "v1"))


def test_an_upgrade_is_told_from_its_beginning_to_its_end() -> None:
    """K17."""
    begun = upgrade_started(V1, "v2", at(1))
    over = upgrade_succeeded(begun, "v2", at(2))

    assert told(begun) == [("Unknown", "UpgradeInProgress", "Upgrading to version v2")]
    assert begun.last_applied_version == "v1"
    assert told(over) == [("True", "UpgradeComplete", "The request has version v2")]
    assert (over.last_applied_version, over.failed_version) == ("v2", None)


def test_an_upgrade_that_fails_leaves_the_version_as_it_was() -> None:
    """K18."""
    message: Any = "A Configure Pipeline has failed: instance"

    failed = upgrade_failed(upgrade_started(V1, "v3", at(1)), "v3", message, at(2))
    again = upgrade_started(failed, "v3", at(3))

    assert told(failed) == [("False", "UpgradeFailed", message)]
    assert (failed.last_applied_version, failed.failed_version) == ("v1", "v3")
    assert again.failed_version is None


def test_the_first_version_is_no_upgrade() -> None:
    first = upgrade_succeeded(ResourceBindingStatus(), "v1", at(1))

    assert (first.last_applied_version, first.conditions) == ("v1", ())
