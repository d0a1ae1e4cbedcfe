"""What a StepRun shows of its step."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.bubustack import (
    ExitClass,
    Phase,
    StepRunStatus,
    StructuredError,
    StructuredErrorType,
)
from runwright.models.metadata import ConditionStatus
from runwright.models.story_run import StepProgress, StepReason
from runwright.models.tasks import Diagnosis
from runwright.rules.bubustack.status import step_run_status
from tests.unit.rules.shown import LATER, placed, running
from tests.unit.rules.states import NOW, changed
from tests.unit.rules.stories import engram, story

START = placed()


def step(phase: Phase, **fields: Any) -> StepProgress:
    """Return the step `build`, tried once."""
    given = {"task": "release-1-build", "tries": 1, "max_tries": 4, **fields}
    return changed(running(START, build=phase), "build", **given).steps["build"]


def status_of(phase: Phase, **fields: Any) -> StepRunStatus:
    """Return the status of such a step."""
    return step_run_status(START, step(phase, **fields))


def reasons(status: StepRunStatus) -> set[str]:
    """Return the reasons that the conditions give."""
    return {one.reason for one in status.conditions}


def test_a_success_with_all_that_is_known_of_it() -> None:
    status = status_of(
        Phase.SUCCEEDED,
        finished_at=LATER,
        exit_code=0,
        exit_class=ExitClass.SUCCESS,
        pod="release-1-build-x",
        output={"tag": "v1"},
    )

    assert (status.phase, status.started_at, status.finished_at) == (Phase.SUCCEEDED, NOW, LATER)
    assert (status.duration, status.last_output_at) == (timedelta(seconds=65), LATER)
    assert (status.exit_code, status.exit_class) == (0, ExitClass.SUCCESS)
    assert (status.pod_name, status.output) == ("release-1-build-x", {"tag": "v1"})
    assert (status.retries, status.error, status.last_failure_msg) == (0, None, "")
    assert reasons(status) == {"Completed"}


def test_case_52_an_empty_output_is_an_output_that_was_never_put_out() -> None:
    status = status_of(Phase.SUCCEEDED, output={})

    assert (status.output, status.last_output_at) == ({}, None)


def test_a_large_output_is_left_to_the_pod_that_wrote_it() -> None:
    assert status_of(Phase.SUCCEEDED, output={"x": "a" * 8180}).output is not None
    assert status_of(Phase.SUCCEEDED, output={"x": "a" * 8192}).output is None


def test_case_38_a_retry_that_is_scheduled_counts() -> None:
    message = "Retrying in 1s (attempt 1/3): exit code 137"

    status = status_of(
        Phase.PENDING,
        reason=StepReason.RETRY_SCHEDULED,
        message=message,
        next_retry_at=LATER,
        exit_code=137,
        exit_class=ExitClass.RETRY,
    )

    assert (status.phase, status.retries) == (Phase.PENDING, 1)
    assert (status.next_retry_at, status.last_failure_msg) == (LATER, message)
    assert (status.finished_at, status.duration, status.error) == (None, None, None)
    assert reasons(status) == {"RetryScheduled"}


@pytest.mark.parametrize(("tries", "retries"), [(0, 0), (1, 0), (3, 2)])
def test_retries_are_the_tries_after_the_first(tries: int, retries: int) -> None:
    """The API server takes no status of a StepRun without them."""
    assert status_of(Phase.FAILED, tries=tries).retries == retries


def test_a_failure_says_in_our_words_what_the_task_did_not_report() -> None:
    trouble = Diagnosis(category="memory", summary="out of memory", resolution="give it more")

    status = status_of(
        Phase.FAILED,
        reason=StepReason.EXECUTION_FAILED,
        message="exit code 137",
        exit_code=137,
        exit_class=ExitClass.RETRY,
        diagnosis=trouble,
    )

    assert status.error == StructuredError(
        type=StructuredErrorType.EXECUTION_ERROR,
        message="exit code 137",
        exit_code=137,
        exit_class=ExitClass.RETRY,
        details=trouble.model_dump(),
    )
    assert status.last_failure_msg == "exit code 137"
    assert {one.type: one.status for one in status.conditions} == {
        "Ready": ConditionStatus.FALSE,
        "Progressing": ConditionStatus.FALSE,
        "Degraded": ConditionStatus.TRUE,
    }


def test_what_the_task_itself_reported_is_its_error() -> None:
    reported = {"type": "storage_error", "message": "bucket is full", "retryable": True}

    assert status_of(Phase.FAILED, error=reported).error == StructuredError(
        type=StructuredErrorType.STORAGE_ERROR, message="bucket is full", retryable=True
    )


def test_a_report_that_is_no_structured_error_is_replaced_by_ours() -> None:
    status = status_of(Phase.TIMEOUT, message="stopped at its deadline", error={"type": "odd"})

    assert status.error is not None
    assert status.error.type is StructuredErrorType.TIMEOUT
    assert status.error.message == "stopped at its deadline"


def test_an_unknown_exit_code_is_none() -> None:
    """The API server takes no negative one within an error."""
    error = status_of(Phase.FAILED, exit_code=-1, exit_class=ExitClass.UNKNOWN).error

    assert error is not None
    assert error.exit_code is None


@pytest.mark.parametrize(
    ("phase", "reason", "shown"),
    [
        (Phase.CANCELED, StepReason.CANCELED, "Canceled"),
        (Phase.CANCELED, StepReason.STORY_TIMED_OUT, "TimedOut"),
        (Phase.TIMEOUT, StepReason.TIMED_OUT, "TimedOut"),
        (Phase.SUCCEEDED, StepReason.KEPT, "Completed"),
        (Phase.RUNNING, None, "Running"),
    ],
)
def test_reasons_are_words_that_upstream_knows(
    phase: Phase, reason: StepReason | None, shown: str
) -> None:
    assert reasons(status_of(phase, reason=reason)) == {shown}


def test_a_canceled_step_has_no_error() -> None:
    assert status_of(Phase.CANCELED, message="Stopped because the run was canceled").error is None


def test_a_step_names_the_step_runs_that_it_waited_for() -> None:
    """A gate, and any other primitive, has none."""
    given = {"with": {"tag": "{{ steps.test.output.tag }}"}}
    one = story(
        engram("build"),
        engram("test"),
        {"name": "ask", "type": "gate"},
        engram("deploy", needs=["build", "ask"], **given),
    )
    start = placed(one)

    status = step_run_status(start, running(start, deploy=Phase.RUNNING).steps["deploy"])

    assert status.needs == ("release-1-build", "release-1-test")
