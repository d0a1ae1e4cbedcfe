"""Whose a Job is, by what it says of itself and by where it is."""

from typing import Final

import pytest

from adapters.kubernetes import identity
from runwright.models.kratix import Parent, WorkflowAction, run_id
from runwright.models.objects import Manifest
from tests.unit.adapters_kubernetes.tries import job
from tests.unit.rules.kratix.runs import APART, PROMISE, REQUEST

PARENTS: Final = pytest.mark.parametrize(
    "parent", [REQUEST, APART, PROMISE], ids=["request", "request-apart", "promise"]
)


def of_a_pipeline(parent: Parent, namespace: str) -> Manifest:
    """Return a Job in a namespace that says that it is of a run of a parent's pipelines."""
    made = job(workflow_id=run_id(parent, WorkflowAction.CONFIGURE, 3))
    return {**made, "metadata": {**made["metadata"], "namespace": namespace}}


@PARENTS
def test_a_job_of_a_pipeline_is_known_where_its_pipelines_run(parent: Parent) -> None:
    assert identity.key_of(of_a_pipeline(parent, parent.home)) is not None


@PARENTS
@pytest.mark.parametrize("namespace", ["elsewhere", "configure", "r-1", "p-1"])
def test_a_job_anywhere_else_speaks_for_no_pipeline(parent: Parent, namespace: str) -> None:
    """Whoever may make Jobs in some namespace must not say how the task of another one ended."""
    assert identity.key_of(of_a_pipeline(parent, namespace)) is None


def test_a_job_in_the_namespace_of_a_request_apart_is_not_of_its_pipelines() -> None:
    assert identity.key_of(of_a_pipeline(APART, "shop")) is None
