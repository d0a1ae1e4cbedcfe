"""Whatever a run has to tell, Temporal takes it."""

from datetime import timedelta

from runwright.models.bubustack import Phase
from runwright.models.history import History, Subject, Transition
from runwright.models.story_run import StoryRunState
from runwright.rules.bubustack.admission import story_problems
from runwright.rules.bubustack.fitting import MOST, fitted, size_of
from tests.unit.rules.states import NOW, state_of
from tests.unit.rules.stories import engram, primitive, story


def told(count: int) -> History:
    """Return a history of that many transitions."""
    return History(
        transitions=tuple(
            Transition(
                at=NOW + timedelta(seconds=number),
                activation=1,
                subject=Subject.STEP,
                name="a",
                message="m" * 200,
            )
            for number in range(count)
        )
    )


def full(message: str, output: int) -> StoryRunState:
    """Return a run with a thousand branches that say so much, and an output of so many bytes."""
    branches = [engram(f"b{number}") for number in range(999)]
    state = state_of(story(primitive("parallel", steps=branches)), own=Phase.SUCCEEDED)
    said = {"message": message, "error": {"message": message}}
    steps = {
        name: state.steps["own"].model_copy(update={"name": name, **said})
        for name in (f"own/b{number}" for number in range(999))
    }
    update = {"steps": {**state.steps, **steps}, "output": {"x": "y" * output}}
    return state.model_copy(update={**update, "history": told(900)})


def test_a_state_that_has_room_is_left_as_it_is() -> None:
    state = full("", 1000)

    assert fitted(state) == state


def test_the_oldest_of_the_history_gives_way_first() -> None:
    state = full("m" * 370, 500_000)

    found = fitted(state)

    assert size_of(found) <= MOST
    assert found.steps == state.steps
    assert 0 < len(found.history.transitions) < 900
    assert found.history.dropped == 900 - len(found.history.transitions)
    assert found.history.transitions[-1] == state.history.transitions[-1]


def test_then_what_steps_say_in_detail() -> None:
    found = fitted(full("m" * 2000, 500_000))

    assert size_of(found) <= MOST
    assert {len(step.message) for step in found.steps.values()} == {0, 100}
    assert found.output


def test_then_the_output() -> None:
    found = fitted(full("m" * 2000, 1_500_000))

    assert (size_of(found) <= MOST, found.output) == (True, None)


def test_a_story_has_no_more_steps_than_a_run_can_show() -> None:
    branches = [engram(f"b{number}") for number in range(1000)]

    (problem,) = story_problems(story(primitive("parallel", steps=branches)))

    assert str(problem) == ("spec: 1001 steps, branches of parallel steps included; a run has 1000")
