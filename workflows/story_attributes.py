"""What a StoryRun can be found by in Temporal."""

from temporalio.common import TypedSearchAttributes

from runwright.models.bubustack import Phase
from runwright.models.story_run import StartStoryRun
from workflows.presentation import Identity


def identity_of(start: StartStoryRun) -> Identity:
    """Return what never changes of it; the template is its Story."""
    return Identity(
        kind="StoryRun",
        namespace=start.namespace,
        name=start.name,
        template=start.story.metadata.name,
        cluster=start.cluster,
    )


def attributes_of(start: StartStoryRun) -> TypedSearchAttributes:
    """Return what a run can be found by from its start."""
    return identity_of(start).attributes(str(Phase.RUNNING))
