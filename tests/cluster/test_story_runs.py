"""StoryRuns as people use them: applied, looked at, approved, cancelled and deleted."""

from datetime import timedelta

from adapters.kubernetes import identity
from adapters.kubernetes.resources import JOBS, PODS, STEP_RUNS, STORY_RUNS
from tests.cluster.runs import Stage, condition, gate, is_ready, phase_of, retries, step

OUTPUT = """echo '{"built": "web:1"}' >/dev/termination-log"""


async def test_a_run_that_is_applied_runs_to_its_end(stage: Stage) -> None:
    """Its Jobs execute it, its status shows it, and its outputs reach the steps that need them."""
    await stage.engram("work", OUTPUT)
    use = step("use", "work", **{"with": {"image": "{{ steps.build.output.built }}"}})
    await stage.story(
        "release", step("build"), use, output={"image": "{{ steps.use.output.built }}"}
    )

    async with stage.served():
        await stage.run("web-1", "release")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    status = run["status"]
    assert phase_of(run) == "Succeeded"
    assert status["output"] == {"image": "web:1"}
    assert (status["stepsComplete"], status["stepsTotal"]) == (2, 2)
    assert condition(run, "Ready")["status"] == "True"
    records = {one["metadata"]["name"]: one for one in await stage.all(STEP_RUNS)}
    assert {name: phase_of(one) for name, one in records.items()} == {
        "web-1-build": "Succeeded",
        "web-1-use": "Succeeded",
    }
    assert records["web-1-build"]["status"]["output"] == {"built": "web:1"}


async def test_what_is_over_is_not_held_any_more(stage: Stage) -> None:
    """The evidence of a task that is recorded may go whenever somebody wants it to."""
    await stage.engram("work")
    await stage.story("release", step("build"))

    async with stage.served():
        await stage.run("web-1", "release")
        await stage.until_phase("web-1", "Succeeded")
        await stage.until("web-1-build", lambda job: not identity.has_evidence(job), JOBS)

    assert not any(identity.has_evidence(pod) for pod in await stage.all(PODS))


async def test_a_gate_is_decided_by_a_patch_of_the_status(stage: Stage) -> None:
    await stage.engram("work")
    await stage.story("release", gate("go"), step("deploy", "work", "go"))

    async with stage.served():
        await stage.run("web-1", "release")
        waiting = await stage.until(
            "web-1", lambda run: "go" in (run.get("status") or {}).get("gates", {})
        )
        await stage.approve("web-1", "go", by="ada")
        run = await stage.until_phase("web-1", "Succeeded")

    assert waiting["status"]["gates"]["go"]["state"] == "Pending"
    assert "kubectl patch storyrun web-1" in waiting["status"]["gates"]["go"]["message"]
    assert run["status"]["gates"]["go"]["updatedBy"] == "ada"


async def test_an_approval_that_came_while_nobody_served_counts(stage: Stage) -> None:
    await stage.engram("work")
    await stage.story("release", gate("go"))
    async with stage.served():
        await stage.run("web-1", "release")
        await stage.until("web-1", lambda run: "go" in (run.get("status") or {}).get("gates", {}))

    await stage.approve("web-1", "go", by="grace")

    async with stage.served():
        run = await stage.until_phase("web-1", "Succeeded")
    assert run["status"]["gates"]["go"]["updatedBy"] == "grace"


async def test_a_failed_try_is_repeated_as_its_policy_says(stage: Stage) -> None:
    """Case 38, in a cluster: each try has a Job of its own under the one name."""
    await stage.engram("work", 'echo try >&2; test "$RUNWRIGHT_TRY" = 3 || exit 137')
    await stage.story("release", step("build", execution=retries(2)))

    async with stage.served():
        await stage.run("web-1", "release")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    record = await stage.until("web-1-build", lambda one: phase_of(one) == "Succeeded", STEP_RUNS)
    assert phase_of(run) == "Succeeded"
    assert record["status"]["retries"] == 2


async def test_a_cancelled_run_stops_its_pods(stage: Stage) -> None:
    """Case 56: by `spec.cancelRequested`, within the grace that the policy gives."""
    await stage.engram("work", "trap 'exit 1' TERM; while true; do sleep 0.05; done")
    await stage.story("release", step("build"))

    async with stage.served():
        await stage.run("web-1", "release")
        await stage.until("web-1-build", is_ready, JOBS)
        name = stage.namespace, "web-1"
        await stage.cluster.patch(STORY_RUNS, name, {"spec": {"cancelRequested": True}})
        run = await stage.until_phase("web-1", "Finished")

    assert condition(run, "Ready")["reason"] == "Canceled"
    assert run["status"]["stepStates"]["build"]["phase"] == "Canceled"


async def test_a_missing_story_is_waited_for(stage: Stage) -> None:
    await stage.engram("work")

    async with stage.served():
        await stage.run("web-1", "release")
        waiting = await stage.until_phase("web-1", "Pending")
        await stage.story("release", step("build"))
        run = await stage.until_phase("web-1", "Succeeded")

    assert condition(waiting, "Ready")["reason"] == "StoryNotFound"
    assert condition(run, "Ready")["status"] == "True"


async def test_a_deleted_run_ends_runs_its_hooks_and_leaves_nothing(stage: Stage) -> None:
    await stage.engram("work", "trap 'exit 1' TERM; while true; do sleep 0.05; done")
    await stage.engram("tidy")
    finally_ = [step("tidy", "tidy")]
    await stage.story("release", step("build"), **{"finally": finally_})

    async with stage.served(deletion_grace=timedelta(seconds=60)):
        run = await stage.run("web-1", "release")
        await stage.until("web-1-build", is_ready, JOBS)
        await stage.cluster.delete(STORY_RUNS, (stage.namespace, "web-1"))
        await stage.until_gone("web-1")
        state = await stage.state(run)
        await stage.until_none(JOBS, PODS, STEP_RUNS)

    assert state.steps["tidy"].phase == "Succeeded"
    assert state.steps["build"].phase == "Canceled"
