"""What a try came to, when it was seen, reported, stopped or deleted all at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runwright.models.tasks import Diagnosis, OutcomeReason, TaskOutcome
from runwright.rules.kubernetes.judgement import given_up, judged, without_output, without_pod
from runwright.rules.kubernetes.outcomes import outcome_of
from runwright.rules.kubernetes.pods import last
from tests.unit.rules.cluster_objects import Fields, ended, waiting
from tests.unit.rules.cluster_objects import job as made_job
from tests.unit.rules.cluster_objects import pod as made_pod

END = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
TROUBLE = Diagnosis(category="exit", summary="the container failed")


def seen(*, succeeded: bool = True, at: datetime = END) -> TaskOutcome:
    """Return what a pod that ended shows."""
    reason = OutcomeReason.COMPLETED if succeeded else OutcomeReason.EXITED
    return TaskOutcome(
        succeeded=succeeded,
        reason=reason,
        output={"seen": True} if succeeded else None,
        pod="web-1",
        finished_at=at,
        diagnosis=None if succeeded else TROUBLE,
    )


def ended_pod(until: datetime | None = None, grace: int = 30) -> Fields:
    """Return a pod, told to end by then if a time is given."""
    metadata: dict[str, Any] = {"name": "web-1", "creationTimestamp": "2026-03-01T12:00:00Z"}
    if until is not None:
        metadata["deletionTimestamp"] = until.isoformat()
        metadata["deletionGracePeriodSeconds"] = grace
    return {"metadata": metadata, "status": {"phase": "Succeeded"}}


ALIVE: Fields = {"metadata": {}, "spec": {}}
GOING: Fields = {"metadata": {"deletionTimestamp": "2026-03-01T12:00:00Z"}, "spec": {}}


def test_what_the_task_reported_counts_before_what_was_seen_of_it() -> None:
    reported = TaskOutcome(succeeded=True, reason=OutcomeReason.COMPLETED, output={"mine": 1})

    found = judged(ALIVE, ended_pod(), seen(succeeded=False), reported, None)

    assert (found.succeeded, found.output, found.diagnosis) == (True, {"mine": 1}, None)
    assert (found.pod, found.finished_at) == ("web-1", END)


def test_what_was_stopped_before_its_container_began_says_so() -> None:
    """The one before it had ended long before: that was no end of the task."""
    begun = ended(0, name="init-reader")
    pod = made_pod("Failed", begun, waiting("PodInitializing"))
    shown = outcome_of(made_job(suspend=True), pod, "engram", 4096, is_stopped=True)
    assert shown

    found = judged(made_job(suspend=True), pod, shown, None, END + timedelta(minutes=5))

    assert (found.reason, found.diagnosis) == (OutcomeReason.STOPPED, None)


def test_a_success_that_was_reported_stands_though_its_pod_was_told_to_stop() -> None:
    reported = TaskOutcome(succeeded=True, reason=OutcomeReason.COMPLETED, output={})

    assert judged(GOING, ended_pod(), seen(), reported, END).succeeded


@pytest.mark.parametrize(
    ("stopped_at", "reason"),
    [
        (END + timedelta(milliseconds=999), OutcomeReason.STOPPED),
        (END + timedelta(seconds=1), OutcomeReason.COMPLETED),
        (None, OutcomeReason.COMPLETED),
    ],
    ids=["in the same second", "before it was told", "never told"],
)
def test_what_ends_once_it_was_told_to_has_not_ended_by_itself(
    stopped_at: datetime | None, reason: OutcomeReason
) -> None:
    found = judged(ALIVE, ended_pod(), seen(), None, stopped_at)

    assert found.reason is reason
    assert found.succeeded is (reason is OutcomeReason.COMPLETED)


@pytest.mark.parametrize(
    ("told_before_end", "is_lost"), [(timedelta(seconds=1), True), (timedelta(seconds=-1), False)]
)
def test_exit_code_0_of_a_pod_that_was_told_to_end_is_no_success(
    told_before_end: timedelta, *, is_lost: bool
) -> None:
    pod = ended_pod(until=END - told_before_end + timedelta(seconds=30))

    found = judged(ALIVE, pod, seen(), None, None)

    assert (found.reason is OutcomeReason.LOST) is is_lost


def test_a_failure_of_a_job_that_was_deleted_is_told_as_that() -> None:
    found = judged(GOING, ended_pod(), seen(succeeded=False), None, None)

    assert found.diagnosis
    assert found.diagnosis.category == "deleted"
    assert "audit log" in found.diagnosis.resolution


@pytest.mark.parametrize(
    ("job", "was_stopped", "reason"),
    [
        ({"spec": {"suspend": True}}, True, OutcomeReason.STOPPED),
        ({"spec": {"suspend": True}}, False, None),
        ({"spec": {"suspend": False}}, True, None),
        (GOING, True, OutcomeReason.LOST),
    ],
)
def test_a_job_that_will_have_no_pod_is_over(
    job: Fields, *, was_stopped: bool, reason: OutcomeReason | None
) -> None:
    found = without_pod(job, was_stopped=was_stopped)

    assert (found.reason if found else None) is reason


def test_a_running_pod_tells_the_end_before_one_that_ended_later_was_made() -> None:
    running = {**ended_pod(), "status": {"phase": "Running"}}
    newer = ended_pod()
    newer["metadata"]["creationTimestamp"] = "2026-03-01T13:00:00Z"

    assert last([newer, running]) is running
    assert last([ended_pod(), newer]) is newer
    assert last([]) is None


def test_a_pod_that_succeeded_tells_the_end_before_one_that_failed_later() -> None:
    """Of a node that was drained, say: its Job wants one success, and ends the pod in excess."""
    succeeded = {**ended_pod(), "status": {"phase": "Succeeded"}}
    excess = {**ended_pod(), "status": {"phase": "Failed"}}
    excess["metadata"]["creationTimestamp"] = "2026-03-01T13:00:00Z"

    assert last([succeeded, excess]) is succeeded


def test_a_pod_whose_node_answers_is_waited_for() -> None:
    overdue = ended_pod(until=END)
    overdue["status"] = {"phase": "Running"}

    assert given_up([overdue], END + timedelta(hours=1)) is None
    assert given_up([], END) is None


def test_an_output_that_cannot_be_carried_makes_a_success_a_failure() -> None:
    found = without_output(seen())

    assert (found.succeeded, found.output) == (False, None)
    assert found.reason is OutcomeReason.OUTPUT_INVALID
