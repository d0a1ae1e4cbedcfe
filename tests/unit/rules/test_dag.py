"""Which steps start next, and which never will."""

import pytest

from runwright.models.bubustack import Phase, Story
from runwright.models.story_run import Section, StepReason
from runwright.rules.bubustack import branches, dag
from runwright.rules.bubustack.dag import Dag, Interruption, Skip
from tests.unit.rules.states import changed, state_of, steps_of
from tests.unit.rules.stories import condition, engram, story

CONTINUES = {"retries": {"continueOnStepFailure": True}}
HOOKED = story(
    condition("main"),
    compensations=[condition("undo"), condition("verify", "undo")],
    **{"finally": [condition("tell", "main"), condition("tidy")]},
)


def ready(one: Story, section: Section = Section.MAIN, /, **phases: Phase) -> list[str]:
    """Return the names of the steps that may start."""
    moves = Dag(one).section(section).next_moves(steps_of(one, **phases))
    return [step.name for step in moves.ready]


def skipped(one: Story, section: Section = Section.MAIN, /, **phases: Phase) -> dict[str, str]:
    """Return why which steps will not run."""
    moves = Dag(one).section(section).next_moves(steps_of(one, **phases))
    return {skip.step: skip.message for skip in moves.skipped}


def test_the_steps_of_each_section_stand_in_the_order_of_the_story() -> None:
    named = {
        section: [step.name for step in branches.steps_of(HOOKED, section)] for section in Section
    }

    assert named == {
        Section.MAIN: ["main"],
        Section.COMPENSATIONS: ["undo", "verify"],
        Section.FINALLY: ["tell", "tidy"],
    }


def test_steps_start_together_unless_they_need_one_another() -> None:
    one = story(condition("b"), condition("a"), condition("c", "a"))

    assert ready(one) == ["b", "a"]


def test_a_step_starts_when_all_that_it_needs_is_over() -> None:
    one = story(condition("a"), condition("b"), condition("c", "a", "b"))

    assert ready(one, a=Phase.SUCCEEDED, b=Phase.RUNNING) == []
    assert ready(one, a=Phase.SUCCEEDED, b=Phase.SUCCEEDED) == ["c"]


def test_a_reference_in_a_template_is_a_need_too() -> None:
    one = story(condition("a"), engram("b", **{"with": {"x": "{{ steps.a.output.x }}"}}))

    assert Dag(one).needs(one.spec.steps[1]) == ("a",)
    assert ready(one) == ["a"]


@pytest.mark.parametrize(
    "phase",
    [Phase.PENDING, Phase.RUNNING, Phase.PAUSED, Phase.BLOCKED, Phase.SCHEDULING],
)
def test_case_14_a_step_that_has_started_is_not_started_again_and_holds_what_needs_it(
    phase: Phase,
) -> None:
    one = story(condition("a"), condition("b", "a"))

    assert ready(one, a=phase) == []
    assert skipped(one, a=phase) == {}


def test_what_needs_a_step_that_its_own_condition_skipped_runs() -> None:
    one = story(condition("a"), condition("b", "a"))
    state = changed(state_of(one), "a", phase=Phase.SKIPPED, reason=StepReason.CONDITION)

    moves = Dag(one).section(Section.MAIN).next_moves(state.steps)

    assert [step.name for step in moves.ready] == ["b"]


@pytest.mark.parametrize(
    "phase", [Phase.FAILED, Phase.TIMEOUT, Phase.CANCELED, Phase.ABORTED, Phase.COMPENSATED]
)
def test_case_1_a_failure_skips_all_that_has_not_started_and_leaves_the_rest(phase: Phase) -> None:
    one = story(condition("a"), condition("b", "a"), condition("c"), condition("d"))

    moves = Dag(one).section(Section.MAIN).next_moves(steps_of(one, a=phase, d=Phase.RUNNING))

    message = "Skipped due to fail-fast policy"
    assert moves.ready == ()
    assert moves.skipped == (
        Skip("b", StepReason.FAIL_FAST, message),
        Skip("c", StepReason.FAIL_FAST, message),
    )


def test_case_2_where_the_story_goes_on_only_dependents_of_a_failure_are_skipped() -> None:
    one = story(condition("a"), condition("b", "a"), condition("c"), policy=CONTINUES)

    assert ready(one, a=Phase.FAILED) == ["c"]
    assert skipped(one, a=Phase.FAILED) == {"b": "Skipped due to failed dependency: a"}


def test_case_3_a_dependent_of_what_a_failure_skipped_is_skipped_too() -> None:
    """It would run without the very output that it waits for."""
    one = story(condition("a"), condition("b", "a"), condition("c", "b"), policy=CONTINUES)
    state = changed(
        state_of(one, a=Phase.FAILED), "b", phase=Phase.SKIPPED, reason=StepReason.DEPENDENCY_FAILED
    )

    moves = Dag(one).section(Section.MAIN).next_moves(state.steps)

    message = "Skipped due to failed dependency: b"
    assert moves.ready == ()
    assert moves.skipped == (Skip("c", StepReason.DEPENDENCY_FAILED, message),)


def test_one_failed_need_is_enough_whatever_the_others_come_to() -> None:
    one = story(condition("a"), condition("b"), condition("c", "b", "a"), policy=CONTINUES)

    assert skipped(one, a=Phase.FAILED, b=Phase.RUNNING) == {
        "c": "Skipped due to failed dependency: a"
    }


@pytest.mark.parametrize("policy", [None, CONTINUES], ids=["fail-fast", "goes on"])
def test_case_11_an_allowed_failure_holds_nobody_up(policy: dict[str, object] | None) -> None:
    one = story(
        condition("lint", allowFailure=True),
        condition("build", "lint"),
        condition("other"),
        policy=policy,
    )

    assert ready(one, lint=Phase.FAILED) == ["build", "other"]
    assert skipped(one, lint=Phase.FAILED) == {}


def test_hooks_wait_for_one_another_but_not_for_success() -> None:
    assert ready(HOOKED, Section.COMPENSATIONS, main=Phase.FAILED) == ["undo"]
    assert ready(HOOKED, Section.COMPENSATIONS, main=Phase.FAILED, undo=Phase.FAILED) == ["verify"]
    assert ready(HOOKED, Section.FINALLY, main=Phase.FAILED) == ["tell", "tidy"]


def test_a_failed_hook_skips_no_other() -> None:
    phases = {"main": Phase.FAILED, "undo": Phase.FAILED, "tidy": Phase.FAILED}

    assert skipped(HOOKED, Section.COMPENSATIONS, **phases) == {}
    assert ready(HOOKED, Section.FINALLY, **phases) == ["tell"]


def test_nothing_moves_in_a_section_that_is_over() -> None:
    assert (
        Dag(HOOKED).section(Section.MAIN).next_moves(steps_of(HOOKED, main=Phase.FAILED))
        == dag.Moves()
    )


def test_case_5_compensations_that_nothing_calls_for_are_skipped() -> None:
    message = "Skipped because story succeeded"

    assert dag.needless_compensations(HOOKED) == (
        Skip("undo", StepReason.STORY_SUCCEEDED, message),
        Skip("verify", StepReason.STORY_SUCCEEDED, message),
    )


def test_an_interruption_skips_what_never_started_in_the_sections_it_is_about() -> None:
    steps = steps_of(HOOKED, main=Phase.RUNNING, undo=Phase.SUCCEEDED)
    why = Interruption(StepReason.CANCELED, "stopped", "skipped")

    assert dag.rest(steps, [Section.MAIN, Section.COMPENSATIONS], why) == (
        Skip("verify", StepReason.CANCELED, "skipped"),
    )
    assert [skip.step for skip in dag.rest(steps, list(Section), why)] == ["verify", "tell", "tidy"]


def test_failed_steps_are_told_in_the_order_of_the_story_and_without_allowed_ones() -> None:
    one = story(condition("c"), condition("a"), condition("b", allowFailure=True), condition("d"))
    steps = steps_of(one, a=Phase.FAILED, b=Phase.FAILED, c=Phase.TIMEOUT, d=Phase.SUCCEEDED)

    assert [step.name for step in dag.failed_steps(one, Section.MAIN, steps)] == ["c", "a"]
    assert dag.failed_steps(one, Section.FINALLY, steps) == ()
