"""A wait, what a step requires, and a stop on a real cluster."""

from adapters.kubernetes.resources import JOBS
from tests.cluster.runs import Stage, gate, is_ready, phase_of, step
from tests.cluster.test_blocks import parallel

_PUTS_OUT = """printf '{"by": "%s"}' "$BUBU_STEP_NAME" >/dev/termination-log"""


async def test_what_a_pod_of_a_block_puts_out_ends_a_wait_and_is_what_a_step_requires(
    stage: Stage,
) -> None:
    await stage.engram("work", _PUTS_OUT)
    until = "{{ eq steps.ship.output.b.by `b` }}"
    waits = {"name": "shipped", "type": "wait", "with": {"until": until, "timeout": "5m"}}
    last = step("last", "work", "shipped", "ship", requires=["steps.ship.output.a.by"])
    await stage.story("release", waits, parallel("ship", step("a"), step("b")), last)

    async with stage.served():
        await stage.run("web-1", "release")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert phase_of(run) == "Succeeded"
    assert run["status"]["stepStates"]["shipped"]["message"] == "Wait condition satisfied."


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
