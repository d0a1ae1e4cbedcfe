"""Promise and PromiseRevision as a cluster or a file sends them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from runwright.models.kratix import Promise, PromiseRevision, promises, shared
from runwright.models.kratix.shared import Compat
from tests.unit.models.golden import changed, dumped, fields_left_out

CONDITION = {
    "type": "Available",
    "status": "False",
    "reason": "PromiseUnavailable",
    "message": "Cannot fulfil resource requests",
    "observedGeneration": 1,
    "lastTransitionTime": "2026-01-02T03:09:05Z",
}
PIPELINE: dict[str, Any] = {
    "apiVersion": "platform.kratix.io/v1alpha1",
    "kind": "Pipeline",
    "metadata": {"name": "instance", "labels": {"team": "data"}, "annotations": {"note": "x"}},
    "spec": {"containers": [{"name": "create", "image": "example.org/create:1"}]},
}
API: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "databases.example.org"},
    "spec": {
        "group": "example.org",
        "names": {
            "plural": "databases",
            "singular": "database",
            "kind": "Database",
            "listKind": "DatabaseList",
            "shortNames": ["db"],
            "categories": ["all"],
        },
        "scope": "Namespaced",
        "versions": [{"name": "v1", "served": True, "storage": True}],
        "conversion": {"strategy": "None"},
    },
}
SPEC: dict[str, Any] = {
    "api": API,
    "workflows": {
        "config": {"pipelineNamespace": "pipelines", "reconciliationInterval": "3m0s"},
        "promise": {"configure": [PIPELINE], "delete": [PIPELINE]},
        "resource": {"configure": [PIPELINE], "delete": [PIPELINE]},
    },
    "requiredPromises": [{"name": "network", "version": "v1.0.0"}],
    "dependencies": [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "db"}}],
    "destinationSelectors": [{"matchLabels": {"environment": "dev"}}],
}
_OFFERED: dict[str, Any] = {
    "kind": "Database",
    "apiVersion": "example.org/v1",
    "version": "v2.0.0",
    "status": "Unavailable",
    "lastAvailableTime": "2026-01-02T03:04:05Z",
}
PIPELINE_STATUS: dict[str, Any] = {
    "name": "instance",
    "phase": "Suspended",
    "lastTransitionTime": "2026-01-02T03:09:05Z",
    "message": "waits for the quota",
    "nextRetryAt": "2026-01-02T03:10:05Z",
    "attempts": 3,
    "hash": "0123456789abcdef0123456789abcdef",
    "jobName": "kratix-database-instance-0a1b2",
}
_LANE: dict[str, Any] = {
    "pipelines": [PIPELINE_STATUS],
    "suspendedGeneration": 2,
    "lastSuccessfulTime": "2026-01-02T03:04:05Z",
}
WORKFLOWS_STATUS: dict[str, Any] = {
    **_LANE,
    "configure": _LANE,
    "delete": _LANE,
    "lastSuccessfulConfigureWorkflowTime": "2026-01-02T03:04:05Z",
}
_WHOLE: dict[str, Any] = {
    "apiVersion": "platform.kratix.io/v1alpha1",
    "kind": "Promise",
    "metadata": {"name": "database", "uid": "u-1", "generation": 2},
    "spec": SPEC,
    "status": {
        **_OFFERED,
        "workflows": 1,
        "workflowsSucceeded": 0,
        "workflowsFailed": 1,
        "observedGeneration": 1,
        "message": "Pending",
        "conditions": [CONDITION],
        "requiredPromises": [
            {"name": "network", "version": "v1.0.0", "state": "Requirement installed"}
        ],
        "requiredBy": [
            {"promise": {"name": "shop", "version": "v3.0.0"}, "requiredVersion": "v2.0.0"}
        ],
        "kratix": {**_OFFERED, "workflows": WORKFLOWS_STATUS},
    },
}
PROMISE: dict[str, Any] = json.loads(json.dumps(_WHOLE))
"""With nothing in it twice: a change of one part is none of another."""
REVISION: dict[str, Any] = {
    "apiVersion": "platform.kratix.io/v1alpha1",
    "kind": "PromiseRevision",
    "metadata": {"name": "database-v2.0.0"},
    "spec": {"promiseRef": {"name": "database"}, "promiseSpec": SPEC, "version": "v2.0.0"},
    "status": {"latest": True, "conditions": [CONDITION]},
}

_INHERITED = ("ApiStatus.", "WorkflowCounts.")
"""Models that are part of others only, and said there."""


def test_every_field_is_read_and_written_under_its_wire_name() -> None:
    promise, revision = Promise.model_validate(PROMISE), PromiseRevision.model_validate(REVISION)

    assert (dumped(promise), dumped(revision)) == (PROMISE, REVISION)
    left_out = fields_left_out(promises, promise, revision) | fields_left_out(
        shared, promise, revision
    )
    assert {one for one in left_out if not one.startswith(_INHERITED)} == set()


def test_the_smallest_promise_says_nothing() -> None:
    """It has no API, and no workflow either."""
    promise = Promise.model_validate({"metadata": {}, "spec": {}})

    assert promise.spec.api is None
    assert promise.spec.workflows.resource.configure == ()
    assert promise.status is None


def test_an_interval_is_a_duration_of_go() -> None:
    promise = Promise.model_validate(PROMISE)

    assert promise.spec.workflows.config is not None
    assert promise.spec.workflows.config.reconciliation_interval == timedelta(minutes=3)


def test_a_pipeline_that_nobody_could_run_is_kept_as_it_was_written() -> None:
    """Whether it can be read is said later, with every other problem of the Promise."""
    strange = {**PIPELINE, "apiVersion": "tekton.dev/v1", "spec": {"steps": 3}, "extra": [1]}
    document = changed(PROMISE, ("spec", "workflows", "resource", "configure", 0), strange)

    assert dumped(Promise.model_validate(document)) == document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("apiVersion",), "platform.kratix.io/v1beta1"),
        (("spec", "api", "metadata", "name"), None),
        (("spec", "api", "spec", "names", "kind"), None),
        (("spec", "workflows", "config", "reconciliationInterval"), "1d"),
        (("spec", "workflows", "resource", "configure", 0, "metadata", "name"), 7),
        (("spec", "requiredPromises", 0, "name"), None),
        (("status", "status"), "Ready"),
        (("status", "workflowsFailed"), "1"),
        (("status", "kratix", "workflows", "configure", "pipelines", 0, "phase"), "Waiting"),
        (("status", "kratix", "workflows", "pipelines", 0, "nextRetryAt"), "soon"),
    ],
)
def test_a_promise_out_of_bounds_is_refused_at_its_path(
    path: tuple[str | int, ...], value: object
) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        Promise.model_validate(changed(PROMISE, path, value))

    assert refused.value.errors()[0]["loc"] == path


def test_a_manual_reconciliation_suspends_as_it_did_and_statuses_were_flat() -> None:
    assert (Compat.AUGUST_2026.suspends, Compat.AUGUST_2026.is_keyed) == (True, False)
    assert (Compat.SEPTEMBER_2026.suspends, Compat.SEPTEMBER_2026.is_keyed) == (False, True)
