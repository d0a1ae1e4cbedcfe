"""How the objects of a run are labelled, and whose they are."""

from typing import Any, Final

from runwright.models.story_run import StartStoryRun
from runwright.rules.bubustack.branches import block_of, own_name
from runwright.rules.bubustack.jobs.work import Work
from runwright.rules.naming import label_value

RUNS_VERSION: Final = "runs.bubustack.io/v1alpha1"
STORY_RUN: Final = "bubustack.io/storyrun"
"""The label of what belongs to a StoryRun."""
PARENT_STORY_RUN: Final = "bubustack.io/parent-storyrun"
"""The label of a StoryRun that a step of another one executes: the name of that one."""
PARENT_STEP: Final = "bubustack.io/parent-step"
"""The label of what belongs to a step that is made of others, and which step that is."""
CORRELATION: Final = "bubustack.io/correlation-id"
"""The annotation of a StoryRun that says what it is found by, and the label that finds it."""
MANAGED_BY: Final = {"app.kubernetes.io/managed-by": "runwright"}


def labels_of_run(start: StartStoryRun) -> dict[str, str]:
    """Return the labels of what belongs to a run as a whole.

    Source: BubuStack, labels.
    """
    return {
        STORY_RUN: label_value(start.name),
        **_labels_of_story(start),
        **correlation_label(start),
    }


def labels_of_child(parent: StartStoryRun, child: StartStoryRun, step: str) -> dict[str, str]:
    """Return the labels of the StoryRun that a step of a run executes.

    Source: BubuStack, labels.
    """
    return {
        **_labels_of_story(child),
        **correlation_label(child),
        PARENT_STORY_RUN: label_value(parent.name),
        PARENT_STEP: label_value(step),
    }


def correlation_label(start: StartStoryRun) -> dict[str, str]:
    """Return the label of everything that a run makes, and of its own object; none if it has none.

    Source: BubuStack, labels.
    """
    value = label_value(start.correlation)
    return {CORRELATION: value} if value else {}


def correlation_annotation(start: StartStoryRun) -> dict[str, str]:
    """Return what says it in full on the StepRuns and the StoryRuns that a run makes."""
    return {CORRELATION: start.correlation} if start.correlation else {}


def _labels_of_story(start: StartStoryRun) -> dict[str, str]:
    story = label_value(start.story.metadata.name)
    return {**MANAGED_BY, "bubustack.io/story": story, "bubustack.io/story-name": story}


def labels_of_step(work: Work) -> dict[str, str]:
    """Return the labels of what belongs to one step of a run."""
    return {
        **labels_of_run(work.start),
        "bubustack.io/step": label_value(own_name(work.step.name)),
        "bubustack.io/steprun": work.name,
        "bubustack.io/engram": label_value(work.engram.metadata.name),
        **({PARENT_STEP: label_value(block)} if (block := block_of(work.step.name)) else {}),
    }


def labels_of_job(work: Work) -> dict[str, str]:
    """Return the labels of a step's Job and of its pod.

    Upstream's name is kept: dashboards and network policies select by it.
    """
    return {
        **labels_of_step(work),
        "app.kubernetes.io/name": "bobrapet",
        "app.kubernetes.io/component": "engram",
    }


def owners_of_run(start: StartStoryRun) -> list[dict[str, Any]]:
    """Return the reference to a run's StoryRun, with which what it made goes too."""
    owner = {
        "apiVersion": RUNS_VERSION,
        "kind": "StoryRun",
        "name": start.name,
        "uid": start.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return [owner] if start.has_resource else []
