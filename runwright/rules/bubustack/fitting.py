"""How the state of a run is kept to a size that Temporal takes."""

from typing import Final

from runwright.models.story_run import StepProgress, StoryRunState
from runwright.rules.bubustack.conditions import cut
from runwright.rules.history import newest

MOST: Final = 1_900_000
"""Bytes of JSON: Temporal takes 2 MiB in one value, and its failure has the message beside it."""
_LEAST_HISTORY: Final = 32 * 1024
_SHORT: Final = 100
"""Characters that are left of a step's message where there is no room for all of it."""


def fitted(state: StoryRunState) -> StoryRunState:
    """Return the state in a size that a query can answer with, and a run can close with.

    Inputs and outputs are bounded where they arise. What else there is gives way in this order: the
    oldest of the history, what failed steps say in detail, the output of the Story.
    """
    if (size := size_of(state)) <= MOST:
        return state
    history = len(state.history.model_dump_json(exclude_none=True))
    room = max(MOST - (size - history), _LEAST_HISTORY)
    state = state.model_copy(update={"history": newest(state.history, room)})
    if size_of(state) <= MOST:
        return state
    steps = {name: _brief(step) for name, step in state.steps.items()}
    state = state.model_copy(update={"steps": steps})
    return state if size_of(state) <= MOST else state.model_copy(update={"output": None})


def size_of(state: StoryRunState) -> int:
    """Return the bytes of JSON that a state travels in."""
    return len(state.model_dump_json().encode())


def _brief(step: StepProgress) -> StepProgress:
    update = {"message": cut(step.message, _SHORT), "error": None, "diagnosis": None}
    return step.model_copy(update=update)
