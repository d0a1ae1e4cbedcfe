"""When a failed step is tried again, and after which delay."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.bubustack import BackoffStrategy, EngramTemplate, ExitClass, Story
from runwright.models.tasks import OutcomeReason, TaskOutcome
from runwright.rules.bubustack.retries import (
    DEFAULT_TIMEOUT,
    Retries,
    classify,
    classify_exit,
    may_retry,
    retries_of,
    retry_delay,
    timeout_of,
)
from tests.unit.rules.states import template
from tests.unit.rules.stories import engram, story

SECOND = timedelta(seconds=1)
POLICY = {"retries": {"stepRetryPolicy": {"maxRetries": 3, "delay": "5s"}}}


def lowest(low: float, high: float) -> float:  # noqa: ARG001 - the signature of a draw
    """Draw as little jitter as there can be."""
    return low


def highest(low: float, high: float) -> float:  # noqa: ARG001 - the signature of a draw
    """Draw as much jitter as there can be."""
    return high


def policy_of(one: Story, advice: EngramTemplate | None = None) -> Retries:
    """Return the policy of the first step."""
    return retries_of(one, one.spec.steps[0], advice)


def advising(**retry: Any) -> EngramTemplate:
    """Return a template that recommends how to retry."""
    return template(execution={"retry": retry})


@pytest.mark.parametrize(
    ("backoff", "number", "seconds"),
    [
        (BackoffStrategy.EXPONENTIAL, 1, 1),
        (BackoffStrategy.EXPONENTIAL, 2, 2),
        (BackoffStrategy.EXPONENTIAL, 4, 8),
        (BackoffStrategy.LINEAR, 3, 3),
        (BackoffStrategy.CONSTANT, 3, 1),
    ],
)
def test_case_35_delays_grow_as_the_policy_says(
    backoff: BackoffStrategy, number: int, seconds: int
) -> None:
    policy = Retries(delay=SECOND, backoff=backoff)

    assert retry_delay(policy, number, lowest) == seconds * SECOND


def test_case_36_no_delay_is_longer_than_the_longest() -> None:
    policy = Retries(delay=SECOND, max_delay=1.5 * SECOND)

    assert retry_delay(policy, 2, lowest) == 1.5 * SECOND


def test_case_37_jitter_makes_a_delay_longer_by_up_to_its_percentage() -> None:
    policy = Retries(delay=2 * SECOND, jitter=50)

    assert retry_delay(policy, 1, lowest) == 2 * SECOND
    assert retry_delay(policy, 1, highest) == 3 * SECOND


def test_case_37_jitter_does_not_reach_beyond_the_longest_delay() -> None:
    policy = Retries(delay=2 * SECOND, max_delay=2.5 * SECOND, jitter=50)

    assert retry_delay(policy, 1, highest) == 2.5 * SECOND


def test_without_jitter_nothing_is_drawn() -> None:
    """A draw is a decision of the workflow, and changes those after it."""

    def never(low: float, high: float) -> float:
        message = f"drawn from {low} to {high}"
        raise AssertionError(message)

    assert retry_delay(Retries(delay=SECOND), 1, never) == SECOND


def test_a_delay_is_at_least_ten_milliseconds() -> None:
    assert retry_delay(Retries(delay=timedelta(0)), 3, lowest) == timedelta(milliseconds=10)


def test_a_delay_that_doubles_beyond_all_measure_stays_one() -> None:
    policy = Retries(delay=timedelta(days=200), jitter=100)

    assert retry_delay(policy, 10, lowest) == timedelta(days=365)


def test_where_nobody_says_anything_a_step_is_retried_three_times() -> None:
    policy = policy_of(story(engram("a")))

    assert policy == Retries(max_retries=3, delay=SECOND, backoff=BackoffStrategy.EXPONENTIAL)


def test_case_44_a_steps_own_policy_replaces_the_storys_as_a_whole() -> None:
    one = story(engram("a", execution={"retry": {"maxRetries": 0}}), policy=POLICY)

    assert policy_of(one) == Retries(max_retries=0, delay=SECOND)


def test_the_storys_policy_holds_for_steps_without_one() -> None:
    assert policy_of(story(engram("a"), policy=POLICY)) == Retries(delay=5 * SECOND)


def test_case_45_a_step_with_side_effects_is_not_retried_unless_it_says_so() -> None:
    own = {"retry": {"maxRetries": 2}}

    assert policy_of(story(engram("a", sideEffects=True), policy=POLICY)).max_retries == 0
    assert policy_of(story(engram("a", sideEffects=True, execution=own))).max_retries == 2


def test_a_hook_with_side_effects_is_retried_as_any_step() -> None:
    """What mends and what tidies is written to be repeated."""
    one = story(engram("a"), compensations=[engram("undo", sideEffects=True)])

    assert retries_of(one, one.spec.compensations[0], None).max_retries == 3


def test_a_template_recommends_where_nobody_has_a_policy() -> None:
    advice = advising(
        recommendedMaxRetries=7,
        recommendedBaseDelay="2s",
        recommendedMaxDelay="1m",
        recommendedBackoff="linear",
    )

    assert policy_of(story(engram("a")), advice) == Retries(
        max_retries=7,
        delay=2 * SECOND,
        max_delay=60 * SECOND,
        backoff=BackoffStrategy.LINEAR,
    )


def test_a_template_fills_what_a_policy_leaves_open_but_never_how_often() -> None:
    advice = advising(recommendedMaxRetries=7, recommendedBaseDelay="2s", recommendedMaxDelay="1m")

    policy = policy_of(story(engram("a", execution={"retry": {"delay": "3s"}})), advice)

    assert policy == Retries(max_retries=3, delay=3 * SECOND, max_delay=60 * SECOND)


def test_a_template_that_recommends_nothing_changes_nothing() -> None:
    assert policy_of(story(engram("a")), template()) == Retries()


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


@pytest.mark.parametrize(
    ("execution", "policy", "expected"),
    [
        ({"timeout": "10s"}, {"timeouts": {"step": "20s"}}, timedelta(seconds=10)),
        (None, {"timeouts": {"step": "20s"}}, timedelta(seconds=20)),
        ({"timeout": "0s"}, {"timeouts": {"step": "20s"}}, timedelta(seconds=20)),
        ({"retry": {"maxRetries": 1}}, None, DEFAULT_TIMEOUT),
        (None, {"timeouts": {"story": "1h"}}, DEFAULT_TIMEOUT),
        (None, None, DEFAULT_TIMEOUT),
    ],
    ids=["step", "story", "zero is not said", "nothing in the step", "only the story's", "nobody"],
)
def test_the_nearest_timeout_holds(
    execution: dict[str, Any] | None, policy: dict[str, Any] | None, expected: timedelta
) -> None:
    one = story(engram("a", execution=execution), policy=policy)

    assert timeout_of(one, one.spec.steps[0]) == expected
