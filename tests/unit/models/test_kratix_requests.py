"""Requests for a Promise, and ResourceBinding, as a cluster or a file sends them."""

from typing import Any

import pytest
from pydantic import ValidationError

from runwright.models.kratix import ResourceBinding, ResourceRequest, requests
from tests.unit.models.golden import changed, dumped, fields_left_out
from tests.unit.models.test_kratix_promises import CONDITION, WORKFLOWS_STATUS

_TIME = "2026-01-02T03:04:05Z"
REQUEST: dict[str, Any] = {
    "apiVersion": "example.org/v1",
    "kind": "Database",
    "metadata": {"name": "orders", "namespace": "shop", "generation": 3},
    "spec": {"size": "small", "backups": None},
    "status": {
        "workflows": 2,
        "workflowsSucceeded": 1,
        "workflowsFailed": 0,
        "message": "Pending",
        "observedGeneration": 2,
        "conditions": [{**CONDITION, "type": "Reconciled", "reason": "WorkflowPending"}],
        "lastSuccessfulConfigureWorkflowTime": _TIME,
        "kratix": {"workflows": WORKFLOWS_STATUS},
        "promiseVersion": "v1.0.0",
        "resourceBindingVersion": "latest",
        "connection": {"host": "orders.example.org"},
    },
}
BINDING: dict[str, Any] = {
    "apiVersion": "platform.kratix.io/v1alpha1",
    "kind": "ResourceBinding",
    "metadata": {"name": "orders-database", "namespace": "shop"},
    "spec": {
        "version": "latest",
        "promiseRef": {"name": "database"},
        "resourceRef": {"name": "orders", "namespace": "shop"},
    },
    "status": {
        "lastAppliedVersion": "v1.0.0",
        "failedVersion": "v2.0.0",
        "conditions": [{**CONDITION, "type": "UpgradeSucceeded", "reason": "UpgradeFailed"}],
    },
}


def test_every_field_is_read_and_written_under_its_wire_name() -> None:
    request, binding = (
        ResourceRequest.model_validate(REQUEST),
        ResourceBinding.model_validate(BINDING),
    )

    assert (dumped(request), dumped(binding)) == (REQUEST, BINDING)
    assert fields_left_out(requests, request, binding) == set()


def test_what_a_pipeline_wrote_into_a_status_is_kept() -> None:
    request = ResourceRequest.model_validate(REQUEST)

    assert request.status is not None
    assert request.status.model_extra == {"connection": {"host": "orders.example.org"}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "version"), None),
        (("spec", "promiseRef", "name"), ""),
        (("spec", "resourceRef", "namespace"), ""),
        (("status", "conditions", 0, "status"), "Maybe"),
    ],
)
def test_a_binding_out_of_bounds_is_refused_at_its_path(
    path: tuple[str | int, ...], value: object
) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        ResourceBinding.model_validate(changed(BINDING, path, value))

    assert refused.value.errors()[0]["loc"] == path
