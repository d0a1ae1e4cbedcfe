"""How long a step may take, when it is tried again, and after which delay."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.bubustack import BackoffStrategy, Engram
from runwright.models.durations import parse_duration
from runwright.models.story_run import StartStoryRun, StepDefaults
from runwright.rules.bubustack.retries import (
    Retries,
    retries_of,
    retry_delay,
    timeout_of,
)
from tests.unit.rules.states import NOW, start_of, template
from tests.unit.rules.stories import engram, story
from tests.unit.rules.works import Fields

SECOND = timedelta(seconds=1)
LONGEST = parse_duration("2562047h47m16s")
"""As long as Go's durations can be."""
POLICY = {"retries": {"stepRetryPolicy": {"maxRetries": 3, "delay": "5s"}}}
LEVELS = ("step", "for all steps", "policy.execution", "overrides", "executionPolicy", "template")


def lowest(low: float, high: float) -> float:  # noqa: ARG001 - the signature of a draw
    """Draw as little jitter as there can be."""
    return low


def highest(low: float, high: float) -> float:  # noqa: ARG001 - the signature of a draw
    """Draw as much jitter as there can be."""
    return high


def run(
    step: Fields | None = None,
    /,
    *,
    policy: Fields | None = None,
    worker: Fields | None = None,
    advice: Fields | None = None,
) -> StartStoryRun:
    """Return a run of one step.

    `policy` is its Story's, `worker` the rest of its Engram's spec, and `advice` what that one's
    template says of its execution.
    """
    one = Engram.model_validate(
        {
            "metadata": {"name": "worker"},
            "spec": {"templateRef": {"name": "image"}, **(worker or {})},
        }
    )
    return start_of(
        story(engram("a", **(step or {})), policy=policy),
        engrams=(one,),
        templates=(template(execution=advice),),
    )


def policy_of(start: StartStoryRun) -> Retries:
    """Return the retry policy of that step."""
    return retries_of(start, start.story.spec.steps[0])


def own(**retry: Any) -> Fields:
    """Return the fields of a step that has this retry policy."""
    return {"execution": {"retry": retry}}


def saying(levels: tuple[str, ...]) -> StartStoryRun:
    """Return a run where these levels speak, each with a number of retries and of seconds."""
    said: list[Fields] = [
        {"execution": _of(1)},
        {"timeouts": {"step": "2s"}, "retries": {"stepRetryPolicy": {"maxRetries": 2}}},
        {"execution": _of(4)},
        {"overrides": _of(5)},
        {"executionPolicy": _of(6)},
        {"timeout": "7s", "retry": {"recommendedMaxRetries": 7}},
    ]
    step, for_steps, execution, overrides, policy, advice = (
        fields if name in levels else {} for name, fields in zip(LEVELS, said, strict=True)
    )
    return run(
        step, policy={**for_steps, **execution}, worker={**overrides, **policy}, advice=advice
    )


def _of(number: int) -> Fields:
    return {"timeout": f"{number}s", "retry": {"maxRetries": number}}


@pytest.mark.parametrize(
    ("backoff", "number", "seconds"),
    [
        (BackoffStrategy.EXPONENTIAL, 1, 1),
        (BackoffStrategy.EXPONENTIAL, 2, 2),
        (BackoffStrategy.EXPONENTIAL, 4, 8),
        (BackoffStrategy.EXPONENTIAL, 10, 512),
        (BackoffStrategy.LINEAR, 1, 1),
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


@pytest.mark.parametrize(
    "policy",
    [
        Retries(delay=timedelta(0)),
        Retries(delay=timedelta(0), jitter=100),
        Retries(delay=-SECOND, backoff=BackoffStrategy.LINEAR),
        Retries(delay=SECOND, max_delay=timedelta(milliseconds=1)),
    ],
    ids=["none", "none with jitter", "less than none", "cut below it"],
)
def test_a_delay_is_at_least_ten_milliseconds(policy: Retries) -> None:
    assert retry_delay(policy, 3, highest) == timedelta(milliseconds=10)


@pytest.mark.parametrize("backoff", BackoffStrategy)
@pytest.mark.parametrize("delay", [timedelta(days=200), LONGEST], ids=["long", "longest"])
def test_a_delay_beyond_all_measure_stays_one(delay: timedelta, backoff: BackoffStrategy) -> None:
    """A year and no more, twice that with jitter: it must not be later than there are dates."""
    policy = Retries(delay=delay, jitter=100, backoff=backoff)

    assert retry_delay(policy, 10, lowest) <= timedelta(days=365)
    assert NOW + retry_delay(policy, 10, highest) < NOW + timedelta(days=731)


def test_where_nobody_says_anything_a_step_is_retried_three_times() -> None:
    policy = policy_of(run())

    assert policy == Retries(max_retries=3, delay=SECOND, backoff=BackoffStrategy.EXPONENTIAL)


def test_case_44_a_steps_own_policy_replaces_the_storys_as_a_whole() -> None:
    start = run(own(maxRetries=0), policy=POLICY)

    assert policy_of(start) == Retries(max_retries=0, delay=SECOND)


def test_the_storys_policy_holds_for_steps_without_one() -> None:
    assert policy_of(run(policy=POLICY)) == Retries(delay=5 * SECOND)


@pytest.mark.parametrize(
    ("said", "retries"),
    [
        pytest.param(LEVELS, 1, id="step"),
        pytest.param(LEVELS[1:], 2, id="story, for its steps"),
        pytest.param(LEVELS[2:], 4, id="story, of their execution"),
        pytest.param(LEVELS[3:], 5, id="engram's overrides"),
        pytest.param(LEVELS[4:], 6, id="engram's policy"),
        pytest.param(LEVELS[5:], 7, id="template"),
        pytest.param((), 3, id="nobody"),
    ],
)
def test_the_nearest_retry_policy_holds(said: tuple[str, ...], retries: int) -> None:
    """An Engram's and that of `policy.execution` too, which upstream passes over."""
    assert policy_of(saying(said)).max_retries == retries


def test_the_nearest_policy_is_taken_as_a_whole_at_every_level() -> None:
    """As upstream does where it looks at two: nobody has to gather a policy from five places."""
    start = run(
        policy={"execution": {"retry": {"delay": "9s", "backoff": "constant"}}},
        worker={
            "overrides": {"retry": {"maxRetries": 1, "jitter": 10}},
            "executionPolicy": {"retry": {"maxDelay": "8s"}},
        },
    )

    assert policy_of(start) == Retries(delay=9 * SECOND, backoff=BackoffStrategy.CONSTANT)


def test_case_45_a_step_with_side_effects_is_not_retried_unless_it_says_so() -> None:
    """Neither its Story nor its Engram knows that it has any."""
    once = {"sideEffects": True}
    again = {"overrides": {"retry": {"maxRetries": 5}}}

    assert policy_of(run(once, policy=POLICY)).max_retries == 0
    assert policy_of(run(once, worker=again)).max_retries == 0
    assert policy_of(run({**once, **own(maxRetries=2)})).max_retries == 2


def test_a_hook_with_side_effects_is_retried_as_any_step() -> None:
    """What mends and what tidies is written to be repeated."""
    start = start_of(story(engram("a"), compensations=[engram("undo", sideEffects=True)]))

    assert retries_of(start, start.story.spec.compensations[0]).max_retries == 3


def test_a_template_recommends_where_nobody_has_a_policy() -> None:
    advice = {
        "recommendedMaxRetries": 7,
        "recommendedBaseDelay": "2s",
        "recommendedMaxDelay": "1m",
        "recommendedBackoff": "linear",
    }

    assert policy_of(run(advice={"retry": advice})) == Retries(
        max_retries=7,
        delay=2 * SECOND,
        max_delay=60 * SECOND,
        backoff=BackoffStrategy.LINEAR,
    )


@pytest.mark.parametrize(
    "said",
    [
        {"step": own(delay="3s")},
        {"policy": {"execution": {"retry": {"delay": "3s"}}}},
        {"worker": {"overrides": {"retry": {"delay": "3s"}}}},
        {"worker": {"executionPolicy": {"retry": {"delay": "3s"}}}},
    ],
    ids=["step", "story", "engram's overrides", "engram's policy"],
)
def test_a_template_fills_what_a_policy_leaves_open_but_never_how_often(said: Fields) -> None:
    retry = {"recommendedMaxRetries": 7, "recommendedBaseDelay": "2s", "recommendedMaxDelay": "1m"}
    step = said.pop("step", None)

    policy = policy_of(run(step, advice={"retry": retry}, **said))

    assert policy == Retries(max_retries=3, delay=3 * SECOND, max_delay=60 * SECOND)


@pytest.mark.parametrize(("recommended", "retries"), [(-1, 0), (0, 0), (10, 10), (50, 10)])
def test_a_template_recommends_no_more_retries_than_a_policy_can_have(
    recommended: int, retries: int
) -> None:
    """A StepRun could not say so, and would show others than there are."""
    start = run(advice={"retry": {"recommendedMaxRetries": recommended}})

    assert policy_of(start).max_retries == retries


def test_an_operator_has_the_last_word_where_nobody_else_has_one() -> None:
    """A policy that says no number of retries leaves it to the operator, too."""
    defaults = StepDefaults(timeout=7 * SECOND, max_retries=1)
    silent = run().model_copy(update={"defaults": defaults})
    delayed = run(own(delay="2s")).model_copy(update={"defaults": defaults})
    spoken = saying(LEVELS).model_copy(update={"defaults": defaults})

    assert policy_of(silent) == Retries(max_retries=1)
    assert policy_of(delayed) == Retries(max_retries=1, delay=2 * SECOND)
    assert policy_of(spoken) == policy_of(saying(LEVELS))
    assert timeout_of(silent, silent.story.spec.steps[0]) == 7 * SECOND
    assert timeout_of(spoken, spoken.story.spec.steps[0]) == SECOND


def test_a_template_that_recommends_nothing_changes_nothing() -> None:
    assert policy_of(run(advice={"retry": {}})) == Retries()


def test_a_step_whose_engram_is_missing_has_what_its_story_says() -> None:
    start = run(policy=POLICY).model_copy(update={"engrams": ()})

    assert policy_of(start) == Retries(delay=5 * SECOND)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        pytest.param(LEVELS, 1, id="step"),
        pytest.param(LEVELS[1:], 2, id="story, for its steps"),
        pytest.param(LEVELS[2:], 4, id="story, of their execution"),
        pytest.param(LEVELS[3:], 5, id="engram's overrides"),
        pytest.param(LEVELS[4:], 6, id="engram's policy"),
        pytest.param(LEVELS[5:], 7, id="template"),
    ],
)
def test_the_nearest_timeout_holds(said: tuple[str, ...], seconds: int) -> None:
    """An Engram's, a template's and that of `policy.execution` too, which upstream passes over."""
    start = saying(said)

    assert timeout_of(start, start.story.spec.steps[0]) == seconds * SECOND


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (run({"execution": {"timeout": "0s"}}, worker={"overrides": {"timeout": "9s"}}), 9),
        (run({"execution": {"timeout": "-5s"}}, advice={"timeout": "9s"}), 9),
        (run(own(maxRetries=1)), 1800),
        (run(policy={"timeouts": {"story": "1h"}}), 1800),
        (run(advice={"timeout": "0s"}), 1800),
        (run(), 1800),
    ],
    ids=["zero", "below zero", "only retries", "only the story's", "template's zero", "nobody"],
)
def test_a_timeout_that_is_none_is_not_said(start: StartStoryRun, expected: int) -> None:
    assert timeout_of(start, start.story.spec.steps[0]) == expected * SECOND


def test_the_longest_timeout_that_can_be_written_is_one() -> None:
    start = run({"execution": {"timeout": LONGEST}})

    assert NOW + timeout_of(start, start.story.spec.steps[0]) > NOW
