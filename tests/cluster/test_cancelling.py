"""StoryRuns that are cancelled, by every way there is."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from temporalio.client import WorkflowExecutionStatus

from adapters.kubernetes.resources import JOBS, STEP_RUNS
from runwright.client import RunwrightClient
from runwright.client.cluster import ClusterObjects
from runwright.models.objects import Manifest
from tests.cluster.hands import cancel, watched_pods
from tests.cluster.runs import Stage, condition, gate, is_ready, phase_of, step

Way = Callable[[Stage, Manifest, str], Awaitable[None]]
_STUBBORN: Final = "trap '' TERM; while true; do sleep 0.05; done"


async def by_its_object(stage: Stage, run: Manifest, _: str) -> None:
    """Cancel a run as kubectl does."""
    await cancel(stage, run["metadata"]["name"])


async def by_the_client(stage: Stage, run: Manifest, _: str) -> None:
    """Cancel a run from Python."""
    settings, objects = stage.settings, ClusterObjects(stage.cluster)
    client = RunwrightClient(stage.client, settings.task_queue, settings.cluster, objects=objects)
    name = run["metadata"]["name"]
    assert await client.run(name, stage.namespace).cancel(by="ada", reason="wrong tag")


async def by_the_command_line(stage: Stage, run: Manifest, address: str) -> None:
    """Cancel a run with `runwright cancel`."""
    name = f"{stage.namespace}/{run['metadata']['name']}"
    environ = stage.variables(address) | {"PATH": os.environ["PATH"]}
    command = (sys.executable, "-m", "runwright", "cancel", name, "--as", "ada")
    process = await asyncio.create_subprocess_exec(
        *command, env=environ, stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0


async def by_temporals_ui(stage: Stage, run: Manifest, _: str) -> None:
    """Cancel a run as the button *Request Cancellation* does."""
    await stage.workflow(run).cancel()


_WAYS: Final = (by_its_object, by_the_client, by_the_command_line, by_temporals_ui)


@pytest.mark.parametrize("way", _WAYS, ids=lambda way: way.__name__)
async def test_case_56_a_cancelled_run_stops_its_pods_within_its_grace(
    stage: Stage, temporal: str, way: Way
) -> None:
    """TERM, the grace of the Story, KILL; then the run is over, in Temporal as in the cluster."""
    await stage.engram("work", _STUBBORN)
    timeouts = {"timeouts": {"gracefulShutdownTimeout": "1s"}}
    await stage.story("release", step("build"), step("later", "work", "build"), policy=timeouts)

    async with watched_pods(stage) as pods, stage.served():
        run = await stage.run("web-1", "release")
        await stage.until("web-1-build", is_ready, JOBS)
        await way(stage, run, temporal)
        over = await stage.until_phase("web-1", "Finished", "Failed", "Succeeded")
        closed = await stage.closed(run)
        record = await stage.until("web-1-build", lambda one: phase_of(one) != "Running", STEP_RUNS)

    (pod,) = pods.last.values()
    assert pod["metadata"]["deletionGracePeriodSeconds"] == 1
    assert (phase_of(over), condition(over, "Ready")["reason"]) == ("Finished", "Canceled")
    assert condition(over, "Ready")["status"] == "False"
    assert phase_of(record) == over["status"]["stepStates"]["build"]["phase"] == "Canceled"
    assert closed is WorkflowExecutionStatus.CANCELED


@pytest.mark.parametrize("way", _WAYS, ids=lambda way: way.__name__)
async def test_case_57_a_cancelled_run_of_which_nothing_runs_is_over_at_once(
    stage: Stage, temporal: str, way: Way
) -> None:
    await stage.story("release", gate("go"))

    async with stage.served():
        run = await stage.run("web-1", "release")
        await stage.until("web-1", lambda one: "go" in (one.get("status") or {}).get("gates", {}))
        await way(stage, run, temporal)
        over = await stage.until_phase("web-1", "Finished")

    assert over["status"]["message"] == "StoryRun gracefully canceled"
    assert "go" not in over["status"].get("gates", {})
    assert await stage.all(STEP_RUNS) == []
