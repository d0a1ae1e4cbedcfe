"""Steps that execute other Stories: each of their runs is a StoryRun, owned by the step's."""

import json
from typing import Any, Final

import pytest

from adapters.kubernetes.resources import JOBS, PODS, STEP_RUNS, STORY_RUNS
from runwright.models.objects import Manifest
from tests.cluster.hands import (
    ENDLESS,
    cancel,
    delete,
    is_over,
    messages_of,
    running_pod,
    watched_pods,
)
from tests.cluster.runs import RUNS, Stage, condition, executes, gate, phase_of, retries, step

MARKER: Final = "runwright.dev/run-id"
PARENT: Final = "runwright.dev/parent"
SAYS_42: Final = 'echo \'{"id": "42"}\' > /dev/termination-log'


def state_of(run: Manifest, step: str) -> Manifest:
    """Return what a StoryRun says of one of its steps; empty as long as it says nothing."""
    states: dict[str, Manifest] = (run.get("status") or {}).get("stepStates") or {}
    return states.get(step, {})


def has_gate(run: Manifest) -> bool:
    """Return whether a StoryRun waits at its gate `go`."""
    return "go" in (run.get("status") or {}).get("gates", {})


def is_marked(run: Manifest) -> bool:
    """Return whether a StoryRun was taken in."""
    return MARKER in (run["metadata"].get("annotations") or {})


async def ended(stage: Stage, run: Manifest) -> None:
    """Return once a run is over for Temporal, too, so that it can be retried."""
    await stage.until(run["metadata"]["name"], is_over)
    await stage.closed(run)


def owned_by(run: Manifest, **parent: Any) -> dict[str, Any]:
    """Return the metadata of `web-1-call` that claims to be a step of that run."""
    metadata = run["metadata"]
    owner = {"apiVersion": RUNS, "kind": "StoryRun", "name": metadata["name"]}
    said = {"workflowId": f"storyrun/x/y/{metadata['uid']}", "step": "call", **parent}
    return {
        "name": "web-1-call",
        "namespace": metadata["namespace"],
        "annotations": {PARENT: json.dumps(said)},
        "ownerReferences": [{**owner, "uid": metadata["uid"]}],
    }


async def test_a_step_has_a_run_of_its_own_and_puts_out_what_comes_of_it(stage: Stage) -> None:
    await stage.engram("work", SAYS_42)
    await stage.engram("check", 'test "$BUBU_TRIGGER_DATA" = \'{"x":"42"}\'')
    await stage.story("inner", step("build"), output={"id": "{{ steps.build.output.id }}"})
    use = step("use", "check", **{"with": {"x": "{{ steps.call.output.id }}"}})
    await stage.story("outer", executes("call", "inner", **{"with": {"a": 1}}), use)

    async with stage.served():
        parent = await stage.run("web-1", "outer")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")
        child = await stage.until("web-1-call", is_marked)

    assert (phase_of(run), phase_of(child)) == ("Succeeded", "Succeeded")
    assert state_of(run, "call")["subStoryRunName"] == "web-1-call"
    assert child["spec"] == {"storyRef": {"name": "inner"}, "inputs": {"a": 1}}
    (owner,) = child["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["controller"]) == (parent["metadata"]["uid"], True)
    labels = child["metadata"]["labels"]
    assert labels["bubustack.io/parent-storyrun"] == "web-1"
    assert labels["bubustack.io/parent-step"] == "call"


async def test_a_run_waits_for_the_stories_that_it_executes(stage: Stage) -> None:
    await stage.engram("work")
    await stage.story("outer", executes("call", "inner"))

    async with stage.served():
        await stage.run("web-1", "outer")
        waiting = await stage.until_phase("web-1", "Pending")
        await stage.story("inner", step("build"))
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert 'there is no Story "inner"' in condition(waiting, "Ready")["message"]
    assert phase_of(run) == "Succeeded"


async def test_a_run_within_a_run_is_told_of_gates_and_cancels_on_its_own_object(
    stage: Stage,
) -> None:
    """It is a StoryRun like any other; the step ends as it does."""
    await stage.story("inner", gate("go"))
    await stage.story("outer", executes("call", "inner"), executes("other", "inner", "call"))

    async with stage.served():
        await stage.run("web-1", "outer")
        await stage.until("web-1-call", has_gate)
        await stage.approve("web-1-call", "go")
        await stage.until("web-1-other", has_gate)
        await cancel(stage, "web-1-other")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert (state_of(run, "call")["phase"], state_of(run, "other")["phase"]) == (
        "Succeeded",
        "Finished",
    )
    assert phase_of(run) == "Failed"


@pytest.mark.parametrize("how", ["cancel", "deadline"])
async def test_what_ends_the_parent_ends_its_child_first(stage: Stage, how: str) -> None:
    """Upstream lets the child go on."""
    await stage.engram("work", ENDLESS)
    policy = {"timeouts": {"story": "30s"}} if how == "deadline" else {}
    await stage.story("inner", step("build"))
    await stage.story("outer", executes("call", "inner"), policy=policy)

    async with stage.served():
        await stage.run("web-1", "outer")
        await running_pod(stage, "web-1-call-build")
        if how == "cancel":
            await cancel(stage, "web-1")
        run = await stage.until_phase("web-1", "Finished", "Timeout")
        child = await stage.story_run("web-1-call")
        known = await stage.state(child or {})

    assert state_of(run, "call")["phase"] == "Canceled"
    assert phase_of(child or {}) == "Finished"
    assert known.cancelled
    assert "run web-1 ended its step" in known.cancelled.reason


@pytest.mark.parametrize("cascade", ["background", "foreground"])
async def test_a_deleted_run_takes_its_child_along_hooks_included(
    stage: Stage, cascade: str
) -> None:
    """In the foreground Kubernetes deletes the child at once, too, and takes no hook of it."""
    await stage.engram("work", ENDLESS)
    await stage.engram("tidy")
    hook = step("clean", "tidy", execution=retries(0))
    await stage.story("inner", step("build"), **{"finally": [hook]})
    await stage.story("outer", executes("call", "inner"))

    async with watched_pods(stage) as pods, stage.served():
        await stage.run("web-1", "outer")
        await running_pod(stage, "web-1-call-build")
        await delete(stage, "storyrun", "web-1", f"--cascade={cascade}")
        await stage.until_gone("web-1")
        await stage.until_none(STORY_RUNS, STEP_RUNS, JOBS, PODS)

    assert pods.tries("clean") == ["1.1"]


async def test_a_child_that_is_deleted_fails_its_step(stage: Stage) -> None:
    await stage.engram("work", ENDLESS)
    await stage.story("inner", step("build"))
    await stage.story("outer", executes("call", "inner"))

    async with stage.served():
        await stage.run("web-1", "outer")
        await running_pod(stage, "web-1-call-build")
        await delete(stage, "storyrun", "web-1-call")
        run = await stage.until_phase("web-1", "Failed")
        await stage.until_gone("web-1-call")

    assert state_of(run, "call")["phase"] == "Finished"


async def test_a_child_that_nobody_waits_for_goes_on_until_its_parent_is_deleted(
    stage: Stage,
) -> None:
    """Nor do its parent's StepRuns take it along when their time has come."""
    kept = {"execution": {"job": {"ttlSecondsAfterFinished": 1}}}
    await stage.story("inner", gate("go"))
    await stage.story("outer", executes("call", "inner", waitForCompletion=False), policy=kept)

    async with stage.served():
        await stage.run("web-1", "outer")
        await stage.until("web-1", lambda run: "childrenCleanedAt" in (run.get("status") or {}))
        child = await stage.until("web-1-call", has_gate)
        await delete(stage, "storyrun", "web-1")
        await stage.until_none(STORY_RUNS)
        state = await stage.state(child)

    assert state.phase == "Finished"


async def test_children_that_are_over_go_with_the_step_runs(stage: Stage) -> None:
    kept = {"execution": {"job": {"ttlSecondsAfterFinished": 1}}}
    await stage.engram("work")
    await stage.story("inner", step("build"))
    await stage.story("outer", executes("call", "inner"), policy=kept)

    async with stage.served():
        await stage.run("web-1", "outer")
        await stage.until("web-1", lambda run: "childrenCleanedAt" in (run.get("status") or {}))
        await stage.until_gone("web-1-call")
        await stage.until_none(STEP_RUNS, JOBS, PODS)

    assert await stage.story_run("web-1")


async def test_case_29_a_name_that_somebody_else_has_is_left_to_them(stage: Stage) -> None:
    await stage.story("inner", gate("go"))
    await stage.story("outer", executes("call", "inner"))

    async with stage.served():
        await stage.run("web-1-call", "inner")
        await stage.until("web-1-call", has_gate)
        await stage.run("web-1", "outer")
        run = await stage.until_phase("web-1", "Failed")
        other = await stage.story_run("web-1-call")

    assert "one exists that does not belong to this run" in messages_of(run)["call"]
    assert phase_of(other or {}) == "Running"


async def test_a_run_whose_parent_never_starts_it_says_so(stage: Stage) -> None:
    """Its parent was ended between the two; or somebody only claims that there is one."""
    await stage.story("inner", gate("go"))
    await stage.story("outer", gate("go"))

    async with stage.served():
        parent = await stage.run("web-1", "outer")
        await stage.until("web-1", has_gate)
        spec = {"storyRef": {"name": "inner"}}
        await stage.create(RUNS, "StoryRun", owned_by(parent), spec)
        abandoned = await stage.until_phase("web-1-call", "Failed")
        claimed = {**owned_by(parent), "name": "web-1-other", "ownerReferences": []}
        await stage.create(RUNS, "StoryRun", claimed, spec)
        refused = await stage.until_phase("web-1-other", "Failed")

    assert "was to start this run" in condition(abandoned, "Ready")["message"]
    assert "a parent that does not own it" in condition(refused, "Ready")["message"]


async def test_a_child_that_failed_goes_on_when_its_parent_is_retried(stage: Stage) -> None:
    """Its StoryRun is the same, as if it had been retried itself."""
    await stage.engram("first")
    await stage.engram("work", 'test "$RUNWRIGHT_ACTIVATION" = 2')
    await stage.story("inner", step("prepare", "first"), step("build", "work", "prepare"))
    await stage.story("outer", executes("call", "inner"))

    async with watched_pods(stage) as pods, stage.served():
        await ended(stage, await stage.run("web-1", "outer"))
        first = await stage.until("web-1-call", is_marked)
        await stage.runs.run("web-1", stage.namespace).retry()
        await stage.until_phase("web-1", "Succeeded")
        second = await stage.story_run("web-1-call")

    assert second
    assert phase_of(second) == "Succeeded"
    assert first["metadata"]["uid"] == second["metadata"]["uid"]
    assert (pods.tries("prepare"), pods.tries("build")) == (["1.1"], ["1.1", "2.1"])


async def test_a_child_with_other_inputs_makes_way_for_another_one(stage: Stage) -> None:
    """Its StepRuns go with it."""
    await stage.engram("work", 'test "$BUBU_TRIGGER_DATA" = \'{"x":2}\'')
    await stage.story("inner", step("build", "work", **{"with": {"x": "{{ inputs.x }}"}}))
    given = {"with": {"x": "{{ inputs.x }}"}}
    await stage.story("outer", executes("call", "inner", **given))

    async with stage.served():
        await ended(stage, await stage.run("web-1", "outer", inputs={"x": 1}))
        first = await stage.until("web-1-call", is_marked)
        await stage.runs.run("web-1", stage.namespace).retry(inputs={"x": 2})
        await stage.until_phase("web-1", "Succeeded")
        second = await stage.until("web-1-call", is_marked)

    assert phase_of(second) == "Succeeded"
    assert first["metadata"]["uid"] != second["metadata"]["uid"]
