"""What a pod wrote into the status of its StepRun."""

from datetime import UTC, datetime
from typing import Any

import pytest

from runwright.models.bubustack import ExitClass, Phase
from runwright.models.tasks import OutcomeReason, TaskOutcome
from runwright.rules.bubustack import progress
from runwright.rules.bubustack.reports import reported
from runwright.rules.bubustack.retries import Retries, classify, may_retry
from tests.unit.rules.states import NOW, state_of
from tests.unit.rules.stories import engram, story

ERROR = {"version": "v1", "type": "execution_error", "message": "no such host"}


def told(phase: str, **status: Any) -> TaskOutcome:
    """Return what a status of that phase reports, which is something."""
    found = reported({"phase": phase, "retries": 0, **status})
    assert found is not None
    return found


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"phase": None},
        {"phase": ""},
        {"phase": "Running", "output": {"a": 1}},
        {"phase": "Pending"},
        {"phase": "Blocked"},
        {"phase": "Perfect"},
        {"phase": ["Succeeded"]},
    ],
)
def test_a_status_without_an_end_reports_nothing(status: dict[str, Any]) -> None:
    assert reported(status) is None


def test_a_success_is_reported_with_its_output() -> None:
    found = told(
        "Succeeded",
        output={"url": "x"},
        exitClass="success",
        podName="p",
        startedAt="2026-03-01T12:00:00Z",
        finishedAt="2026-03-01T12:00:01.5Z",
    )

    assert (found.succeeded, found.reason) == (True, OutcomeReason.COMPLETED)
    assert (found.output, found.exit_code, found.exit_class) == ({"url": "x"}, 0, None)
    assert (found.message, found.error, found.diagnosis) == ("", None, None)
    assert found.pod == "p"
    assert found.started_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert found.finished_at == datetime(2026, 3, 1, 12, 0, 1, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("phase", ["Succeeded", "Skipped"])
def test_a_success_without_output_has_an_empty_one(phase: str) -> None:
    assert told(phase).output == {}
    assert told(phase, output=None).output == {}


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        (["a"], "status.output holds a list, not an object"),
        ("a", "status.output holds a string, not an object"),
        ({"a": "\ud800"}, "status.output is no JSON"),
    ],
)
def test_an_output_that_is_no_object_fails_a_success(output: Any, fault: str) -> None:
    found = told("Succeeded", output=output)

    assert (found.succeeded, found.reason) == (False, OutcomeReason.OUTPUT_INVALID)
    assert (found.output, found.message) == (None, fault)
    assert found.diagnosis is not None


def test_an_output_has_a_size() -> None:
    status = {"phase": "Succeeded", "output": {"a": "x" + "ü" * 45}}

    assert (exact := reported(status, 100)) is not None
    assert (over := reported(status, 99)) is not None
    assert exact.succeeded
    assert over.reason is OutcomeReason.OUTPUT_TOO_LARGE
    assert over.message == "status.output has 100 bytes, 99 are allowed"


def test_a_failure_is_reported_with_its_error() -> None:
    found = told("Failed", error=ERROR, exitCode=1, exitClass="terminal")

    assert (found.succeeded, found.reason) == (False, OutcomeReason.EXITED)
    assert (found.message, found.exit_code) == ("no such host", 1)
    assert (found.exit_class, found.error) == ("terminal", ERROR)
    assert (found.output, classify(found)) == (None, ExitClass.TERMINAL)


def test_the_last_failure_is_the_message_and_is_cut() -> None:
    assert told("Failed", error=ERROR, lastFailureMsg="dns").message == "dns"
    assert len(told("Failed", lastFailureMsg="x" * 9000).message) == 2048
    assert told("Failed").message == "the task reported Failed"


def test_a_timeout_is_told_as_one() -> None:
    found = told("Timeout")

    assert (found.reason, found.exit_code) == (OutcomeReason.TIMED_OUT, 124)
    assert classify(found) is ExitClass.RETRY


@pytest.mark.parametrize("phase", ["Canceled", "Finished", "Aborted"])
def test_a_task_that_says_it_was_cancelled_is_stopped(phase: str) -> None:
    found = told(phase)

    assert (found.reason, found.message) == (OutcomeReason.STOPPED, f"the task reported {phase}")


@pytest.mark.parametrize(
    ("status", "exit_class"),
    [
        ({"exitClass": "retry", "error": ERROR | {"exitClass": "terminal"}}, ExitClass.RETRY),
        ({"error": ERROR | {"exitClass": "rateLimited"}}, ExitClass.RATE_LIMITED),
        ({"error": ERROR | {"retryable": True}, "exitCode": 1}, ExitClass.RETRY),
        ({"error": ERROR | {"retryable": False}, "exitCode": 137}, ExitClass.TERMINAL),
        ({"error": ERROR | {"exitCode": 143}}, ExitClass.RETRY),
        ({"error": ERROR | {"exitClass": "flaky"}, "exitCode": 1}, ExitClass.UNKNOWN),
        ({"exitCode": 1}, ExitClass.TERMINAL),
        ({"exitCode": True}, ExitClass.UNKNOWN),
        ({"exitCode": "1", "error": "no"}, ExitClass.UNKNOWN),
        ({}, ExitClass.UNKNOWN),
    ],
)
def test_case_73_a_failure_is_classed_by_the_nearest_word(
    status: dict[str, Any], exit_class: ExitClass
) -> None:
    assert classify(told("Failed", **status)) is exit_class


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        ("boom", None),
        ({"message": 7}, None),
        ({"message": "boom"}, {"version": "v1", "type": "unknown", "message": "boom"}),
        (ERROR | {"type": "odd"}, {"version": "v1", "type": "unknown", "message": "no such host"}),
        (ERROR | {"details": {"a": 1}}, ERROR | {"details": {"a": 1}}),
        (ERROR | {"details": {"a": "x" * 9000}}, ERROR),
        (ERROR | {"odd": 1}, ERROR),
    ],
)
def test_an_error_is_kept_as_far_as_it_can_be_read(error: Any, kept: dict[str, Any] | None) -> None:
    """It is written back with the status, and the cluster takes no other form."""
    assert told("Failed", error=error).error == kept


@pytest.mark.parametrize("phase", [Phase.SUCCEEDED, Phase.FAILED, Phase.TIMEOUT])
def test_case_41_a_step_ends_in_the_phase_that_its_pod_reported(phase: Phase) -> None:
    one = state_of(story(engram("a")), a=Phase.RUNNING).steps["a"]

    assert progress.task_ended(one, told(phase.value), NOW).phase is phase


def test_case_42_a_reported_failure_is_tried_again_while_retries_are_left() -> None:
    """Upstream it is final, whatever its class."""
    found = told("Failed", exitCode=1, exitClass="retry")

    assert may_retry(Retries(max_retries=2), classify(found), 1)
    assert not may_retry(Retries(max_retries=2), classify(found), 2)
