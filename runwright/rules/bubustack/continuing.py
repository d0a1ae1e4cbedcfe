"""What a later execution of a run makes of a child that an earlier one began."""

from runwright.models.base import Message
from runwright.models.history import History
from runwright.models.story_run import Section, StartStoryRun, StoryRunState
from runwright.rules.bubustack.branches import all_steps
from runwright.rules.bubustack.children import too_large
from runwright.rules.bubustack.resumption import is_repeated, resumed
from runwright.rules.bubustack.verdicts import CLOSES_AS_COMPLETED


class Continuation(Message):
    """How the run of a step goes on that was executed before; with nothing set it begins anew."""

    start: StartStoryRun | None = None
    """The input of its next execution, which keeps what was done."""
    done: StoryRunState | None = None
    """It succeeded meanwhile, and this is what came of it: without its steps and its history."""
    is_open: bool = False
    """It is going on by itself."""


def may_go_on(start: StartStoryRun, section: Section, step: str) -> bool:
    """Return whether a child of that step counts that an earlier execution of the run began.

    Hooks belong to one execution; and who asks for a step to be repeated means all of it.
    """
    resume = start.resume_from
    if resume is None or resume.everything or section is not Section.MAIN:
        return False
    return not is_repeated(start.story, step, since=resume.step)


def steps_that_go_on(start: StartStoryRun) -> tuple[str, ...]:
    """Return the names of the steps whose children count that an earlier execution began."""
    steps = all_steps(start.story)
    return tuple(one.name for section, one in steps if may_go_on(start, section, one.name))


def continuation(
    anew: StartStoryRun, last: StartStoryRun, state: StoryRunState, by: str
) -> Continuation:
    """Return how a child goes on whose latest execution is over, in the state given.

    It was started with `last`, and would begin with `anew`. Of another Story, or with other
    inputs, what it did does not count, nor if it is too much to be sent. One that somebody retried
    by itself may have succeeded.
    """
    if (last.story, last.inputs) != (anew.story, anew.inputs) or state.finished_at is None:
        return Continuation()
    if state.phase in CLOSES_AS_COMPLETED:
        bare: dict[str, object] = {"steps": {}, "gates": {}, "history": History()}
        return Continuation(done=state.model_copy(update=bare))
    again = resumed(last, state, by=by).model_copy(update={"parent": anew.parent})
    return Continuation() if too_large(again) else Continuation(start=again)
