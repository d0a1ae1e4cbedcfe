"""The test stand: a Temporal server of one's own, and workers in processes of their own."""

import asyncio
import os
import sys
import tempfile
import uuid
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import psutil
from temporalio.client import Client, WorkflowHandle

from adapters.temporal.connection import connected
from adapters.temporal.server import Addresses, serving
from benchmarks.messages import Approved, Ending, Side, Step, WorkerPlan
from benchmarks.stories import FIVE_STEPS, GATED, HUNDRED, STEPS, hundred_steps, start_of
from runwright.client import Run, RunwrightClient
from runwright.models.gates import DecideGate, Verdict
from workflows.presentation import SEARCH_ATTRIBUTES

_BARE_STEPS: Final = {Ending.AT_ONCE: "BareSteps", Ending.OUTSIDE: "BareOutsideSteps"}
_BYTECODE: Final = Path(__file__).parent / "__pycache__" / "measured"
_FIRST_TASK_DONE: Final = 4
"""Events: the start, and a workflow task scheduled, started and completed."""
_PATIENCE: Final = 120.0
"""Seconds in which a worker that lives has done what it is waited for."""


class Crew:
    """A worker process and how to start runs on it."""

    def __init__(self, client: Client, plan: WorkerPlan, process: psutil.Process) -> None:
        self.client = client
        self.plan = plan
        self.process = process
        self._runs = RunwrightClient(client, plan.task_queue)

    async def five_steps(self) -> WorkflowHandle[object, object]:
        """Start a run of five steps."""
        if self.plan.side is Side.RUNWRIGHT:
            return self._handle(await self._runs.start(start_of(FIVE_STEPS)))
        kind, steps = _BARE_STEPS[self.plan.ending], [Step(name=name) for name in STEPS]
        return await self._bare(kind, steps)

    async def hundred_steps(self, output: int = 0) -> WorkflowHandle[object, object]:
        """Start a run of a hundred steps, each of which puts out so many bytes."""
        if self.plan.side is Side.RUNWRIGHT:
            return self._handle(await self._runs.start(start_of(hundred_steps(output))))
        return await self._bare("BareLanes", [Step(name=f"step-{n}") for n in range(HUNDRED)])

    async def gated(self) -> WorkflowHandle[object, object]:
        """Start a run that waits at a gate, and after it has one task."""
        if self.plan.side is Side.RUNWRIGHT:
            return self._handle(await self._runs.start(start_of(GATED)))
        return await self._bare("BareGate", Step(name="deploy"))

    async def decide(self, handle: WorkflowHandle[object, object]) -> None:
        """Approve the gate of a run."""
        if self.plan.side is Side.RUNWRIGHT:
            approve = DecideGate(gate="release", verdict=Verdict.APPROVE, by="alice")
            await handle.execute_update("decide_gate", approve)
        else:
            await handle.execute_update("decide", Approved(by="alice"))

    async def _bare(self, kind: str, argument: object) -> WorkflowHandle[object, object]:
        return await self.client.start_workflow(
            kind, argument, id=uuid.uuid4().hex, task_queue=self.plan.task_queue
        )

    def _handle(self, run: Run) -> WorkflowHandle[object, object]:
        return self.client.get_workflow_handle(run.workflow_id)


class Stand:
    """A Temporal server and a client of it."""

    def __init__(self, client: Client, address: str, server: psutil.Process) -> None:
        self.client = client
        self.server = server
        self.address = address

    @asynccontextmanager
    async def crew(
        self, side: Side, ending: Ending = Ending.AT_ONCE, *, cached: int = 1000, warm: int = 20
    ) -> AsyncGenerator[Crew]:
        """Give a worker that has executed `warm` runs, so that its code is loaded."""
        plan = WorkerPlan(
            side=side,
            address=self.address,
            task_queue=f"bench-{uuid.uuid4().hex}",
            ending=ending,
            cached=cached,
        )
        async with worker_process(plan) as process:
            crew = Crew(self.client, plan, process)
            handles = [await crew.five_steps() for _ in range(warm)]
            async with asyncio.timeout(_PATIENCE):
                await results(handles)
            yield crew

    def local(self, state: Path) -> WorkerPlan:
        """Return the plan of a worker whose tasks are processes."""
        return WorkerPlan(
            side=Side.RUNWRIGHT,
            address=self.address,
            task_queue=f"runwright-b{uuid.uuid4().hex[:8]}",
            ending=Ending.LOCAL,
            state=state,
        )


@asynccontextmanager
async def standing() -> AsyncGenerator[Stand]:
    """Give a server as `runwright dev` starts it, on a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="runwright-bench-") as folder:
        async with (
            serving(Path(folder), Addresses(0, 0), SEARCH_ATTRIBUTES) as server,
            connected({"TEMPORAL_CONFIG_FILE": os.devnull}, address=server.grpc) as client,
        ):
            yield Stand(client, server.grpc, _server_process())


def _server_process() -> psutil.Process:
    children = psutil.Process().children()
    return next(child for child in children if child.name() == "temporal")


@asynccontextmanager
async def worker_process(plan: WorkerPlan) -> AsyncGenerator[psutil.Process]:
    """Run a worker process until the block is left; it is killed, as in a crash."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.serving", plan.model_dump_json(), env=environment()
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def environment() -> dict[str, str]:
    """Return the environment of measured processes: with bytecode, as in an installation.

    Python may be told not to write any; the sandbox would then compile the module of the bare
    workflow anew for each run.
    """
    without = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**without, "PYTHONPYCACHEPREFIX": str(_BYTECODE)}


async def results(handles: Iterable[WorkflowHandle[object, object]]) -> list[object]:
    """Return the results of runs, in their order."""
    return await asyncio.gather(*(handle.result() for handle in handles))


async def until_waiting(handle: WorkflowHandle[object, object]) -> None:
    """Return when the first workflow task of a run is done: from then on it only waits."""
    while not await _is_waiting(handle):  # noqa: ASYNC110 - only the server knows
        await asyncio.sleep(0.005)


async def _is_waiting(handle: WorkflowHandle[object, object]) -> bool:
    described = (await handle.describe()).raw_description
    is_new = described.workflow_execution_info.history_length < _FIRST_TASK_DONE
    return not is_new and not described.HasField("pending_workflow_task")


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time that a process has used so far."""
    times = process.cpu_times()
    return float(times.user + times.system)
