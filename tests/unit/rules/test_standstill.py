"""When the waits of a run wait for what can never come."""

from typing import Any

import pytest

from runwright.models.bubustack import Phase, Step, Story
from runwright.models.story_run import Section, StepProgress, StepReason
from runwright.rules.bubustack import standstill
from runwright.rules.bubustack.primitives import Look
from tests.unit.rules.states import NOW, changed, state_of

WAIT: dict[str, Any] = {"name": "w", "type": "wait", "with": {"until": "{{ steps.a.output.x }}"}}
TASK: dict[str, Any] = {"name": "a", "ref": {"name": "worker"}}


def story(*steps: dict[str, Any]) -> Story:
    """Return a Story of these steps."""
    return Story.model_validate({"metadata": {"name": "release"}, "spec": {"steps": list(steps)}})


def steps_of(**phases: Phase) -> dict[str, StepProgress]:
    """Return a wait that waits, and a task in its phase."""
    return state_of(story(TASK, WAIT), w=Phase.PAUSED, **phases).steps


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        pytest.param(Phase.PENDING, False, id="is about to run, or to be tried again"),
        pytest.param(Phase.RUNNING, False, id="runs"),
        pytest.param(Phase.PAUSED, False, id="sleeps, or waits for people"),
        pytest.param(Phase.BLOCKED, False, id="may get what it lacks"),
        pytest.param(Phase.SCHEDULING, True, id="wants the place of the wait"),
        pytest.param(Phase.SUCCEEDED, True, id="succeeded"),
        pytest.param(Phase.FAILED, True, id="failed"),
        pytest.param(Phase.SKIPPED, True, id="was skipped"),
    ],
)
def test_a_wait_hopes_for_whatever_can_still_end(phase: Phase, expected: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert standstill.stands_still(steps_of(a=phase), {"w"}) is expected


def test_a_wait_that_wakes_by_itself_lets_the_others_hope() -> None:
    """One with a timeout, or with a condition that reads the clock: others may wait for its end."""
    second = {**WAIT, "name": "v"}
    steps = state_of(story(WAIT, second), w=Phase.PAUSED, v=Phase.PAUSED).steps

    assert not standstill.stands_still(steps, {"w"})
    assert standstill.stands_still(steps, {"v", "w"})
    assert standstill.first(steps, {"v", "w"}) == "w"


def test_nothing_stands_still_where_nothing_waits() -> None:
    """Between two lists of steps none runs for a moment."""
    assert not standstill.stands_still(state_of(story(TASK), a=Phase.SUCCEEDED).steps, set())


@pytest.mark.parametrize(
    ("branch", "expected"), [(Phase.SUCCEEDED, True), (Phase.RUNNING, False), (None, True)]
)
def test_a_block_goes_on_as_long_as_a_branch_of_it_does(
    branch: Phase | None,
    expected: bool,  # noqa: FBT001 - as above
) -> None:
    """One that never started has no place: the wait has it."""
    block = {"name": "b", "type": "parallel", "with": {"steps": [TASK, WAIT]}}
    state = state_of(story(block), b=Phase.RUNNING)
    branches = {
        f"b/{name}": StepProgress(name=f"b/{name}", section=Section.MAIN, type=kind, phase=phase)
        for name, kind, phase in (("a", "engram", branch), ("w", "wait", Phase.PAUSED))
    }

    assert standstill.stands_still({**state.steps, **branches}, {"b/w"}) is expected


def test_a_block_whose_branches_are_over_is_about_to_end() -> None:
    block = {"name": "b", "type": "parallel", "with": {"steps": [TASK]}}
    steps = state_of(story(block, WAIT), b=Phase.RUNNING, w=Phase.PAUSED).steps

    assert not standstill.stands_still(steps, {"w"})


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        pytest.param("", "", id="is false"),
        pytest.param("there is no x", "; it cannot be evaluated: there is no x", id="has trouble"),
    ],
)
def test_a_wait_that_is_given_up_says_why_nothing_comes(trouble: str, said: str) -> None:
    """Whoever reads it looks for the step that was to bring what it waits for."""
    state = changed(state_of(story(TASK, WAIT), a=Phase.FAILED), "w", phase=Phase.PAUSED)
    look = Look(holds=False, changes_by_itself=False, trouble=trouble)

    failed = standstill.given_up(Step.model_validate(WAIT), look, state.steps, NOW)

    assert (failed.phase, failed.reason) == (Phase.FAILED, StepReason.WAITS_IN_VAIN)
    assert failed.finished_at == NOW
    assert failed.message == (
        "the condition does not hold, and nothing of the run goes on that could change that"
        f"{said}; step a (Failed) put nothing out"
    )
