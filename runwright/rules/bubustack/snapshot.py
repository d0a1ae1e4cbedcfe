"""What a run has of the objects that its Story names: they are snapshotted when it starts."""

from runwright.models.bubustack import Engram, EngramTemplate, Step
from runwright.models.story_run import StartStoryRun


def home_of(start: StartStoryRun) -> str:
    """Return the namespace in which a run looks for what its Story names."""
    return start.story.metadata.namespace or start.namespace


def engram_of(start: StartStoryRun, step: Step) -> Engram | None:
    """Return the Engram that a step names, if the snapshot has it."""
    if step.ref is None:
        return None
    wanted = (step.ref.namespace or home_of(start), step.ref.name)
    found = (
        one
        for one in start.engrams
        if (one.metadata.namespace or "default", one.metadata.name) == wanted
    )
    return next(found, None)


def template_of(start: StartStoryRun, engram: Engram) -> EngramTemplate | None:
    """Return the template that an Engram names, if the snapshot has it."""
    name = engram.spec.template_ref.name
    return next((one for one in start.templates if one.metadata.name == name), None)
