"""StoryRuns that people want executed again, by annotations as with kubectl."""

from typing import Final

import pytest

from adapters.kubernetes.resources import ENGRAMS, JOBS, PODS, STEP_RUNS
from runwright.client import RunwrightClient
from runwright.client.cluster import ClusterObjects
from runwright.models.objects import Manifest
from runwright.rules.bubustack.intake import RUN_ID
from runwright.rules.bubustack.redrive import FROM_STEP, OBSERVED, REDRIVE
from tests.cluster.hands import ENDLESS, annotate, cancel, told, watched_pods
from tests.cluster.runs import Stage, condition, gate, is_ready, phase_of, step
from tests.cluster.test_retention import kept

_REFUSED: Final = "StoryRunRedriveRefused"
_GATED: Final = (step("build"), gate("go", "build"), step("deploy", "work", "go"))


async def executed(stage: Stage, name: str, attempts: int, *phases: str) -> Manifest:
    """Return a StoryRun once that execution of it is in one of these phases."""

    def reached(run: Manifest) -> bool:
        status = run.get("status") or {}
        return status.get("attempts") == attempts and phase_of(run) in phases

    return await stage.until(name, reached)


async def at_gate(stage: Stage, name: str, attempts: int = 1) -> Manifest:
    """Return a StoryRun once that execution of it waits at its gate `go`."""

    def waits(run: Manifest) -> bool:
        status = run.get("status") or {}
        entry = status.get("gates", {}).get("go", {})
        return status.get("attempts") == attempts and entry.get("state") == "Pending"

    return await stage.until(name, waits)


async def observed(stage: Stage, name: str, annotation: str, token: str) -> Manifest:
    """Return a StoryRun once that token of an annotation was heeded."""

    def is_noted(run: Manifest) -> bool:
        return bool(run["metadata"]["annotations"].get(OBSERVED[annotation]) == token)

    return await stage.until(name, is_noted)


async def uids(stage: Stage) -> dict[str, str]:
    """Return the uids of the StepRuns by their names."""
    found = await stage.all(STEP_RUNS)
    return {one["metadata"]["name"]: one["metadata"]["uid"] for one in found}


async def test_case_58_a_token_executes_a_run_from_the_beginning(stage: Stage) -> None:
    """Nothing of the first execution is left, but for how many there were."""
    await stage.engram("work")
    await stage.story("release", *_GATED)

    async with watched_pods(stage) as pods, stage.served():
        run = await stage.run("web-1", "release")
        await at_gate(stage, "web-1")
        await stage.approve("web-1", "go")
        first = await executed(stage, "web-1", 1, "Succeeded")
        await annotate(stage, "web-1", {REDRIVE: "t1"})
        again = await at_gate(stage, "web-1", 2)
        noted = await observed(stage, "web-1", REDRIVE, "t1")
        await stage.approve("web-1", "go", by="grace")
        last = await executed(stage, "web-1", 2, "Succeeded")
        await stage.until_event("StoryRunRedriven", "web-1")
        described = await stage.workflow(run).describe()

    assert "finishedAt" not in again["status"]
    assert "deploy" not in again["status"]["stepStates"]
    assert again["status"]["startedAt"] > first["status"]["startedAt"]
    assert last["status"]["gates"]["go"]["updatedBy"] == "grace"
    assert last["status"]["triggerTokens"] == ["story"]
    assert noted["metadata"]["annotations"][RUN_ID] == described.run_id
    assert (pods.tries("build"), pods.tries("deploy")) == (["1.1", "2.1"], ["1.1", "2.1"])


async def test_case_59_an_open_run_ends_before_it_is_executed_again(stage: Stage) -> None:
    """Its pods first, then its StepRuns; no two executions are ever at the same step."""
    await stage.engram("work", f'test "$RUNWRIGHT_ACTIVATION" = 2 || {{ {ENDLESS}; }}')
    await stage.story("release", step("build"))

    async with watched_pods(stage) as pods, stage.served():
        await stage.run("web-1", "release")
        await stage.until("web-1-build", is_ready, JOBS)
        before = await uids(stage)
        await annotate(stage, "web-1", {REDRIVE: "t1"})
        await executed(stage, "web-1", 2, "Running", "Succeeded")
        after = await uids(stage)

    assert before.keys() == {"web-1-build"}
    assert after.get("web-1-build") != before["web-1-build"]
    assert pods.together == []


async def test_a_run_that_was_terminated_leaves_no_pod_beside_the_next_execution(
    stage: Stage,
) -> None:
    """Its tasks run on until somebody stops them, and that is waited for."""
    await stage.engram("work", f'test "$RUNWRIGHT_ACTIVATION" = 2 || {{ {ENDLESS}; }}')
    await stage.story("release", step("build"))

    async with watched_pods(stage) as pods, stage.served():
        run = await stage.run("web-1", "release")
        await stage.until("web-1-build", is_ready, JOBS)
        await stage.workflow(run).terminate()
        await annotate(stage, "web-1", {REDRIVE: "t1"})
        await executed(stage, "web-1", 2, "Succeeded")

    assert pods.tries("build") == ["1.1", "2.1"]
    assert pods.together == []


async def test_case_60_from_a_step_what_came_before_it_is_kept(stage: Stage) -> None:
    """With its outputs, its StepRuns, and who approved what."""
    await stage.engram("work", 'echo "{\\"try\\": \\"x\\"}" > /dev/termination-log')
    await stage.story(
        "release", *_GATED, step("notes"), output={"try": "{{ steps.build.output.try }}"}
    )

    async with watched_pods(stage) as pods, stage.served():
        await stage.run("web-1", "release")
        await at_gate(stage, "web-1")
        await stage.approve("web-1", "go")
        await executed(stage, "web-1", 1, "Succeeded")
        before = await uids(stage)
        await annotate(stage, "web-1", {FROM_STEP: "deploy:t1"})
        run = await executed(stage, "web-1", 2, "Succeeded")
        await observed(stage, "web-1", FROM_STEP, "deploy:t1")
        await stage.until_event("StoryRunRedriveFromStep", "web-1")
        after = await uids(stage)

    changed = {name for name, uid in after.items() if before[name] != uid}
    assert changed == {"web-1-deploy"}
    assert run["status"]["output"] == {"try": "x"}
    assert run["status"]["gates"]["go"]["updatedBy"] == "ada"
    assert {name: pods.tries(name) for name in ("build", "notes", "deploy")} == {
        "build": ["1.1"],
        "notes": ["1.1"],
        "deploy": ["1.1", "2.1"],
    }


@pytest.mark.parametrize(
    ("token", "reason", "message"),
    [
        ("nope:t1", "UnknownStep", "no step nope to retry from; it has build, go, deploy"),
        ("deploy", "InvalidRedrive", 'must be STEP:TOKEN, not "deploy"'),
    ],
    ids=["unknown step", "no token"],
)
async def test_case_80_what_cannot_be_or_was_heeded_changes_nothing(
    stage: Stage, token: str, reason: str, message: str
) -> None:
    """What cannot be is said in an Event and on the object, and not looked at a second time."""
    await stage.engram("work")
    await stage.story("release", *_GATED)

    async with stage.served():
        run = await stage.run("web-1", "release")
        await at_gate(stage, "web-1")
        await stage.approve("web-1", "go")
        await executed(stage, "web-1", 1, "Succeeded")
        await annotate(stage, "web-1", {REDRIVE: "t1", OBSERVED[REDRIVE]: "t1", FROM_STEP: token})
        refused = await observed(stage, "web-1", FROM_STEP, token)
        state = await stage.state(run)
        await stage.until_event(_REFUSED, "web-1")
        events = await told(stage, "web-1")

    assert state.activation == refused["status"]["attempts"] == 1
    assert condition(refused, "RedriveRefused")["reason"] == reason
    assert condition(refused, "Ready")["status"] == "True"
    assert message in condition(refused, "RedriveRefused")["message"]
    assert [message in one for one in events[_REFUSED]] == [True]


async def test_a_run_that_was_cancelled_by_its_object_cannot_be_redriven(stage: Stage) -> None:
    """Nobody can take `cancelRequested` back: it would be cancelled again at once."""
    await stage.story("release", gate("go"))

    async with stage.served():
        await stage.run("web-1", "release")
        await at_gate(stage, "web-1")
        await cancel(stage, "web-1")
        await stage.until_phase("web-1", "Finished")
        await annotate(stage, "web-1", {REDRIVE: "t1"})
        run = await observed(stage, "web-1", REDRIVE, "t1")
        await stage.until_event(_REFUSED, "web-1")
        events = await told(stage, "web-1")

    assert (phase_of(run), run["status"]["attempts"]) == ("Finished", 1)
    assert condition(run, "RedriveRefused")["reason"] == "CancelRequested"
    assert _REFUSED in events


async def test_a_run_whose_children_were_cleaned_is_redriven_as_any_other(stage: Stage) -> None:
    """And its time to be kept begins anew."""
    await stage.engram("work")
    await stage.story("release", *_GATED, policy=kept(children=5, run=0))

    async with stage.served():
        await stage.run("web-1", "release")
        await at_gate(stage, "web-1")
        await stage.approve("web-1", "go")
        await stage.until("web-1", lambda run: "childrenCleanedAt" in run["status"])
        await stage.until_none(STEP_RUNS, JOBS, PODS)
        await annotate(stage, "web-1", {FROM_STEP: "deploy:t1"})
        run = await executed(stage, "web-1", 2, "Succeeded")
        await stage.until("web-1", lambda run: "childrenCleanedAt" in run["status"])

    assert "childrenCleanedAt" not in run["status"]


async def test_a_run_that_could_not_start_begins_once_what_was_wrong_is_mended(
    stage: Stage,
) -> None:
    """What it executes is read when it starts, and it never did."""
    await stage.engram("work")
    await stage.story("release", {"name": "build", "ref": {"name": "work", "version": "v2"}})

    async with stage.served():
        await stage.run("web-1", "release")
        await stage.until_phase("web-1", "Failed")
        mended = {"spec": {"version": "v2"}}
        await stage.cluster.patch(ENGRAMS, (stage.namespace, "work"), mended)
        await annotate(stage, "web-1", {REDRIVE: "t1"})
        run = await stage.until_phase("web-1", "Succeeded")

    assert run["status"]["attempts"] == 1


async def test_the_client_ends_in_the_same_as_the_annotation(stage: Stage) -> None:
    """And the object names the execution that is there, whoever started it."""
    await stage.engram("work")
    await stage.story("release", *_GATED)
    objects = ClusterObjects(stage.cluster)
    settings = stage.settings
    client = RunwrightClient(
        stage.client,
        settings.task_queue,
        settings.cluster,
        objects=objects,
        namespace=stage.namespace,
    )

    async with stage.served():
        run = await stage.run("web-1", "release")
        await at_gate(stage, "web-1")
        await stage.approve("web-1", "go")
        await executed(stage, "web-1", 1, "Succeeded")
        await stage.closed(run)
        await client.run("web-1").retry(everything=True, by="ada")
        await at_gate(stage, "web-1", 2)
        latest = (await stage.workflow(run).describe()).run_id
        await stage.until("web-1", lambda one: one["metadata"]["annotations"][RUN_ID] == latest)
        await annotate(stage, "web-1", {REDRIVE: "t1"})
        await at_gate(stage, "web-1", 3)
        await stage.approve("web-1", "go")
        last = await executed(stage, "web-1", 3, "Succeeded")

    assert last["status"]["stepsComplete"] == 3
