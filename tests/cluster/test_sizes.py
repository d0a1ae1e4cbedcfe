"""Stories as large as they may be, and what a run of one leaves in Temporal and in the cluster."""

import json

from adapters.kubernetes.resources import STORY_RUNS
from tests.cluster.hands import watched_pods
from tests.cluster.runs import Stage, gate, phase_of, step

MOST_STEPS = 100
"""A Story may have no more."""
JOBS_AMONG = 5


async def test_a_story_of_a_hundred_steps_stays_small(stage: Stage) -> None:
    """Its history grows with what happens outside, and the status is far below its limit."""
    await stage.engram("work", """echo '{"ok": true}' >/dev/termination-log""")
    jobs = [step(f"job-{number}") for number in range(JOBS_AMONG)]
    rest = range(MOST_STEPS - JOBS_AMONG)
    checks = [_check(number, f"check-{number - 1}" if number else "job-0") for number in rest]
    await stage.story("release", *jobs, *checks)

    async with watched_pods(stage) as pods, stage.served():
        run = await stage.run("web-1", "release")
        over = await stage.until_phase("web-1", "Succeeded", "Failed")
        found = await stage.workflow(run).describe()

    assert phase_of(over) == "Succeeded"
    assert over["status"]["stepsComplete"] == MOST_STEPS
    assert all(len(pods.tries(job["name"])) == 1 for job in jobs)
    info = found.raw_description.workflow_execution_info
    assert info.history_length < 30 * JOBS_AMONG
    assert info.history_size_bytes < 250_000
    assert len(json.dumps(over["status"])) < 40_000


async def test_a_hundred_gates_are_shown_and_closed(stage: Stage) -> None:
    """Each says how to decide it: that is the longest status of a Story without outputs."""
    await stage.story("release", *[gate(f"gate-{number}") for number in range(MOST_STEPS)])

    async with stage.served():
        await stage.run("web-1", "release")
        waiting = await stage.until(
            "web-1", lambda run: len((run.get("status") or {}).get("gates", {})) == MOST_STEPS
        )
        decided = {f"gate-{number}": {"state": "Approved"} for number in range(MOST_STEPS)}
        patch = {"status": {"gates": decided}}
        name = stage.namespace, "web-1"
        await stage.cluster.patch(STORY_RUNS, name, patch, subresource="status")
        over = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert len(json.dumps(waiting)) < 200_000
    assert phase_of(over) == "Succeeded"
    assert all(one["state"] == "Approved" for one in over["status"]["gates"].values())


def _check(number: int, *needs: str) -> dict[str, object]:
    return {"name": f"check-{number}", "type": "condition", "needs": list(needs)}
