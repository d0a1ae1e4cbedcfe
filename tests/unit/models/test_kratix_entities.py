"""The ids of the workflows of Kratix's parents."""

import pytest

from adapters.kubernetes import identity
from runwright.models.kratix import Parent, WorkflowAction, run_id
from tests.unit.rules.kratix.runs import APART, PROMISE, REQUEST


@pytest.mark.parametrize(
    "parent", [REQUEST, APART, PROMISE], ids=["request", "request-apart", "promise"]
)
def test_the_id_of_a_run_has_the_namespace_of_its_jobs(parent: Parent) -> None:
    """A Job that names a run of another namespace is not believed, and its run never hears."""
    found = identity.namespace_of(run_id(parent, WorkflowAction.CONFIGURE, 3))

    assert found == parent.home


def test_the_id_of_a_run_begins_with_that_of_its_parent() -> None:
    assert (
        run_id(REQUEST, WorkflowAction.DELETE, 2) == "kratix/database/shop/orders/r-1/shop/delete/2"
    )
