"""How a run ends."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.bubustack import Phase, Story
from runwright.models.story_run import FailedStep, RunError, StepReason, StoryRunState
from runwright.rules.bubustack import verdicts
from runwright.rules.bubustack.progress import MOST_OUTPUT
from runwright.rules.bubustack.verdicts import Ending, ending_of
from tests.unit.rules.states import NOW, changed, state_of
from tests.unit.rules.stories import condition, engram, story

HOOKED = story(
    condition("b"),
    condition("a"),
    compensations=[condition("undo")],
    **{"finally": [condition("tell")]},
)
WITHOUT_HOOKS = story(condition("b"), condition("a"))


def end(one: Story, **phases: Phase) -> Ending:
    """Return how a run ends whose steps succeeded, but for those named."""
    names = state_of(one).steps
    return ending_of(one, state_of(one, **{**dict.fromkeys(names, Phase.SUCCEEDED), **phases}))


@pytest.mark.parametrize(
    ("failed", "phase", "reason", "message"),
    [
        pytest.param(
            ("tell", "undo", "a"),
            Phase.FAILED,
            "CleanupFailed",
            "Finally step tell failed.",
            id="case 6: finally before all",
        ),
        pytest.param(
            ("undo", "a"),
            Phase.FAILED,
            "CompensationFailed",
            "Compensation step undo failed.",
            id="case 7: compensation",
        ),
        pytest.param(
            ("a",),
            Phase.COMPENSATED,
            "Compensated",
            "Story failed; compensations completed.",
            id="case 4: mended",
        ),
        pytest.param(
            (), Phase.SUCCEEDED, "Completed", "All steps completed successfully.", id="all well"
        ),
    ],
)
def test_the_gravest_failure_names_the_end(
    failed: tuple[str, ...], phase: Phase, reason: str, message: str
) -> None:
    ending = end(HOOKED, **dict.fromkeys(failed, Phase.FAILED))

    assert (ending.phase, ending.reason, ending.message) == (phase, reason, message)
    assert {step.name for step in ending.failed} == set(failed)


def test_without_compensations_a_failure_stays_one() -> None:
    ending = end(WITHOUT_HOOKS, a=Phase.TIMEOUT)

    assert (ending.phase, ending.reason) == (Phase.FAILED, "DependencyFailed")
    assert ending.message == "Story completed with failed step: a."


def test_of_several_failures_the_first_in_the_story_is_named_and_all_are_listed() -> None:
    """Upstream names any of them, another one each time."""
    ending = end(WITHOUT_HOOKS, a=Phase.FAILED, b=Phase.FAILED)

    assert ending.message == "Story completed with failed step: b."
    assert [step.name for step in ending.failed] == ["b", "a"]


def test_case_11_an_allowed_failure_is_told_with_the_success() -> None:
    one = story(*(condition(name, allowFailure=True) for name in ("b", "a", "c")))

    ending = end(one, a=Phase.FAILED, b=Phase.TIMEOUT)

    assert ending.phase is Phase.SUCCEEDED
    assert ending.message == "Completed with allowed failures: a, b"


def test_case_13_a_step_that_the_story_does_not_have_changes_nothing() -> None:
    stranger = state_of(story(condition("other")), other=Phase.FAILED).steps
    state = state_of(WITHOUT_HOOKS, a=Phase.SUCCEEDED, b=Phase.SUCCEEDED)

    ending = ending_of(
        WITHOUT_HOOKS, state.model_copy(update={"steps": {**state.steps, **stranger}})
    )

    assert ending.phase is Phase.SUCCEEDED


def with_output(output: dict[str, Any], schema: dict[str, Any] | None = None) -> Ending:
    """Return how a run ends that puts out what its step did: `{"image": "app:7"}`."""
    one = story(engram("a"), output=output, outputsSchema=schema)
    state = changed(state_of(one), "a", phase=Phase.SUCCEEDED, output={"image": "app:7"})
    return ending_of(one, state)


def test_the_output_is_made_of_inputs_and_outputs() -> None:
    ending = with_output({"image": "{{ steps.a.output.image }}"})

    assert ending.phase is Phase.SUCCEEDED
    assert ending.output == {"image": "app:7"}


def test_an_output_that_refers_to_nothing_fails_the_run_and_says_to_what() -> None:
    """Upstream waits for it for ever."""
    ending = with_output({"image": "{{ steps.a.output.tag }}"})

    assert (ending.phase, ending.reason) == (Phase.FAILED, "OutputResolutionFailed")
    assert ending.message.startswith("Failed to evaluate final output template: ")
    assert "tag" in ending.message
    assert ending.output is None


def test_case_49_an_output_that_breaks_its_schema_fails_the_run() -> None:
    schema = {"properties": {"image": {"type": "integer"}}}

    ending = with_output({"image": "{{ steps.a.output.image }}"}, schema)

    assert (ending.phase, ending.reason) == (Phase.FAILED, "OutputSchemaFailed")
    assert ending.message.startswith("output.image")


def test_case_74_an_output_that_is_too_large_is_left_out_of_a_success() -> None:
    ending = with_output({"image": "{{ steps.a.output.image }}", "more": "x" * MOST_OUTPUT})

    size = MOST_OUTPUT + len('{"image": "app:7", "more": ""}')
    assert (ending.phase, ending.output) == (Phase.SUCCEEDED, None)
    assert ending.message == (
        "All steps completed successfully. "
        f"Its output is left out: it takes {size} bytes of {MOST_OUTPUT}."
    )


def test_a_failed_run_puts_out_nothing() -> None:
    one = story(condition("a"), output={"x": "{{ inputs.x }}"})

    assert end(one, a=Phase.FAILED).output is None


def closed(ending: Ending) -> StoryRunState:
    """Return a run that was closed an hour later."""
    state = state_of(HOOKED, a=Phase.FAILED)
    return verdicts.closed(state, ending, NOW + timedelta(hours=1))


def test_a_closed_run_tells_when_and_why_it_failed() -> None:
    failed = changed(state_of(HOOKED), "a", phase=Phase.FAILED, message="exit code 1").steps["a"]

    state = closed(Ending(Phase.FAILED, "DependencyFailed", "a failed", (failed,)))

    assert (state.phase, state.reason, state.message) == (
        Phase.FAILED,
        "DependencyFailed",
        "a failed",
    )
    assert state.finished_at == NOW + timedelta(hours=1)
    assert state.error == RunError(
        type="DependencyFailed",
        message="a failed",
        failed_steps=(FailedStep(name="a", phase=Phase.FAILED, message="exit code 1"),),
    )


@pytest.mark.parametrize(
    "ending",
    [Ending(Phase.SUCCEEDED, "Completed", "", output={"x": 1}), verdicts.CANCELED],
    ids=["succeeded", "cancelled"],
)
def test_a_run_that_did_not_fail_has_no_error(ending: Ending) -> None:
    state = closed(ending)

    assert state.error is None
    assert state.output == ending.output


def test_a_closed_run_remembers_its_allowed_failures() -> None:
    one = story(condition("b", allowFailure=True), condition("a", allowFailure=True))
    state = state_of(one, a=Phase.FAILED, b=Phase.FAILED)

    assert verdicts.closed(state, verdicts.CANCELED, NOW).allowed_failures == ("a", "b")


def test_the_message_of_a_closed_run_fits_a_condition() -> None:
    assert len(closed(Ending(Phase.FAILED, "X", "x" * 5000)).message) == 2048


def test_case_10_a_run_that_took_too_long_tells_how_long_it_had_and_what_failed() -> None:
    one = story(
        condition("a"),
        condition("b"),
        **{"finally": [condition("tell")]},
        policy={"timeouts": {"story": "90s"}},
    )
    steps = state_of(one, a=Phase.FAILED, b=Phase.SUCCEEDED, tell=Phase.FAILED).steps

    ending = verdicts.timed_out(one, steps)

    assert (ending.phase, ending.reason) == (Phase.TIMEOUT, "TimedOut")
    assert ending.message == "Story timed out after 1m30s."
    assert [step.name for step in ending.failed] == ["a", "tell"]


def test_steps_that_a_timeout_ends_say_so() -> None:
    why = verdicts.story_timed_out(story(condition("a"), policy={"timeouts": {"story": "90s"}}))

    assert why.reason is StepReason.STORY_TIMED_OUT
    assert why.message == "Stopped because the story timed out after 1m30s"
    assert why.skipped == "Skipped because the story timed out after 1m30s"


def test_case_56_a_cancelled_run_is_finished() -> None:
    assert verdicts.CANCELED.phase is Phase.FINISHED
    assert verdicts.CANCELED.reason == "Canceled"
    assert verdicts.RUN_CANCELED.reason is StepReason.CANCELED
