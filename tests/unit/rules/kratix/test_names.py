"""How the objects of pipelines are called."""

import pytest

from runwright.models.kratix import Parent, WorkflowAction
from runwright.rules.kratix.names import job_name, pipeline_id, work_name
from tests.unit.rules.kratix.documents import pipeline
from tests.unit.rules.kratix.runs import APART, PROMISE, REQUEST, run_of


@pytest.mark.parametrize(
    ("parent", "readable"),
    [
        (PROMISE, "kratix-database-instance-"),
        (REQUEST, "kratix-database-orders-instance-"),
        (APART, "kratix-database-orders-shop-instance-"),
    ],
    ids=["promise", "request", "request-apart"],
)
def test_a_job_is_called_by_its_parent_and_its_pipeline(parent: Parent, readable: str) -> None:
    """K40."""
    name = job_name(run_of(parent))

    assert name.startswith(readable)
    assert len(name) == len(readable) + 5


def test_an_attempt_finds_its_own_job_and_no_other() -> None:
    """Of the same pipeline: another run, another parent, another namespace, another action."""
    elsewhere = REQUEST.model_copy(update={"namespace": "bank"})
    again = REQUEST.model_copy(update={"uid": "r-2"})
    others = [
        run_of(number="2"),
        run_of(elsewhere),
        run_of(again),
        run_of(action=WorkflowAction.DELETE),
    ]

    assert job_name(run_of()) == job_name(run_of())
    assert len({job_name(run_of()), *map(job_name, others)}) == 5


@pytest.mark.parametrize("length", [30, 39, 40, 41, 253])
def test_a_name_is_cut_to_what_a_label_takes(length: int) -> None:
    """And ends in no hyphen before its digest."""
    long = REQUEST.model_copy(update={"name": f"{'x' * (length - 1)}-"})

    name = job_name(run_of(long))

    assert len(name) <= 63
    assert name[-6] == "-"
    assert name[-7].isalnum()


def test_names_that_are_cut_alike_are_told_apart() -> None:
    one, other = (
        run_of(REQUEST.model_copy(update={"name": f"{'x' * 60}-{end}"})) for end in ("a", "b")
    )

    assert job_name(one) != job_name(other)
    assert work_name(one) != work_name(other)


def test_a_work_is_the_same_for_all_runs_of_a_pipeline() -> None:
    """K46."""
    assert work_name(run_of(number="1")) == work_name(run_of(number="2", hash="f" * 32))
    assert work_name(run_of()) != work_name(run_of(one=pipeline("other")))


def test_an_account_is_called_by_promise_workflow_and_pipeline() -> None:
    assert pipeline_id(run_of()) == "database-resource-configure-instance"
    assert pipeline_id(run_of(PROMISE, WorkflowAction.DELETE)) == "database-promise-delete-instance"
