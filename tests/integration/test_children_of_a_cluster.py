"""Steps that execute other Stories in a cluster: the object of a run is there before the run is."""

import asyncio
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError

from adapters.kubernetes.resources import STORY_RUNS, Resource
from runwright.errors import ClusterUnavailableError, RefusedError, RunwrightError
from runwright.models.bubustack import Phase
from runwright.models.objects import Manifest
from runwright.models.runs import CancelRun
from runwright.models.story_run import StartStoryRun, workflow_id
from tests.integration.clusters import PlacedRun, object_of, placed, placed_run
from tests.integration.runs import engram
from tests.integration.test_story_run_children import executes, story
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster

AWAY = ClusterUnavailableError("create storyrun: HTTP 503 away")
FORBIDDEN = RefusedError("create storyrun: HTTP 403 forbidden")


class _Refusing(MemoryCluster):
    """An API server that takes no StoryRun."""

    def __init__(self, refusal: RunwrightError, *objects: Manifest) -> None:
        super().__init__(*objects)
        self.asked = asyncio.Event()
        self._why = refusal

    async def create(self, manifest: Manifest, resource: Resource | None = None) -> Manifest:
        """Create the object, or say why not."""
        if manifest["kind"] == STORY_RUNS.kind:
            self.asked.set()
            raise self._why
        return await super().create(manifest, resource)


def outer(**spec: Any) -> StartStoryRun:
    """Return the input of a run in a cluster whose step `call` executes another Story."""
    steps = {"steps": [executes("call", "inner")]}
    return placed({**steps, **spec}, stories=(story("inner", engram("work")),))


async def ended(run: PlacedRun) -> None:
    """Return once the run is closed, and did not succeed."""
    with pytest.raises(WorkflowFailureError, match="Workflow execution failed"):
        await run.handle.result()


async def test_a_child_runs_under_the_uid_of_its_object(client: Client, task_queue: str) -> None:
    start = outer()
    cluster = MemoryCluster(object_of(start))

    async with placed_run(client, task_queue, start, cluster) as run:
        state = await run.handle.result()
        made = await cluster.get(STORY_RUNS, "default", f"{start.name}-call")

    assert made
    child = state.steps["call"].child
    assert child
    assert child.workflow_id == workflow_id("default", child.name, made["metadata"]["uid"])
    assert made["status"]["phase"] == Phase.SUCCEEDED
    assert (await run.shown())["stepStates"]["call"]["subStoryRunName"] == child.name


async def test_a_cancel_while_the_object_is_made_is_a_cancel(
    client: Client, task_queue: str
) -> None:
    """The activity that is broken off is no failure of the step."""
    start = outer()
    cluster = _Refusing(AWAY, object_of(start))

    async with placed_run(client, task_queue, start, cluster) as run:
        await cluster.asked.wait()
        waiting = await run.state()
        await run.handle.signal("cancel", CancelRun(by="ada"))
        await ended(run)
        state = await run.state()

    assert waiting.steps["call"].message.startswith("Waits for its StoryRun ")
    assert (state.phase, state.steps["call"].phase) == (Phase.FINISHED, Phase.CANCELED)


async def test_what_the_cluster_refuses_fails_the_step(client: Client, task_queue: str) -> None:
    start = outer()
    cluster = _Refusing(FORBIDDEN, object_of(start))

    async with placed_run(client, task_queue, start, cluster) as run:
        await ended(run)
        state = await run.state()

    assert state.steps["call"].phase is Phase.FAILED
    assert "HTTP 403 forbidden" in state.steps["call"].message
    assert run.tasks.started == []


async def test_the_hooks_of_a_deleted_run_may_execute_stories(
    client: Client, task_queue: str
) -> None:
    """Its object is about to go, and is there as long as they run."""
    start = outer(
        steps=[{"name": "rest", "type": "sleep", "with": {"duration": "1h"}}],
        **{"finally": [executes("call", "inner")]},
    )
    going = {"deletionTimestamp": "2026-03-01T12:00:00Z"}
    cluster = MemoryCluster(object_of(start))

    async with placed_run(client, task_queue, start, cluster) as run:
        while (await run.state()).steps["rest"].phase is not Phase.PAUSED:
            await asyncio.sleep(0.01)
        name = "default", start.name
        await cluster.patch(STORY_RUNS, name, {"metadata": going})
        await run.handle.signal("cancel", CancelRun(by="kubernetes", run_hooks=True))
        await ended(run)
        state = await run.state()

    assert state.steps["call"].phase is Phase.SUCCEEDED
    assert run.tasks.started == [f"default/{start.name}-call-work"]
