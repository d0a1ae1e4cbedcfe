"""The objects of a cluster that show a run, and the words that connect them with it."""

from typing import Final

from runwright.models.objects import ObjectKey
from runwright.models.story_run import StartStoryRun, StepProgress

_API_VERSION: Final = "runs.bubustack.io/v1alpha1"

CANCEL_REQUESTED: Final = "cancelRequested was set on the StoryRun"
"""The reason of a cancel that came by way of the object: the one change that its spec allows."""


def story_run_key(start: StartStoryRun) -> ObjectKey:
    """Return which StoryRun stands for a run: that one, and no later one of its name."""
    return ObjectKey(
        api_version=_API_VERSION,
        kind="StoryRun",
        namespace=start.namespace,
        name=start.name,
        uid=start.uid,
    )


def step_run_key(start: StartStoryRun, step: StepProgress) -> ObjectKey:
    """Return which StepRun stands for a step that an Engram does; it bears its task's name.

    Of that name there may be one that is another run's, or nobody's of ours.
    """
    return ObjectKey(
        api_version=_API_VERSION,
        kind="StepRun",
        namespace=start.namespace,
        name=step.task,
        owner=start.uid,
    )
