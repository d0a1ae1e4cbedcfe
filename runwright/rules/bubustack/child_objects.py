"""The StoryRun of a run that a step of another one executes, in a cluster."""

from typing import Any

from runwright.models.objects import Manifest
from runwright.models.story_run import StartStoryRun
from runwright.rules.bubustack import retention
from runwright.rules.bubustack.intake import AUTHOR, FINALIZER
from runwright.rules.bubustack.jobs.labels import (
    RUNS_VERSION,
    correlation_annotation,
    labels_of_child,
    owners_of_run,
)
from runwright.rules.bubustack.parentage import Parent


def child_manifest(start: StartStoryRun, child: StartStoryRun, parent: Parent) -> Manifest:
    """Return the StoryRun of a child of the run that `start` began.

    It goes with its parent's, but not before its own run has ended: so it is held from the start.
    How long it is kept is noted at once, for whoever takes it in did not read its Story.

    Source: BubuStack, names, labels and executeStory primitive.
    """
    return {
        "apiVersion": RUNS_VERSION,
        "kind": "StoryRun",
        "metadata": {
            "name": child.name,
            "namespace": child.namespace,
            "labels": labels_of_child(start, child, parent.step),
            "annotations": _annotations(child, parent),
            "ownerReferences": owners_of_run(start),
            "finalizers": [FINALIZER],
        },
        "spec": {"storyRef": _reference(child), "inputs": child.inputs},
    }


def _annotations(child: StartStoryRun, parent: Parent) -> dict[str, str]:
    kept = retention.retention_of(child.story).model_dump_json(by_alias=True)
    return {
        **parent.annotation,
        retention.ANNOTATION: kept,
        **correlation_annotation(child),
        **({AUTHOR: child.author} if child.author else {}),
    }


def _reference(child: StartStoryRun) -> dict[str, Any]:
    """Return which Story it executes, in the version that the parent took along."""
    name, version = child.story.metadata.name, child.story.spec.version
    return {"name": name, **({"version": version} if version else {})}
