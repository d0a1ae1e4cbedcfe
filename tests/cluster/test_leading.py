"""Several workers: one leads, and another goes on where it stopped."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import product
from typing import Final

import pytest

from adapters.kubernetes import identity
from adapters.kubernetes.resources import JOBS, LEASES, PODS
from adapters.memory.metrics import MemoryMetrics
from runwright.health import Readiness, Vitals
from runwright.worker.cluster import reached
from runwright.worker.leading import Leadership
from tests.cluster.doomed import COMMAND
from tests.cluster.ledger import Ledger
from tests.cluster.runs import Stage, WorkerProcess, phase_of, step

_WORKERS: Final = ("worker-a", "worker-b")
_TAKEN_OVER_WITHIN: Final = 20.0
"""Seconds; the Lease lasts five."""
_FOLLOWED_WITHIN: Final = 35.0
"""Of a Lease that lasts a minute, and is looked at every twelve seconds."""
_DRAIN: Final = 3


class Team:
    """Two workers, each a process, of which one leads."""

    def __init__(self, stage: Stage, workers: dict[str, WorkerProcess]) -> None:
        self._stage = stage
        self._workers = workers

    async def leader(self, other_than: str = "") -> str:
        """Return who leads, once it is a worker and not that one."""
        name = self._stage.account.namespace, f"runwright-{self._stage.namespace}"
        while True:
            lease = await self._stage.cluster.get(LEASES, *name)
            holder = str(lease["spec"].get("holderIdentity") or "") if lease else ""
            if holder not in {"", other_than}:
                return holder
            await asyncio.sleep(0.02)

    def worker(self, name: str) -> WorkerProcess:
        """Return the process of that name."""
        return self._workers[name]


@pytest.fixture
async def team(request: pytest.FixtureRequest, stage: Stage, temporal: str) -> AsyncGenerator[Team]:
    """Two workers; a test may say how long their Lease lasts."""
    environ = {**stage.variables(temporal), **getattr(request, "param", {})}
    async with AsyncExitStack() as stack:
        started = {
            name: await stack.enter_async_context(_worker(environ, name)) for name in _WORKERS
        }
        yield Team(stage, started)


@asynccontextmanager
async def _worker(environ: dict[str, str], name: str) -> AsyncGenerator[WorkerProcess]:
    ours = {"RUNWRIGHT_INSTANCE": name, "RUNWRIGHT_DRAIN": f"PT{_DRAIN}S"}
    worker = WorkerProcess(environ | ours, *COMMAND)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.kill()


async def _seconds_until_another_leads(team: Team, leader: str) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await team.leader(other_than=leader)
    return loop.time() - began


async def test_runs_under_way_survive_the_death_of_their_leader(
    stage: Stage, team: Team, ledger: Ledger
) -> None:
    """Twenty of them, in all states that a run can be in; each step is executed once."""
    await stage.engram("work", ledger.script)
    await stage.story("release", step("build"), step("deploy", "work", "build"))
    names = [f"web-{number}" for number in range(20)]
    leader = await team.leader()

    for name in names:
        await stage.run(name, "release")
    await ledger.until_began("web-0-deploy")
    await team.worker(leader).kill()
    lasted = await _seconds_until_another_leads(team, leader)
    runs = [await stage.until_phase(name, "Succeeded", "Failed") for name in names]
    await _until_released(stage)

    assert lasted < _TAKEN_OVER_WITHIN
    assert {phase_of(run) for run in runs} == {"Succeeded"}
    assert ledger.began == Counter(f"{name}-{step}" for name, step in _steps(names))


def _steps(names: list[str]) -> list[tuple[str, str]]:
    return list(product(names, ("build", "deploy")))


@pytest.mark.parametrize("team", [{"RUNWRIGHT_LEASE_DURATION": "PT60S"}], indirect=True, ids=[""])
async def test_a_leader_that_is_told_to_end_is_followed_while_its_lease_would_last(
    stage: Stage, team: Team, ledger: Ledger
) -> None:
    """As every deploy does: with status 0, in the middle of a step, of which nothing is lost."""
    ledger.hold("web-1-build")
    await stage.engram("work", ledger.script)
    await stage.story("release", step("build"), step("deploy", "work", "build"))
    leader = await team.leader()

    await stage.run("web-1", "release")
    await ledger.until_began("web-1-build")
    ending = asyncio.create_task(team.worker(leader).terminate())
    lasted = await _seconds_until_another_leads(team, leader)
    async with asyncio.timeout(_DRAIN + _FOLLOWED_WITHIN):
        status = await ending
    await ledger.let_go()
    run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert lasted < _FOLLOWED_WITHIN
    assert status == 0
    assert phase_of(run) == "Succeeded"
    assert ledger.began == {"web-1-build": 1, "web-1-deploy": 1}


async def test_two_that_lead_at_once_do_no_harm(stage: Stage, ledger: Ledger) -> None:
    """One that was frozen for a while may go on for a moment after another has begun."""
    await stage.engram("work", ledger.script)
    await stage.story("release", step("build"), step("deploy", "work", "build"))
    names = [f"web-{number}" for number in range(3)]

    vitals = Vitals(Readiness(), MemoryMetrics())
    async with stage.served(), reached(stage.environ, vitals.metrics) as cluster:
        second = Leadership(cluster, stage.client, stage.settings, vitals)
        leading = asyncio.create_task(second.lead())
        for name in names:
            await stage.run(name, "release")
        runs = [await stage.until_phase(name, "Succeeded", "Failed") for name in names]
        await _until_released(stage)
        leading.cancel()
        await asyncio.wait([leading])

    assert {phase_of(run) for run in runs} == {"Succeeded"}
    assert ledger.began == Counter(f"{name}-{step}" for name, step in _steps(names))


async def _until_released(stage: Stage) -> None:
    for resource in (JOBS, PODS):
        while any(map(identity.has_evidence, await stage.all(resource))):
            await asyncio.sleep(0.1)
