"""The Job of a task: with what it goes."""

from datetime import timedelta
from typing import Any, Final

import pytest

from adapters.kubernetes.manifests import job_of
from runwright.models.objects import Manifest
from runwright.models.tasks import JobTemplate, Task
from tests.unit.adapters_kubernetes.tries import CLAIM, KEY

OWNER: Final = {"apiVersion": "example.org/v1", "kind": "Database", "name": "orders", "uid": "r-1"}
RECORD: Final[Manifest] = {
    "apiVersion": "runs.bubustack.io/v1alpha1",
    "kind": "StepRun",
    "metadata": {"name": "build", "uid": "s-1"},
}


def task(**fields: Any) -> Task:
    """Return a task with the template that those fields make."""
    spec = {"template": {"spec": {"containers": [{"name": "only", "image": "x"}]}}}
    return Task(
        key=KEY,
        command=(),
        timeout=timedelta(hours=1),
        grace=timedelta(seconds=30),
        max_output=4096,
        job=JobTemplate(spec=spec, **fields),
    )


@pytest.mark.parametrize(
    ("owners", "record", "expected"),
    [
        pytest.param((), None, [], id="nothing"),
        pytest.param((OWNER,), None, ["Database"], id="what its system says"),
        pytest.param((OWNER,), RECORD, ["StepRun"], id="its record"),
    ],
)
def test_a_job_goes_with(
    owners: tuple[Manifest, ...], record: Manifest | None, expected: list[str]
) -> None:
    metadata = job_of(task(owners=owners), CLAIM, record, "prod")["metadata"]

    assert [one["kind"] for one in metadata.get("ownerReferences", [])] == expected
