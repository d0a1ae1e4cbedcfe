"""An API server and a Temporal that go away in the middle of runs: everything waits and goes on."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import pytest
from temporalio.client import Client

from adapters.kubernetes import identity
from adapters.kubernetes.resources import JOBS, PODS
from adapters.temporal.connection import connected
from adapters.temporal.server import Addresses, free_ports, serving
from runwright.models.gates import DecideGate, Verdict
from runwright.models.objects import Manifest
from testbed.cluster import Testbed
from tests.cluster.account import Account
from tests.cluster.ledger import Ledger
from tests.cluster.proxy import Proxy
from tests.cluster.quick_worker import START_WINDOW
from tests.cluster.runs import Stage, WorkerProcess, gate, phase_of, step
from workflows import policies
from workflows.presentation import SEARCH_ATTRIBUTES

pytestmark = pytest.mark.alone

_WORKER = (sys.executable, "-m", "runwright", "worker", "--wait-for-server")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who starts a task looks soon whether it began."""
    monkeypatch.setattr(policies, "START_WINDOW", START_WINDOW)


@pytest.fixture
async def unaudited(
    node: Testbed, client: Client, namespace: str, account: Account
) -> AsyncGenerator[Stage]:
    """A namespace whose worker may meet an API server that forbids it what it has a right to."""
    ours = Stage(node, client, namespace, account)
    yield ours
    await ours.close()


class Troubled:
    """Two runs: with nobody there to ask, a step of the one ends, and one of the other starts."""

    def __init__(self, stage: Stage, ledger: Ledger) -> None:
        self._stage = stage
        self._ledger = ledger

    async def begin(self) -> None:
        """Return when a step of the one runs, and the other waits at a gate."""
        self._ledger.hold("running-build")
        await self._stage.engram("work", self._ledger.script)
        await self._stage.story("running", step("build"), step("deploy", "work", "build"))
        await self._stage.story("starting", gate("go"), step("build", "work", "go"))
        for name in ("running", "starting"):
            await self._stage.run(name, name)
        await self._ledger.until_began("running-build")
        await self._stage.until("starting", _waits_at_its_gate)

    async def go_on(self, starting: Manifest) -> None:
        """Let the step end, and start the other; return when that was tried in vain for a while."""
        await self._ledger.let_go()
        await _approve(self._stage, starting)
        await _until_tried(self._stage, starting, attempts=4)

    async def check(self) -> None:
        """Check that each step was executed once, at the first try."""
        for name in ("running", "starting"):
            run = await self._stage.until_phase(name, "Succeeded", "Failed")
            state = await self._stage.state(run)
            assert phase_of(run) == "Succeeded"
            assert state.steps["build"].tries == 1
        steps = {"running-build": 1, "running-deploy": 1, "starting-build": 1}
        assert self._ledger.began == steps


async def test_runs_outlive_a_worker_that_reaches_no_api_server(
    stage: Stage, proxy: Proxy, ledger: Ledger
) -> None:
    """It leads again when it can renew its Lease.

    An API server that comes up forbids everything, until it has read who may do what.
    """
    stage.environ, troubled = proxy.environ, Troubled(stage, ledger)

    async with stage.served():
        await troubled.begin()
        proxy.is_away = True
        proxy.cut()
        await troubled.go_on(await stage.until_phase("starting", "Running"))
        proxy.answer(".", HTTPStatus.FORBIDDEN, times=10)
        proxy.is_away = False

        await troubled.check()


async def test_runs_outlive_an_api_server_that_is_away(
    own: Testbed, unaudited: Stage, ledger: Ledger
) -> None:
    """When it is back it has forgotten what happened before: no watch can go on where it was."""
    api_server, troubled = own.components["kube-apiserver"], Troubled(unaudited, ledger)

    async with unaudited.served():
        await troubled.begin()
        starting = await unaudited.until_phase("starting", "Running")
        await asyncio.to_thread(api_server.kill)
        await troubled.go_on(starting)
        await asyncio.to_thread(own.compact)
        await asyncio.to_thread(api_server.start)
        await asyncio.to_thread(own.wait)

        await troubled.check()


def _waits_at_its_gate(run: Manifest) -> bool:
    return "go" in (run.get("status") or {}).get("gates", {})


async def _approve(stage: Stage, run: Manifest) -> None:
    """Approve by Temporal, which is there."""
    decision = DecideGate(gate="go", verdict=Verdict.APPROVE, by="ada")
    await stage.workflow(run).signal("decide_gate", decision)


async def _until_tried(stage: Stage, run: Manifest, attempts: int) -> None:
    """Return once an activity of the run has been refused so often."""
    while True:
        description = (await stage.workflow(run).describe()).raw_description
        if any(pending.attempt >= attempts for pending in description.pending_activities):
            return
        await asyncio.sleep(0.1)


class Outage:
    """A Temporal of the test's own, that can be away."""

    def __init__(self, folder: Path, ports: Addresses) -> None:
        self._folder = folder
        self._ports = ports

    @property
    def address(self) -> str:
        """Return where it is, whenever it is there."""
        return f"127.0.0.1:{self._ports.port}"

    @asynccontextmanager
    async def there(self) -> AsyncGenerator[Client]:
        """Have it there while the block runs, with all that it knew; then it is killed."""
        async with (
            serving(self._folder, self._ports, SEARCH_ATTRIBUTES) as server,
            connected({"TEMPORAL_CONFIG_FILE": os.devnull}, address=server.grpc) as client,
        ):
            yield client
            server.kill()


@pytest.fixture
async def outage(tmp_path: Path) -> Outage:
    """A Temporal that is not there yet."""
    folder = tmp_path / "own-temporal"
    folder.mkdir()
    return Outage(folder, await free_ports(folder, Addresses(0, 0)))


async def test_runs_outlive_a_temporal_that_comes_late_and_goes_away(
    node: Testbed, namespace: str, account: Account, ledger: Ledger, outage: Outage
) -> None:
    """The same worker, all the time: it waits, and a step that ended meanwhile is not lost."""
    ledger.hold("web-1-build")
    async with outage.there() as client:
        stage = Stage(node, client, namespace, account)
    worker = WorkerProcess(stage.variables(outage.address), *_WORKER)
    await worker.start()
    await stage.engram("work", ledger.script)
    await stage.story("release", step("build"), step("deploy", "work", "build"))
    await stage.run("web-1", "release")

    async with outage.there():
        await ledger.until_began("web-1-build")
    await ledger.let_go()
    await stage.until("web-1-build", _is_over, JOBS)
    kept = [identity.has_evidence(pod) for pod in await stage.all(PODS)]
    async with outage.there():
        run = await stage.until_phase("web-1", "Succeeded", "Failed")
        status = await worker.terminate()
    await stage.close()

    assert kept == [True]
    assert phase_of(run) == "Succeeded"
    assert ledger.began == {"web-1-build": 1, "web-1-deploy": 1}
    assert status == 0


def _is_over(job: Manifest) -> bool:
    conditions = (job.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Complete" for one in conditions)
