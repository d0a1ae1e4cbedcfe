"""StoryRuns that are deleted, at any time and in any way."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from adapters.kubernetes.resources import JOBS, NAMESPACES, PODS, STEP_RUNS, STORY_RUNS
from runwright.errors import ConflictError
from runwright.models.objects import Manifest
from tests.cluster.hands import (
    ENDLESS,
    at_rest,
    cancel,
    delete,
    kubectl,
    running_pod,
    strip_finalizers,
    told,
    watched_pods,
)
from tests.cluster.runs import Stage, gate, phase_of, step

ENDLESS_FIRST = f'test "$BUBU_TRIGGER_DATA" = "{{}}" || exit 0; {ENDLESS}'
"""The script of a task that runs until it is told to end, unless it is given an input."""


async def test_a_run_that_is_made_again_under_its_name_is_another_one(stage: Stage) -> None:
    """The old one ends first, pod and all; the new one's Jobs and StepRuns are its own."""
    await stage.engram("work", ENDLESS_FIRST)
    await stage.story("long", step("build"))
    await stage.story("short", {**step("build"), "with": {"short": True}})

    async with watched_pods(stage) as pods, stage.served():
        old = await stage.run("web-1", "long")
        await running_pod(stage, "web-1-build")
        await delete(stage, "storyrun", "web-1")
        new = await _made_again(stage, "web-1", "short")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")
        first, second = await stage.state(old), await stage.state(new)

    assert phase_of(run) == "Succeeded"
    assert (first.phase, second.phase) == ("Finished", "Succeeded")
    assert (pods.tries("build"), pods.together) == (["1.1", "1.1"], [])


async def test_a_run_whose_finalizer_was_stripped_makes_way_for_the_next(stage: Stage) -> None:
    """The object is gone at once, and its Job is still there when the next run wants its name."""
    await stage.engram("work", ENDLESS_FIRST)
    await stage.story("long", step("build"))
    await stage.story("short", {**step("build"), "with": {"short": True}})

    async with watched_pods(stage) as pods, stage.served():
        old = await stage.run("web-1", "long")
        await running_pod(stage, "web-1-build")
        await _torn_away(stage, "web-1")
        new = await stage.run("web-1", "short")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")
        await _ended(stage, old)
        second = await stage.state(new)

    assert (phase_of(run), second.phase) == ("Succeeded", "Succeeded")
    assert (pods.tries("build"), pods.together) == (["1.1", "1.1"], [])


async def test_a_run_without_its_object_ends_and_leaves_nothing(stage: Stage) -> None:
    await stage.engram("work", ENDLESS)
    await stage.story("release", step("build"), gate("go"))

    async with stage.served():
        run = await stage.run("web-1", "release")
        await running_pod(stage, "web-1-build")
        await _torn_away(stage, "web-1")
        await _ended(stage, run)
        await stage.until_none(JOBS, PODS, STEP_RUNS)

    assert (await _described(stage, run)) == "CANCELED"


async def test_a_run_that_lost_its_object_while_nobody_looked_ends_too(stage: Stage) -> None:
    """No watch tells of it any more; the sweep finds a run that no object stands for."""
    await stage.story("release", gate("go"))
    async with stage.served():
        run = await stage.run("web-1", "release")
        await stage.until_phase("web-1", "Running")
        await at_rest(stage, run)
    await _torn_away(stage, "web-1")

    async with stage.served():
        await _ended(stage, run)

    assert (await _described(stage, run)) == "CANCELED"


async def test_a_namespace_that_is_deleted_takes_its_runs_along(stage: Stage) -> None:
    """Nothing can be created there any more: hooks are skipped, and nothing hangs."""
    await stage.engram("work", ENDLESS)
    hooks = {"finally": [step("tidy")]}
    await stage.story("release", step("build"), **hooks)

    async with watched_pods(stage) as pods, stage.served():
        run = await stage.run("web-1", "release")
        await running_pod(stage, "web-1-build")
        await kubectl(stage, "delete", "namespace", stage.namespace, "--wait=false")
        while await stage.cluster.get(NAMESPACES, "", stage.namespace):
            await asyncio.sleep(0.1)
        await _ended(stage, run)
        state = await stage.state(run)
        name = f"deletion/{stage.workflow(run).id}"
        await stage.client.get_workflow_handle(name).result()

    # A step whose objects went first may have failed before the run was told to end.
    assert state.phase in {"Finished", "Failed"}
    assert pods.tries("tidy") == []


@pytest.mark.parametrize("moment", ["waiting", "gate", "over", "cleaned"])
async def test_a_run_can_be_deleted_at_any_time(stage: Stage, moment: str) -> None:
    """Waiting for its Story, at a gate, over, or when nothing is left but the object."""
    await stage.engram("work")
    keep = {"job": {"ttlSecondsAfterFinished": 1}} if moment == "cleaned" else {}
    steps = [gate("go")] if moment == "gate" else [step("build")]
    if moment != "waiting":
        await stage.story("release", *steps, policy={"execution": keep})

    async with stage.served():
        await stage.run("web-1", "release")
        await stage.until("web-1", _is_at(moment))
        await delete(stage, "storyrun", "web-1")
        await stage.until_gone("web-1")
        await stage.until_none(JOBS, PODS, STEP_RUNS)


async def test_a_run_that_was_deleted_while_nobody_served_goes_when_somebody_does(
    stage: Stage,
) -> None:
    await stage.engram("work", ENDLESS)
    await stage.story("release", step("build"))
    async with stage.served():
        run = await stage.run("web-1", "release")
        await running_pod(stage, "web-1-build")
        await at_rest(stage, run)
    await delete(stage, "storyrun", "web-1")

    async with stage.served():
        await stage.until_gone("web-1")
        await stage.until_none(JOBS, PODS, STEP_RUNS)

    assert (await _described(stage, run)) == "CANCELED"


async def test_a_hook_that_does_not_end_holds_a_deletion_no_longer_than_its_grace(
    stage: Stage,
) -> None:
    """Then the run is terminated, its pods are removed, and an Event says so."""
    await stage.engram("work", ENDLESS)
    await stage.story("release", gate("go"), **{"finally": [step("tidy")]})

    async with stage.served(deletion_grace=timedelta(seconds=30)):
        run = await stage.run("web-1", "release")
        await stage.until_phase("web-1", "Running")
        await delete(stage, "storyrun", "web-1")
        await running_pod(stage, "web-1-tidy")
        await stage.until_gone("web-1")
        await stage.until_none(JOBS, PODS, STEP_RUNS)
        await stage.until_event("Terminated", "web-1")

    assert (await _described(stage, run)) == "TERMINATED"
    assert "it did not end within" in (await told(stage, "web-1"))["Terminated"][0]


async def test_a_run_that_is_deleted_while_it_is_cancelled_stays_cancelled(stage: Stage) -> None:
    """A cancelled run skips its hooks, and what came first holds."""
    await stage.engram("work", ENDLESS)
    await stage.engram("tidy")
    await stage.story("release", step("build"), **{"finally": [step("tidy", "tidy")]})

    async with stage.served():
        run = await stage.run("web-1", "release")
        await running_pod(stage, "web-1-build")
        await cancel(stage, "web-1")
        await delete(stage, "storyrun", "web-1")
        await stage.until_gone("web-1")
        state = await stage.state(run)
        await stage.until_none(JOBS, PODS, STEP_RUNS)

    assert (state.phase, state.steps["tidy"].phase) == ("Finished", "Skipped")


async def _made_again(stage: Stage, name: str, story: str) -> Manifest:
    """Create a StoryRun as soon as its name is free."""
    while True:
        try:
            return await stage.run(name, story)
        except ConflictError:
            await asyncio.sleep(0.05)


async def _torn_away(stage: Stage, name: str) -> None:
    """Delete a StoryRun and take away what holds it, before anybody can put it back."""
    await stage.cluster.patch(
        STORY_RUNS, (stage.namespace, name), {"metadata": {"finalizers": None}}
    )
    await delete(stage, "storyrun", name)
    await strip_finalizers(stage, STORY_RUNS, name)
    await stage.until_gone(name)


async def _ended(stage: Stage, run: Manifest) -> None:
    while await _described(stage, run) == "RUNNING":
        await asyncio.sleep(0.05)


async def _described(stage: Stage, run: Manifest) -> str:
    status = (await stage.workflow(run).describe()).status
    return status.name if status else ""


def _is_at(moment: str) -> Callable[[Manifest], bool]:
    match moment:
        case "waiting":
            return lambda run: phase_of(run) == "Pending"
        case "gate":
            return lambda run: bool((run.get("status") or {}).get("gates"))
        case "over":
            return lambda run: phase_of(run) == "Succeeded"
        case _:
            return lambda run: bool((run.get("status") or {}).get("childrenCleanedAt"))
