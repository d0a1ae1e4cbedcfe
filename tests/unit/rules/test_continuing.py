"""What a later execution of a run makes of a child that an earlier one began."""

from typing import Any

import pytest

from runwright.models.bubustack import Phase
from runwright.models.story_run import ParentRun, ResumeFrom, Section, StartStoryRun, StoryRunState
from runwright.rules.bubustack import progress
from runwright.rules.bubustack.continuing import Continuation, continuation, may_go_on
from tests.unit.rules.shown import LATER
from tests.unit.rules.states import NOW, changed, start_of
from tests.unit.rules.stories import condition, engram, executes, story

INNER = story(engram("first"), engram("work", needs=["first"]))
OUTER = story(condition("before"), {**executes("call", "inner"), "needs": ["before"]})
LAST = start_of(INNER, inputs={"tag": "v1"})
ANEW = LAST.model_copy(
    update={"parent": ParentRun(name="web-1", step="call", workflow_id="storyrun/team/web-1/2")}
)


def over(phase: Phase, **fields: Any) -> StoryRunState:
    """Return a run of the inner Story whose first step succeeded, and which ended so."""
    state = changed(progress.started(LAST, NOW), "first", phase=Phase.SUCCEEDED)
    return state.model_copy(update={"phase": phase, "finished_at": LATER, **fields})


def again(step: str = "", *, everything: bool = False) -> StartStoryRun:
    """Return the input of the second execution of the outer Story, from that step on."""
    resume = ResumeFrom(activation=2, step=step, everything=everything)
    return start_of(OUTER, resume_from=resume)


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.TIMEOUT, Phase.FINISHED, Phase.COMPENSATED])
def test_a_run_that_did_not_succeed_goes_on_and_keeps_what_was_done(phase: Phase) -> None:
    past = continuation(ANEW, LAST, over(phase), "ada")

    assert past.start
    assert past.start.parent == ANEW.parent
    assert past.start.resume_from
    assert (past.start.resume_from.by, past.start.activation) == ("ada", 2)
    assert list(past.start.resume_from.kept) == ["first"]


def test_what_has_succeeded_meanwhile_is_not_done_again() -> None:
    past = continuation(ANEW, LAST, over(Phase.SUCCEEDED, output={"id": 1}), "ada")

    assert past.start is None
    assert past.done
    assert (past.done.output, past.done.steps) == ({"id": 1}, {})


@pytest.mark.parametrize(
    "anew",
    [
        ANEW.model_copy(update={"inputs": {"tag": "v2"}}),
        ANEW.model_copy(update={"story": story(engram("first"))}),
    ],
    ids=["other inputs", "another Story"],
)
def test_what_was_done_for_something_else_does_not_count(anew: StartStoryRun) -> None:
    assert continuation(anew, LAST, over(Phase.FAILED), "ada") == Continuation()


def test_a_run_that_was_ended_outside_its_own_code_begins_anew() -> None:
    """Nobody knows how its steps ended."""
    assert continuation(ANEW, LAST, over(Phase.RUNNING, finished_at=None), "") == Continuation()


@pytest.mark.parametrize(
    ("start", "section", "goes_on"),
    [
        (again(), Section.MAIN, True),
        (again(step="before"), Section.MAIN, False),
        (again(step="call"), Section.MAIN, False),
        (again(everything=True), Section.MAIN, False),
        (again(), Section.FINALLY, False),
        (start_of(OUTER), Section.MAIN, False),
    ],
    ids=[
        "retried",
        "repeated with what it needs",
        "repeated",
        "all repeated",
        "a hook",
        "the first execution",
    ],
)
def test_a_child_goes_on_unless_its_step_is_to_be_repeated(
    start: StartStoryRun, section: Section, *, goes_on: bool
) -> None:
    assert may_go_on(start, section, "call") is goes_on
