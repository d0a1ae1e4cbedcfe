"""What a person is told to do about a run that is over."""

import pytest

from runwright.models.story_run import StoryRunState
from runwright.rules.bubustack.afterwards import next_step
from runwright.rules.bubustack.details import details
from runwright.rules.bubustack.explanation import explanation
from runwright.rules.bubustack.status.keys import CANCEL_REQUESTED
from tests.unit.cli.states import BROKEN, BUILT, NOW, WAITING, at, state


def over(reason: str, **fields: object) -> StoryRunState:
    return state(BUILT, phase="Failed", reason=reason, finished_at=at(5), **fields)


def test_what_failed_is_gone_on_from() -> None:
    found = next_step(BROKEN)

    assert found is not None
    assert found.command("release-1") == "runwright retry release-1"


@pytest.mark.parametrize(
    "shown",
    [
        WAITING,
        state(BUILT, phase="Succeeded", finished_at=at(5)),
        over("StoryNotFound", activation=0),
    ],
    ids=["open", "succeeded", "never started"],
)
def test_nothing_is_said_where_nothing_helps_or_has_to(shown: StoryRunState) -> None:
    assert next_step(shown) is None


def test_a_story_that_cannot_be_executed_needs_a_new_run() -> None:
    """Every execution of a run has the Story of the first: a retry would fail in the same way."""
    told = explanation(over("InvalidConfiguration"), (), NOW)

    assert told.endswith(
        "Mend it, then start a new run: every execution of this one has the same Story."
    )
    assert "runwright retry" not in details(over("InvalidConfiguration"), retry="{}")


def test_inputs_that_do_not_fit_are_to_be_changed() -> None:
    told = explanation(over("InputSchemaFailed"), (), NOW)
    page = details(over("InputSchemaFailed"), retry='{"name":"release-1"}')

    command = "`runwright retry release-1 --input KEY=VALUE`"
    assert told.endswith(f"Try it with other inputs: {command}.")
    assert page.endswith(command)


def test_a_cancel_that_its_object_asked_for_is_not_taken_back() -> None:
    """So that a retry is refused."""
    cancelled = {"by": "", "at": at(4), "reason": CANCEL_REQUESTED, "grace": "PT20S"}
    shown = over("Canceled", cancelled=cancelled)

    told = explanation(shown, (), NOW)

    assert told.endswith("that is not taken back: create another one.")
    assert "runwright retry" not in told
