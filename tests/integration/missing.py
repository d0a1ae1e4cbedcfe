"""Runs whose cluster lacks what a step needs: its Engram, or the template of that."""

from typing import Any, Final

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowFailureError

from adapters.kubernetes.resources import ENGRAM_TEMPLATES, ENGRAMS, EVENTS
from runwright.models.bubustack import Phase
from runwright.models.objects import Manifest
from runwright.models.runs import LookAgain
from runwright.models.story_run import StartStoryRun, StoryRunState
from tests.integration.clusters import PlacedRun, object_of
from tests.integration.runs import engram
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster

CHECK: Final = {"name": "test", "ref": {"name": "checker"}}
CHECK_AND_BUILD: Final = {"steps": [CHECK, engram("build")]}
_BLOCKED: Final = {Phase.BLOCKED}
"""The phases of steps that all wait."""


def checker(template: str = "test-image", name: str = "checker", **spec: Any) -> Manifest:
    """Return the Engram `checker`, or another of that spec."""
    return {
        "apiVersion": ENGRAMS.api_version,
        "kind": ENGRAMS.kind,
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"templateRef": {"name": template}, **spec},
    }


def image(**spec: Any) -> Manifest:
    """Return its template."""
    return {
        "apiVersion": ENGRAM_TEMPLATES.api_version,
        "kind": ENGRAM_TEMPLATES.kind,
        "metadata": {"name": "test-image"},
        "spec": {"version": "1", "supportedModes": ["job"], "image": "check:1", **spec},
    }


def phase_of(state: StoryRunState, step: str = "test") -> Phase | None:
    """Return the phase of a step; None as long as it has none, or is none yet."""
    known = state.steps.get(step)
    return known.phase if known else None


async def blocked(run: PlacedRun, *steps: str) -> StoryRunState:
    """Return the run once these steps are Blocked; with none, once the check is."""
    names = steps or ("test",)
    return await run.until(lambda state: {phase_of(state, name) for name in names} == _BLOCKED)


async def look_again(run: PlacedRun) -> None:
    """Say that something may be there now."""
    await run.handle.signal("look_again", LookAgain())


async def failed(run: PlacedRun) -> StoryRunState:
    """Return the end of a run that does not succeed."""
    with pytest.raises(WorkflowFailureError, match="Workflow execution failed"):
        await run.handle.result()
    return await run.state()


async def looks(run: PlacedRun) -> int:
    """Return how often the cluster was asked for what is missing."""
    history = await run.handle.fetch_history()
    names = [
        event.activity_task_scheduled_event_attributes.activity_type.name
        for event in history.events
        if event.event_type is EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
    return names.count("find_workers")


def cluster_of(start: StartStoryRun, *others: Manifest) -> MemoryCluster:
    """Return a cluster that has the object of a run."""
    return MemoryCluster(object_of(start), *others)


def told(cluster: MemoryCluster) -> dict[str, list[str]]:
    """Return the messages of all Events, by reason."""
    found: dict[str, list[str]] = {}
    for (kind, *_), event in cluster.objects.items():
        if kind == EVENTS.kind:
            found.setdefault(event["reason"], []).append(event["message"])
    return found
