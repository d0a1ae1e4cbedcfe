"""Kill what can be killed, where it hurts: nothing is lost and nothing runs twice.

Each step proves how often it ran by the lines that it appends to a file.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from temporalio.client import Client

from adapters.local.folders import TaskFolders
from runwright.client import Run, RunwrightClient
from runwright.models.bubustack import EngramTemplate, Phase
from runwright.models.tasks import Backend
from tests.integration.runs import NEVER, engram, start_of

_WORKER: Final = "tests.integration.doomed_worker"
_QUICK: Final = 'echo ran >> "$RUNWRIGHT_MANIFESTS/$BUBU_STEP_NAME"'
_HELD: Final = (
    f"{_QUICK}; trap 'exit 1' TERM; while [ ! -e \"$RUNWRIGHT_MANIFESTS/go\" ]; do sleep 0.02; done"
)
"""Runs until the test says go."""


class Machine:
    """One machine: a state folder, a worker, and runs of real processes."""

    def __init__(self, client: Client, address: str, task_queue: str, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self._arguments = [address, task_queue, str(folder / "state")]
        self._task_queue = task_queue
        self.worker: subprocess.Popen[bytes] | None = None

    def start_worker(self, seam: str = "") -> None:
        """Start a worker that dies at the seam."""
        doom = [seam, str(self.folder / "mark")] if seam else []
        self.worker = subprocess.Popen([sys.executable, "-m", _WORKER, *self._arguments, *doom])

    async def worker_died(self) -> None:
        """Wait for the worker to die of SIGKILL."""
        assert self.worker is not None
        code = await asyncio.to_thread(self.worker.wait, 30)
        assert code == -signal.SIGKILL

    async def kill_worker(self) -> None:
        """Kill the worker, and wait until it is gone."""
        if self.worker is not None:
            self.worker.kill()
            await asyncio.to_thread(self.worker.wait)

    async def run(self, spec: dict[str, Any], command: str = _QUICK) -> Run:
        """Start a run whose steps all execute the command."""
        start = start_of(spec, backend=Backend.LOCAL, templates=(self._template(command),))
        return await RunwrightClient(self.client, self._task_queue).start(start)

    def _template(self, command: str) -> EngramTemplate:
        annotations = {
            "runwright.dev/local-command": command,
            "runwright.dev/manifest-folder": str(self.folder),
        }
        return EngramTemplate.model_validate(
            {
                "metadata": {"name": "image", "annotations": annotations},
                "spec": {"version": "1", "supportedModes": ["job"]},
            }
        )

    def let_go(self) -> None:
        """Let the held tasks end."""
        (self.folder / "go").touch()

    def times(self, step: str) -> int:
        """Return how often a step ran."""
        proof = self.folder / step
        return len(proof.read_text().splitlines()) if proof.exists() else 0

    async def until_ran(self, step: str) -> None:
        """Wait until a step has run."""
        while self.times(step) == 0:
            await asyncio.sleep(0.01)

    def supervisor_of(self, step: str) -> int:
        """Return the process id of the supervisor of the only open try of a step."""
        folders = TaskFolders(self.folder / "state").opened()
        claims = [folder.supervisor() for folder in folders if step in folder.path.name]
        assert claims
        assert claims[0] is not None
        return claims[0].pid


@pytest.fixture
async def machine(
    client: Client, temporal: str, task_queue: str, tmp_path: Path
) -> AsyncGenerator[Machine]:
    """A machine without a worker yet; what still runs at the end is ended."""
    machine = Machine(client, temporal, task_queue, tmp_path)
    yield machine
    machine.let_go()
    await machine.kill_worker()


@asynccontextmanager
async def after_a_death(machine: Machine, seam: str) -> AsyncGenerator[None]:
    """Run the block with a worker that dies at the seam, then start another."""
    machine.start_worker(seam)
    yield
    await machine.worker_died()
    machine.start_worker()


@pytest.mark.parametrize(
    "seam",
    [
        "before the start",
        "after the start",
        "before the report",
        "after the report",
        "before forgetting",
    ],
)
async def test_a_worker_killed_at_a_seam_of_a_step_loses_nothing_and_repeats_nothing(
    machine: Machine, seam: str
) -> None:
    async with after_a_death(machine, seam):
        run = await machine.run({"steps": [engram("a"), engram("b", "a")]})
    state = await run.wait()

    assert state.phase is Phase.SUCCEEDED
    assert (machine.times("a"), machine.times("b")) == (1, 1)
    assert [step.tries for step in state.steps.values()] == [1, 1]


@pytest.mark.parametrize("seam", ["before the stop", "after the stop"])
async def test_a_worker_killed_while_it_stops_a_step_stops_it_all_the_same(
    machine: Machine, seam: str
) -> None:
    machine.start_worker(seam)
    run = await machine.run({"steps": [engram("a")]}, _HELD)
    await machine.until_ran("a")

    await run.cancel(by="alice")
    await machine.worker_died()
    machine.start_worker()
    state = await run.wait()

    assert state.phase is Phase.FINISHED
    assert state.steps["a"].phase is Phase.CANCELED
    assert machine.times("a") == 1


async def test_a_task_outlives_its_worker_and_is_adopted(machine: Machine) -> None:
    machine.start_worker()
    run = await machine.run({"steps": [engram("a"), engram("b", "a")]}, _HELD)
    await machine.until_ran("a")

    await machine.kill_worker()
    machine.start_worker()
    machine.let_go()
    state = await run.wait()

    assert state.phase is Phase.SUCCEEDED
    assert (machine.times("a"), machine.times("b")) == (1, 1)


async def test_a_task_that_ended_while_no_worker_was_there_is_not_repeated(
    machine: Machine,
) -> None:
    machine.start_worker()
    run = await machine.run({"steps": [engram("a")]}, _HELD)
    await machine.until_ran("a")
    supervisor = machine.supervisor_of("a")

    await machine.kill_worker()
    machine.let_go()
    await _gone(supervisor)
    machine.start_worker()
    state = await run.wait()

    assert state.phase is Phase.SUCCEEDED
    assert machine.times("a") == 1


async def test_an_outcome_that_arrives_while_the_claim_is_backing_off_is_not_lost(
    machine: Machine,
) -> None:
    """The claim that it would be reported to is void, and the next one not made yet."""
    machine.start_worker("the start fails after it")
    run = await machine.run({"steps": [engram("a")]})
    state = await run.wait()

    assert state.phase is Phase.SUCCEEDED
    assert (machine.times("a"), state.steps["a"].tries) == (1, 1)


async def test_a_success_counts_although_no_worker_was_there_at_the_steps_deadline(
    machine: Machine,
) -> None:
    machine.start_worker()
    run = await machine.run({"steps": [engram("a", execution={"timeout": "2s", **NEVER})]}, _HELD)
    await machine.until_ran("a")
    supervisor = machine.supervisor_of("a")

    await machine.kill_worker()
    machine.let_go()
    await _gone(supervisor)
    await _timer_fired(machine.client, run.workflow_id)
    machine.start_worker()
    state = await run.wait()

    assert state.steps["a"].phase is Phase.SUCCEEDED
    assert machine.times("a") == 1


async def test_a_step_that_takes_too_long_ends_although_no_worker_is_there(
    machine: Machine,
) -> None:
    machine.start_worker()
    run = await machine.run({"steps": [engram("a", execution={"timeout": "1s", **NEVER})]}, _HELD)
    await machine.until_ran("a")
    supervisor = machine.supervisor_of("a")

    await machine.kill_worker()
    await _gone(supervisor)
    machine.start_worker()
    state = await run.wait()

    assert state.steps["a"].phase is Phase.TIMEOUT
    assert machine.times("a") == 1


async def test_a_step_whose_worker_was_away_before_it_started_gets_its_whole_time(
    machine: Machine,
) -> None:
    """Its deadline counts from when it could start, not from when it was asked for."""
    run = await machine.run({"steps": [engram("a", execution={"timeout": "1s", **NEVER})]})
    machine.start_worker("before the start")
    await machine.worker_died()
    await _timer_fired(machine.client, run.workflow_id)
    machine.start_worker()
    state = await run.wait()

    assert state.steps["a"].phase is Phase.SUCCEEDED
    assert machine.times("a") == 1


async def test_a_task_whose_supervisor_was_killed_is_lost_and_leaves_no_process(
    machine: Machine,
) -> None:
    machine.start_worker()
    run = await machine.run({"steps": [engram("a", execution=NEVER)]}, f"{_HELD} & wait")
    await machine.until_ran("a")
    supervisor = machine.supervisor_of("a")

    os.kill(supervisor, signal.SIGKILL)
    state = await run.wait()

    assert state.steps["a"].phase is Phase.FAILED
    assert state.steps["a"].message == f"supervisor {supervisor} is gone without a word"
    assert machine.times("a") == 1
    assert _processes_of_session(supervisor) == []


async def test_two_workers_share_a_machine_and_run_each_step_once(machine: Machine) -> None:
    machine.start_worker()
    first = machine.worker
    machine.start_worker()
    spec = {"steps": [engram(f"s{number}") for number in range(10)]}

    state = await (await machine.run(spec)).wait()
    assert first is not None
    first.kill()
    first.wait()
    again = await (await machine.run({"steps": [engram("z")]})).wait()

    assert (state.phase, again.phase) == (Phase.SUCCEEDED, Phase.SUCCEEDED)
    assert [machine.times(f"s{number}") for number in range(10)] == [1] * 10


async def _gone(pid: int) -> None:
    """Wait until a process that is no child of ours is gone."""
    while Path(f"/proc/{pid}").exists():
        await asyncio.sleep(0.01)


def _processes_of_session(session: int) -> list[int]:
    shown = subprocess.run(
        ["ps", "-A", "-o", "pid=,sess=,stat="], capture_output=True, check=True, text=True
    )
    rows = [line.split() for line in shown.stdout.splitlines()]
    return [int(pid) for pid, sess, stat in rows if int(sess) == session and stat[0] != "Z"]


async def _timer_fired(client: Client, workflow_id: str) -> None:
    handle = client.get_workflow_handle(workflow_id)
    async for event in handle.fetch_history_events(wait_new_event=True):
        if event.HasField("timer_fired_event_attributes"):
            return
