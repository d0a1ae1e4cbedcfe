"""What the end of a try says about another one."""

import pytest

from runwright.models.bubustack import ExitClass
from runwright.models.tasks import OutcomeReason, TaskOutcome
from runwright.rules.bubustack.retries import Retries, classify, classify_exit, may_retry


@pytest.mark.parametrize(
    ("exit_class", "made", "again"),
    [
        (ExitClass.RETRY, 0, True),
        (ExitClass.RETRY, 1, True),
        (ExitClass.RETRY, 2, False),
        (ExitClass.RATE_LIMITED, 1, True),
        (ExitClass.UNKNOWN, 1, True),
        (ExitClass.UNKNOWN, 2, False),
        (ExitClass.TERMINAL, 0, False),
        (ExitClass.SUCCESS, 0, False),
    ],
)
def test_a_retry_follows_a_failure_that_may_pass_while_retries_are_left(
    exit_class: ExitClass, made: int, *, again: bool
) -> None:
    """Case 40 is among them: an unknown failure uses up retries like any other."""
    assert may_retry(Retries(max_retries=2), exit_class, made) is again


@pytest.mark.parametrize(
    ("code", "exit_class"),
    [
        (None, ExitClass.UNKNOWN),
        (-1, ExitClass.UNKNOWN),
        (0, ExitClass.SUCCESS),
        (1, ExitClass.TERMINAL),
        (2, ExitClass.TERMINAL),
        (123, ExitClass.TERMINAL),
        (124, ExitClass.RETRY),
        (125, ExitClass.TERMINAL),
        (126, ExitClass.TERMINAL),
        (127, ExitClass.TERMINAL),
        (128, ExitClass.RETRY),
        (137, ExitClass.RETRY),
        (143, ExitClass.RETRY),
        (255, ExitClass.RETRY),
        (256, ExitClass.TERMINAL),
        (429, ExitClass.RATE_LIMITED),
        (-2, ExitClass.TERMINAL),
    ],
)
def test_case_73_an_exit_code_says_whether_another_try_may_help(
    code: int | None, exit_class: ExitClass
) -> None:
    assert classify_exit(code) is exit_class


@pytest.mark.parametrize(
    ("reason", "exit_code", "exit_class"),
    [
        (OutcomeReason.COMPLETED, 0, ExitClass.SUCCESS),
        (OutcomeReason.EXITED, 1, ExitClass.TERMINAL),
        (OutcomeReason.EXITED, 137, ExitClass.RETRY),
        (OutcomeReason.LOST, None, ExitClass.UNKNOWN),
        (OutcomeReason.TIMED_OUT, None, ExitClass.RETRY),
        (OutcomeReason.TIMED_OUT, 1, ExitClass.RETRY),
        (OutcomeReason.STOPPED, 143, ExitClass.TERMINAL),
        (OutcomeReason.OUTPUT_INVALID, 0, ExitClass.TERMINAL),
        (OutcomeReason.OUTPUT_TOO_LARGE, 0, ExitClass.TERMINAL),
        (OutcomeReason.COMMAND_NOT_STARTED, None, ExitClass.TERMINAL),
        (OutcomeReason.REFUSED, None, ExitClass.TERMINAL),
    ],
)
def test_what_became_of_a_task_weighs_more_than_its_exit_code(
    reason: OutcomeReason, exit_code: int | None, exit_class: ExitClass
) -> None:
    outcome = TaskOutcome(succeeded=exit_code == 0, reason=reason, exit_code=exit_code)

    assert classify(outcome) is exit_class


@pytest.mark.parametrize(
    ("word", "exit_class"),
    [
        ("retry", ExitClass.RETRY),
        ("terminal", ExitClass.TERMINAL),
        ("rateLimited", ExitClass.RATE_LIMITED),
        ("ratelimited", ExitClass.RATE_LIMITED),
        ("unknown", ExitClass.UNKNOWN),
        ("flaky", ExitClass.UNKNOWN),
        ("success", ExitClass.UNKNOWN),
    ],
)
@pytest.mark.parametrize(
    ("reason", "exit_code"),
    [(OutcomeReason.EXITED, 1), (OutcomeReason.TIMED_OUT, 124), (OutcomeReason.LOST, None)],
)
def test_case_73_what_a_task_says_of_its_failure_weighs_more_than_its_exit_code(
    word: str, exit_class: ExitClass, reason: OutcomeReason, exit_code: int | None
) -> None:
    outcome = TaskOutcome(succeeded=False, reason=reason, exit_code=exit_code, exit_class=word)

    assert classify(outcome) is exit_class


def test_a_success_is_one_whatever_class_goes_with_it() -> None:
    outcome = TaskOutcome(succeeded=True, reason=OutcomeReason.COMPLETED, exit_class="terminal")

    assert classify(outcome) is ExitClass.SUCCESS


def test_every_reason_of_an_outcome_has_a_class() -> None:
    for reason in OutcomeReason:
        assert classify(TaskOutcome(succeeded=False, reason=reason)) in ExitClass
