"""Runs whose history Temporal lost, or ended, or cannot go on with."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from temporalio.client import Client

from adapters.kubernetes.resources import JOBS, PODS
from adapters.temporal.connection import connected
from adapters.temporal.server import Addresses, serving
from runwright.models.objects import Manifest
from runwright.rules.bubustack.intake import RUN_ID
from runwright.rules.bubustack.redrive import FROM_STEP, REDRIVE
from runwright.worker import execution
from tests.cluster.hands import ENDLESS, annotate, at_rest, running_pod, watched_pods
from tests.cluster.runs import Stage, condition, gate, phase_of, step
from tests.histories.changed import WaitsBeforeItStarts
from workflows.deletion import DeletionWorkflow
from workflows.presentation import SEARCH_ATTRIBUTES


class Temporals:
    """Temporal servers that follow one another at one address, each on a database of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = 0
        self._count = 0

    @asynccontextmanager
    async def another(self) -> AsyncGenerator[Client]:
        """Run one that knows nothing, and give a client of it."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        addresses = Addresses(self._port, 0)
        async with serving(folder, addresses, SEARCH_ATTRIBUTES) as server:
            self._port = int(server.grpc.rpartition(":")[2])
            without_profile = {"TEMPORAL_CONFIG_FILE": os.devnull}
            async with connected(without_profile, address=server.grpc) as client:
                yield client


LONG: Final = (gate("ready"), step("build", "work", "ready"), gate("go", "build"))


async def test_a_lost_database_starts_nothing_a_second_time(stage: Stage, tmp_path: Path) -> None:
    """What was over stays so. What was open says what to do, and is run anew on request only."""
    temporals = Temporals(tmp_path)
    await stage.engram("work")
    await stage.story("short", {"name": "check", "type": "condition"})
    await stage.story("long", *LONG)

    async with watched_pods(stage) as pods:
        async with temporals.another() as client, _with(stage, client).served():
            await stage.run("over-1", "short")
            await stage.run("open-1", "long")
            await stage.until_phase("over-1", "Succeeded")
            await _approved(stage, "ready")
            await _asked(stage, "go")
        async with temporals.another() as client, _with(stage, client).served():
            lost = await stage.until("open-1", lambda run: bool(condition(run, "HistoryLost")))
            over = await stage.until_phase("over-1", "Succeeded")
            started = [run.id async for run in client.list_workflows()]
            await stage.until_event("HistoryLost", "open-1")
            await annotate(stage, "open-1", {RUN_ID: None})
            anew = await stage.until("open-1", lambda run: not condition(run, "HistoryLost"))
            await _approved(stage, "ready")
            await _approved(stage, "go")
            run = await stage.until_phase("open-1", "Succeeded", "Failed")

    assert phase_of(lost) == "Running"
    assert f"remove the annotation {RUN_ID}" in condition(lost, "HistoryLost")["message"]
    assert not condition(over, "HistoryLost")
    assert started == []
    assert set(anew["status"].get("stepStates") or {}) <= {"ready"}
    assert phase_of(run) == "Succeeded"
    assert (pods.tries("build"), pods.together) == (["1.1", "1.1"], [])


async def test_a_run_whose_history_is_lost_begins_anew_by_a_redrive(
    stage: Stage, tmp_path: Path
) -> None:
    """Its StoryRun may be kept for longer than its history. Executions are counted on."""
    temporals = Temporals(tmp_path)
    await stage.engram("work")
    await stage.story("short", step("build"))

    async with watched_pods(stage) as pods:
        async with temporals.another() as client, _with(stage, client).served():
            await stage.run("over-1", "short")
            await stage.until_phase("over-1", "Succeeded")
        async with temporals.another() as client, _with(stage, client).served():
            await annotate(stage, "over-1", {FROM_STEP: "build:t1"})
            refused = await stage.until(
                "over-1", lambda run: bool(condition(run, "RedriveRefused"))
            )
            await annotate(stage, "over-1", {REDRIVE: "t1"})
            anew = await stage.until("over-1", lambda run: run["status"].get("attempts") == 2)
            await stage.until_phase("over-1", "Succeeded")

    assert condition(refused, "RedriveRefused")["reason"] == "HistoryLost"
    assert not condition(anew, "RedriveRefused")
    assert pods.tries("build") == ["1.1", "2.1"]


async def test_a_run_that_is_terminated_in_temporal_says_by_whom(stage: Stage) -> None:
    """Nothing of its own code runs any more: the sweep stops its pods and writes its end."""
    await stage.engram("work", ENDLESS)
    await stage.story("release", step("build"), gate("go"))

    async with stage.served():
        run = await stage.run("web-1", "release")
        await running_pod(stage, "web-1-build")
        await stage.workflow(run).terminate(reason="wrong image")
        over = await stage.until_phase("web-1", "Failed")
        await stage.until_none(JOBS, PODS)
        await stage.until_event("Terminated", "web-1")

    assert condition(over, "Ready")["reason"] == "Terminated"
    assert "was terminated in Temporal by" in over["status"]["message"]
    assert over["status"]["message"].endswith(": wrong image")
    assert over["status"]["stepStates"]["build"]["phase"] == "Canceled"
    assert over["status"].get("gates", {}) == {}


async def test_a_run_whose_code_cannot_go_on_says_so_until_it_can(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that nobody may deploy was deployed: nothing moves, and the StoryRun says why."""
    await stage.story("release", gate("go"))
    async with stage.served():
        run = await stage.run("web-1", "release")
        await _asked(stage, "go", of="web-1")
        await at_rest(stage, run)

    with monkeypatch.context() as patched:
        patched.setattr(execution, "WORKFLOWS", (WaitsBeforeItStarts, DeletionWorkflow))
        async with stage.served():
            await stage.approve("web-1", "go")
            stuck = await stage.until("web-1", lambda run: bool(condition(run, "WorkflowStuck")))
            await stage.until_event("WorkflowStuck", "web-1")
    async with stage.served():
        over = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert phase_of(stuck) == "Running"
    assert "Nondeterminism" in condition(stuck, "WorkflowStuck")["message"]
    assert phase_of(over) == "Succeeded"
    assert not condition(over, "WorkflowStuck")


def _with(stage: Stage, client: Client) -> Stage:
    """Return the same namespace, with another Temporal."""
    return Stage(stage.testbed, client, stage.namespace, stage.account)


async def _asked(stage: Stage, gate: str, of: str = "open-1") -> None:
    await stage.until(of, lambda run: "0 of 1 approvals" in _said(run, gate))


async def _approved(stage: Stage, gate: str) -> None:
    await _asked(stage, gate)
    await stage.approve("open-1", gate)


def _said(run: Manifest, gate: str) -> str:
    entry = ((run.get("status") or {}).get("gates") or {}).get(gate) or {}
    return str(entry.get("message", ""))
