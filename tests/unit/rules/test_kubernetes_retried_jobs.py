"""How a task ended whose Job makes another pod for one that failed."""

import pytest

from runwright.models.tasks import TaskOutcome
from runwright.rules.kubernetes.outcomes import outcome_of
from tests.unit.rules.cluster_objects import (
    COMPLETE,
    EXHAUSTED,
    Fields,
    condition,
    ended,
    job,
    pod,
    waiting,
)

AGAIN: Fields = {"backoffLimit": 1}
"""What a Job says that makes another pod for one that failed."""


def of_retried(
    pod: Fields | None, *conditions: Fields, is_stopped: bool = False
) -> TaskOutcome | None:
    """Return how the task ended whose Job has tries left as long as it is not over."""
    return outcome_of(job(*conditions, **AGAIN), pod, "engram", 1000, is_stopped=is_stopped)


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(pod("Failed", ended(3)), id="failed"),
        pytest.param(pod("Failed", reason="Evicted"), id="evicted"),
        pytest.param({**pod("Pending", deleted=True), "spec": {}}, id="deleted before a node"),
    ],
)
def test_a_pod_that_failed_is_no_end_while_its_job_makes_another(pod: Fields) -> None:
    assert of_retried(pod) is None
    assert outcome_of(job(backoffLimit=0), pod, "engram", 1000) is not None


def test_a_pod_that_failed_is_the_end_of_a_job_that_makes_no_other() -> None:
    failed = pod("Failed", ended(3))
    deleted = job(**AGAIN)
    deleted["metadata"]["deletionTimestamp"] = "2026-03-01T12:00:10Z"

    for found in (
        of_retried(failed, *EXHAUSTED),
        of_retried(failed, is_stopped=True),
        outcome_of(deleted, failed, "engram", 1000),
    ):
        assert found
        assert found.message == "exit code 3"


def test_a_pod_that_succeeded_is_the_end_whatever_was_tried_before() -> None:
    found = of_retried(pod("Succeeded", ended(0)))

    assert found
    assert found.succeeded


def test_case_62_a_job_that_was_suspended_once_has_succeeded() -> None:
    """K62: upstream takes a condition for true because it is there."""
    resumed = condition("Suspended", "JobResumed", status="False")

    found = of_retried(pod("Succeeded", ended(0)), resumed, *COMPLETE)

    assert found
    assert (found.succeeded, found.diagnosis) == (True, None)


def test_a_container_that_was_killed_in_its_next_run_failed_before() -> None:
    """Its Job counted the restarts and had enough, but the kubelet had begun anew by then."""
    killed = {**ended(137, name="init-b"), "lastState": ended(3, name="init-b")["state"]}
    waits = waiting("PodInitializing")

    found = of_retried(pod("Failed", killed, waits, deleted=True), *EXHAUSTED)

    assert found
    assert (found.message, found.exit_code) == ("init container init-b: exit code 3", 3)
    assert found.diagnosis
    assert found.diagnosis.summary == "the container failed"


def test_a_container_that_is_killed_by_others_did_not_fail_before() -> None:
    killed = {**ended(137), "lastState": ended(3)["state"]}

    found = of_retried(pod("Failed", killed, deleted=True), is_stopped=True)

    assert found
    assert found.exit_code == 137
