"""Work and WorkPlacement as a cluster sends them."""

from typing import Any

import pytest
from pydantic import ValidationError

from runwright.models.kratix import Work, WorkPlacement, works
from tests.unit.models.golden import changed, dumped, fields_left_out
from tests.unit.models.test_kratix_promises import CONDITION

_ROOT = "5058f1af8388633f609cadb75a75dc9d"
_READY = {**CONDITION, "type": "Ready", "status": "True", "message": "Ready"}
WORK: dict[str, Any] = {
    "apiVersion": "platform.kratix.io/v1alpha1",
    "kind": "Work",
    "metadata": {"name": "database-orders-instance", "namespace": "shop"},
    "spec": {
        "lastExecutionTimestamp": "2026-01-02T03:04:05Z",
        "promiseName": "database",
        "resourceName": "orders",
        "workloadGroups": [
            {
                "id": _ROOT,
                "directory": ".",
                "workloads": [
                    {"filepath": "database.yaml", "content": "H4sIAAAAAAAC/wMAAAAAAAAAAAA="}
                ],
                "destinationSelectors": [
                    {"matchLabels": {"environment": "dev"}, "source": "promise-workflow"}
                ],
            }
        ],
    },
    "status": {"conditions": [_READY], "workPlacements": 1, "workPlacementsCreated": 1},
}
PLACEMENT: dict[str, Any] = {
    "apiVersion": "platform.kratix.io/v1alpha1",
    "kind": "WorkPlacement",
    "metadata": {"name": "database-orders-instance.worker-1-5058f", "namespace": "shop"},
    "spec": {
        "targetDestinationName": "worker-1",
        "promiseName": "database",
        "resourceName": "orders",
        "id": _ROOT,
        "generation": 4,
    },
    "status": {"conditions": [_READY], "versionID": "8f3a"},
}


def test_every_field_is_read_and_written_under_its_wire_name() -> None:
    work, placement = Work.model_validate(WORK), WorkPlacement.model_validate(PLACEMENT)

    assert (dumped(work), dumped(placement)) == (WORK, PLACEMENT)
    assert fields_left_out(works, work, placement) == set()


def test_the_files_of_a_placement_are_not_read() -> None:
    """They are those of the Work again, and can be large."""
    document = changed(PLACEMENT, ("spec", "workloads"), [{"filepath": "a", "content": "b"}])

    assert dumped(WorkPlacement.model_validate(document)) == PLACEMENT


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "promiseName"), None),
        (("spec", "workloadGroups", 0, "directory"), None),
        (("spec", "workloadGroups", 0, "destinationSelectors", 0, "source"), "destination"),
        (("status", "workPlacements"), "1"),
    ],
)
def test_a_work_out_of_bounds_is_refused_at_its_path(
    path: tuple[str | int, ...], value: object
) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        Work.model_validate(changed(WORK, path, value))

    assert refused.value.errors()[0]["loc"] == path
