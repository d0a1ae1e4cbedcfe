"""The task of a pipeline: its identity, its limit, and what is said of its failure."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.errors import InvalidManifestError
from runwright.models.kratix import Pipeline
from runwright.models.kratix.keys import HASH, TIMEOUT
from runwright.models.tasks import Backend, Diagnosis, OutcomeReason, TaskOutcome
from runwright.rules.kratix.tasks import (
    UNBOUNDED,
    Execution,
    failure_of,
    run_of,
    task_of,
    timeout_of,
)
from tests.unit.rules.kratix.documents import pipeline
from tests.unit.rules.kratix.runs import PROMISE
from tests.unit.rules.kratix.starts import start_of

EXECUTION = Execution("kratix/database/shop/orders/r-1/configure/3", "first")


def limited(text: str) -> Pipeline:
    """Return a pipeline whose author wrote that as its limit."""
    return pipeline("a", annotations={TIMEOUT: text})


def failed(reason: OutcomeReason, message: str = "", **diagnosis: Any) -> TaskOutcome:
    """Return how a Job failed."""
    found = Diagnosis(category="x", **diagnosis) if diagnosis else None
    return TaskOutcome(succeeded=False, reason=reason, message=message, diagnosis=found)


def test_a_pipeline_runs_as_one_job_of_its_workflow() -> None:
    start = start_of("a", "b")
    run = run_of(start, 1)
    task = task_of(run, start.plan, EXECUTION)

    assert (run.is_last, run.number, run.hash) == (True, "3", start.plan.seen.sight.hash)
    assert not run_of(start, 0).is_last
    assert (task.key.backend, task.key.namespace) == (Backend.KUBERNETES, "shop")
    assert (task.key.workflow_id, task.key.execution) == EXECUTION
    assert (task.key.activation, task.key.try_number) == (1, 1)
    assert task.key.name.startswith("kratix-database-orders-b-")
    assert task.job
    assert task.job.labels[HASH] == run.hash
    assert task.job.owners[0]["kind"] == "Database"


def test_each_run_has_jobs_of_its_own() -> None:
    """K29: so has each attempt, which is a run."""
    names = {
        task_of(run_of(start, 0), start.plan, EXECUTION).key.name
        for start in (start_of("a", number=number) for number in (1, 2, 3))
    }

    assert len(names) == 3


def test_the_jobs_of_a_promise_are_in_the_namespace_of_the_platform() -> None:
    start = start_of("a", parent=PROMISE)

    task = task_of(run_of(start, 0), start.plan, EXECUTION)

    assert task.key.namespace == "kratix-platform-system"


@pytest.mark.parametrize(
    ("one", "limit"),
    [
        pytest.param(pipeline("a"), UNBOUNDED, id="none"),
        pytest.param(limited("1h30m"), timedelta(minutes=90), id="its author's"),
    ],
)
def test_a_pipeline_may_take(one: Pipeline, limit: timedelta) -> None:
    start = start_of(one)

    assert task_of(run_of(start, 0), start.plan, EXECUTION).timeout == limit


@pytest.mark.parametrize("text", ["", "1d", "soon", "0s", "-5m"])
def test_a_limit_that_cannot_be_one_is_refused(text: str) -> None:
    with pytest.raises(InvalidManifestError, match=r'metadata.annotations\["runwright.dev/timeout'):
        timeout_of(limited(text))


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        pytest.param(
            failed(OutcomeReason.LOST, "its Job is gone"), "Lost: its Job is gone", id="lost"
        ),
        pytest.param(
            failed(OutcomeReason.EXITED, "exit code 1", summary="exit code 1"),
            "Exited: exit code 1",
            id="said once",
        ),
        pytest.param(
            failed(
                OutcomeReason.EXITED, "exit code 137", summary="out of memory", resolution="more"
            ),
            "Exited: exit code 137; out of memory; more",
            id="with what would mend it",
        ),
        pytest.param(
            failed(OutcomeReason.TIMED_OUT, "stopped at its deadline"),
            "TimedOut: stopped at its deadline; it may take 1m0s (runwright.dev/timeout)",
            id="too long",
        ),
        pytest.param(failed(OutcomeReason.STOPPED), "Stopped", id="nothing said"),
    ],
)
def test_a_failure_is_told(outcome: TaskOutcome, said: str) -> None:
    assert failure_of(outcome, limited("1m"), PROMISE) == said


def test_what_is_told_of_a_failure_is_bounded() -> None:
    outcome = failed(OutcomeReason.EXITED, "x" * 5000)

    assert len(failure_of(outcome, pipeline("a"), PROMISE)) == 1024
