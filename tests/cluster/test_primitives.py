"""Primitives on a real cluster: what their branches are there, and how kubectl decides in them."""

from typing import Any

from adapters.kubernetes.resources import JOBS, STEP_RUNS
from tests.cluster.runs import Stage, gate, is_ready, phase_of, step

_PUTS_OUT = """printf '{"by": "%s"}' "$BUBU_STEP_NAME" >/dev/termination-log"""


def parallel(name: str, *branches: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a step with those branches; `fields` beside its steps."""
    return {"name": name, "type": "parallel", "with": {"steps": list(branches), **fields}}


async def test_branches_are_step_runs_and_their_gates_are_decided_with_kubectl(
    stage: Stage,
) -> None:
    """A gate within a block stands in the status under the block's name and its own."""
    await stage.engram("work", _PUTS_OUT)
    block = parallel("ship", step("a"), gate("sure", "a"), step("b", "work", "sure"), concurrency=1)
    until = "{{ eq steps.ship.output.b.by `b` }}"
    waits = {"name": "shipped", "type": "wait", "with": {"until": until, "timeout": "5m"}}
    last = step("last", "work", "shipped", "ship", requires=["steps.ship.output.a"])
    await stage.story("release", waits, block, last)

    async with stage.served():
        await stage.run("web-1", "release")
        waiting = await stage.until(
            "web-1", lambda run: "ship/sure" in (run.get("status") or {}).get("gates", {})
        )
        await stage.approve("web-1", "ship/sure", by="ada")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert "ship/sure" in waiting["status"]["message"]
    assert phase_of(run) == "Succeeded"
    assert run["status"]["gates"]["ship/sure"]["updatedBy"] == "ada"
    assert set(run["status"]["stepStates"]) == {"ship", "shipped", "last"}
    records = {one["metadata"]["name"]: one for one in await stage.all(STEP_RUNS)}
    assert set(records) == {"web-1-ship-a", "web-1-ship-b", "web-1-last"}
    assert records["web-1-ship-b"]["metadata"]["labels"]["bubustack.io/parent-step"] == "ship"


async def test_a_stop_ends_the_pods_that_run(stage: Stage) -> None:
    await stage.engram("work", "trap 'exit 1' TERM; while true; do sleep 0.05; done")
    await stage.engram("tidy")
    enough = {"name": "enough", "type": "stop", "needs": ["time"], "with": {"phase": "Aborted"}}
    hooks = {"finally": [step("unlock", "tidy")]}
    await stage.story("release", step("long"), gate("time"), enough, **hooks)

    async with stage.served():
        await stage.run("web-1", "release")
        await stage.until("web-1-long", is_ready, JOBS)
        await stage.approve("web-1", "time")
        run = await stage.until_phase("web-1", "Aborted", "Failed", "Succeeded")

    states = {name: one["phase"] for name, one in run["status"]["stepStates"].items()}
    assert phase_of(run) == "Aborted"
    assert states == {
        "long": "Canceled",
        "time": "Succeeded",
        "enough": "Aborted",
        "unlock": "Succeeded",
    }
