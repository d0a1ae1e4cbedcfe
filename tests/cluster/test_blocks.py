"""Parallel steps on a real cluster: a StepRun and a Job for each branch."""

from typing import Any

from adapters.kubernetes.resources import JOBS, STEP_RUNS
from runwright.rules.bubustack.redrive import FROM_STEP
from tests.cluster.hands import annotate, watched_pods
from tests.cluster.runs import Stage, gate, phase_of, step
from tests.cluster.test_redriving import executed, uids


def parallel(name: str, *branches: dict[str, Any], needs: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a step with those branches."""
    return {
        "name": name,
        "type": "parallel",
        "needs": list(needs),
        "with": {"steps": list(branches)},
    }


async def test_a_branch_has_a_step_run_and_a_job_of_its_own(stage: Stage) -> None:
    """Their names are upstream's; in the status of the run branches are no steps."""
    await stage.engram("work", 'echo "{\\"id\\": \\"x\\"}" > /dev/termination-log')
    block = parallel("build", step("linux"), step("mac", "work", "linux"))
    await stage.story("release", block, output={"all": "{{ steps.build.output }}"})

    async with stage.served():
        await stage.run("web-1", "release")
        run = await stage.until("web-1", lambda run: phase_of(run) == "Succeeded")
        jobs = {job["metadata"]["name"] for job in await stage.all(JOBS)}
        records = {one["metadata"]["name"]: one for one in await stage.all(STEP_RUNS)}

    status = run["status"]
    assert jobs == {"web-1-build-linux", "web-1-build-mac"}
    assert records["web-1-build-mac"]["spec"]["stepId"] == "mac"
    assert records["web-1-build-mac"]["status"]["needs"] == ["web-1-build-linux"]
    assert records["web-1-build-mac"]["metadata"]["labels"]["bubustack.io/parent-step"] == "build"
    assert set(status["stepStates"]) == {"build"}
    assert status["primitiveChildren"] == {"build": ["web-1-build-linux", "web-1-build-mac"]}
    assert (status["stepsTotal"], status["stepsComplete"]) == (1, 1)
    assert status["output"] == {"all": {"linux": {"id": "x"}, "mac": {"id": "x"}}}


async def test_a_gate_among_the_branches_is_decided_under_both_names(stage: Stage) -> None:
    await stage.engram("work")
    await stage.story("release", parallel("ship", gate("sure"), step("go", "work", "sure")))

    async with stage.served():
        await stage.run("web-1", "release")
        await stage.until(
            "web-1",
            lambda run: "ship/sure" in ((run.get("status") or {}).get("gates") or {}),
        )
        await stage.approve("web-1", "ship/sure")
        run = await stage.until("web-1", lambda run: phase_of(run) == "Succeeded")

    assert run["status"]["gates"]["ship/sure"]["updatedBy"] == "ada"


async def test_case_60_from_a_parallel_step_its_branches_are_executed_again(stage: Stage) -> None:
    """And nothing before it: a block that is kept keeps the StepRuns of its branches."""
    await stage.engram("work")
    await stage.story(
        "release",
        parallel("fetch", step("a")),
        parallel("build", step("linux"), step("mac"), needs=("fetch",)),
    )

    async with watched_pods(stage) as pods, stage.served():
        await stage.run("web-1", "release")
        await executed(stage, "web-1", 1, "Succeeded")
        before = await uids(stage)
        await annotate(stage, "web-1", {FROM_STEP: "build:t1"})
        await executed(stage, "web-1", 2, "Succeeded")
        after = await uids(stage)

    changed = {name for name, uid in after.items() if before[name] != uid}
    assert changed == {"web-1-build-linux", "web-1-build-mac"}
    assert {name: pods.tries(name) for name in ("a", "linux")} == {
        "a": ["1.1"],
        "linux": ["1.1", "2.1"],
    }
