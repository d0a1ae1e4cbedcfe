"""How a task in a cluster ended whose time was up."""

from typing import Any

import pytest

from runwright.models.tasks import OutcomeReason
from tests.unit.rules.cluster_objects import (
    OVERDUE,
    Fields,
    ended,
    pod,
    running,
    waiting,
)
from tests.unit.rules.task_outcomes import category, outcome


def late(code: int, second: int, **fields: Any) -> Fields:
    """Return a pod that was deleted, whose container ended that long after the Job began."""
    container = ended(code)
    container["state"]["terminated"]["finishedAt"] = (
        f"2026-03-01T12:{second // 60:02}:{second % 60:02}Z"
    )
    phase = "Failed" if code else "Succeeded"
    return pod(phase, container, deleted=True, **fields)


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(None, id="no pod"),
        pytest.param(pod("Pending"), id="never started"),
        pytest.param(pod("Running", running(), deleted=True), id="still ending"),
        pytest.param(pod("Failed", deleted=True), id="ended before it ran"),
        pytest.param(late(143, 61), id="ended by it"),
        pytest.param(late(0, 61), id="ended by it, with exit code 0"),
    ],
)
def test_a_deadline_ends_a_task_whatever_its_pod_makes_of_it(pod: Fields | None) -> None:
    found = outcome(pod, *OVERDUE)

    assert (found.succeeded, found.reason) == (False, OutcomeReason.TIMED_OUT)
    assert (found.exit_code, found.message) == (124, "the Job's deadline passed")
    assert category(found) == "deadline"


def test_a_deadline_is_seen_in_the_pod_before_the_job_tells_of_it() -> None:
    assert outcome(late(0, 60)).reason is OutcomeReason.TIMED_OUT
    assert outcome(late(143, 60)).reason is OutcomeReason.TIMED_OUT


def test_a_deadline_of_the_pod_itself_counts_too() -> None:
    found = outcome(pod("Failed", ended(137), reason="DeadlineExceeded"))

    assert (found.reason, found.exit_code) == (OutcomeReason.TIMED_OUT, 124)


def test_an_end_before_the_deadline_wins_over_it() -> None:
    assert outcome(late(0, 59), *OVERDUE).succeeded
    assert outcome(late(3, 59), *OVERDUE).message == "exit code 3"


def test_a_deadline_says_what_the_pod_was_waiting_for() -> None:
    stuck = pod("Pending", waiting("ErrImagePull", "no such host"))

    found = outcome(stuck, *OVERDUE)

    assert (found.reason, category(found)) == (OutcomeReason.TIMED_OUT, "image-pull")
