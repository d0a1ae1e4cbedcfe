"""Runs in a few words: how they start, and how far they are."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from runwright.models.bubustack import Engram, EngramTemplate, Phase, Story
from runwright.models.story_run import StartStoryRun, StepProgress, StoryRunState
from runwright.models.tasks import Backend
from runwright.rules.bubustack import progress

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENGRAM: Final = Engram.model_validate(
    {"metadata": {"name": "worker"}, "spec": {"templateRef": {"name": "image"}}}
)


def template(annotations: Mapping[str, str] | None = None, **spec: Any) -> EngramTemplate:
    """Return the template that the Engram names."""
    return EngramTemplate.model_validate(
        {
            "metadata": {"name": "image", "annotations": annotations or {}},
            "spec": {"version": "1", "supportedModes": ["job"], **spec},
        }
    )


def start_of(story: Story, **fields: Any) -> StartStoryRun:
    """Return the input of the run `release-1` of a Story."""
    given: dict[str, Any] = {
        "name": "release-1",
        "story": story,
        "engrams": (ENGRAM,),
        "templates": (template(),),
        "backend": Backend.MEMORY,
    }
    return StartStoryRun(**{**given, **fields})


def state_of(story: Story, /, **phases: Phase) -> StoryRunState:
    """Return the state of a run whose steps are in these phases; others were not started."""
    state = progress.started(start_of(story), NOW)
    for name, phase in phases.items():
        state = changed(state, name, phase=phase)
    return state


def changed(state: StoryRunState, step: str, **update: Any) -> StoryRunState:
    """Return the state with fields of one step changed."""
    return progress.with_step(state, state.steps[step].model_copy(update=update))


def steps_of(story: Story, /, **phases: Phase) -> dict[str, StepProgress]:
    """Return the steps of such a run."""
    return state_of(story, **phases).steps
