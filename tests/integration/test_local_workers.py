"""Local tasks whose supervisor, worker or container died, or that two workers want."""

import asyncio
import subprocess
import sys

import psutil
import pytest

from runwright.models.tasks import OutcomeReason, Task
from tests.contract.backends import LocalBackend, claim, key
from tests.integration.local_tries import (
    SECOND,
    folder_of,
    gone,
    rewrite_claim,
    shell,
    supervisor_of,
)


async def test_a_task_whose_supervisor_was_killed_is_lost(local: LocalBackend) -> None:
    """And stays so, and nothing of it runs on: the next try must be alone."""
    pids = local.pipe("pids")
    build = shell(key(), f"set -m; sleep 1000 & echo $$ $! >{pids}; wait")
    await local.runner.start(build, first := claim("first"))
    left = [int(pid) for pid in (await local.said(pids)).split()]

    supervisor_of(local, build.key).kill()

    outcome = await local.completions.outcome(first)
    assert (outcome.succeeded, outcome.reason) == (False, OutcomeReason.LOST)
    await gone(*left)
    assert await local.runner.start(build, claim("second")) == outcome


async def test_a_loss_is_found_without_an_observer_too(unobserved: LocalBackend) -> None:
    build = unobserved.waiting(key())
    await unobserved.runner.start(build, claim("first"))
    await unobserved.running(build)
    (supervisor := supervisor_of(unobserved, build.key)).kill()
    await gone(supervisor.pid)

    adopted = await unobserved.runner.start(build, claim("second"))
    stopped = await unobserved.runner.stop(build.key, SECOND)

    assert adopted is not None
    assert adopted.reason is OutcomeReason.LOST
    assert stopped == adopted


@pytest.mark.parametrize("change", ["bootId", "processStart"])
async def test_a_later_process_of_the_same_number_is_not_the_supervisor(
    unobserved: LocalBackend, change: str
) -> None:
    """Its try is lost, and that process is none of ours to kill."""
    build = unobserved.waiting(key())
    await unobserved.runner.start(build, claim("first"))
    await unobserved.running(build)
    innocent = supervisor_of(unobserved, build.key).children()[0]
    rewrite_claim(unobserved, build.key, {change: "another"})

    outcome = await unobserved.runner.stop(build.key, SECOND)

    assert outcome is not None
    assert outcome.reason is OutcomeReason.LOST
    assert innocent.is_running()
    await unobserved.let_go(build)
    await gone(innocent.pid)


async def test_without_locks_a_supervisor_is_known_by_its_process(
    unobserved: LocalBackend,
) -> None:
    """Some network disks have none."""
    build = unobserved.waiting(key())
    await unobserved.runner.start(build, claim("first"))
    await unobserved.running(build)
    rewrite_claim(unobserved, build.key, {"locked": False})

    adopted = await unobserved.runner.start(build, claim("second"))
    outcome = await unobserved.runner.stop(build.key, SECOND)

    assert adopted is None
    assert outcome is not None
    assert outcome.reason is OutcomeReason.STOPPED


async def test_a_stop_has_its_effect_though_nobody_waits_for_it(
    unobserved: LocalBackend,
) -> None:
    """It may be cut short at any time and come again; the task has been told by then."""
    build = unobserved.waiting(key())
    await unobserved.runner.start(build, claim("first"))
    await unobserved.running(build)
    supervisor = supervisor_of(unobserved, build.key)

    stopping = asyncio.create_task(unobserved.runner.stop(build.key, SECOND * 60))
    await asyncio.sleep(0)  # as far as it comes without waiting
    stopping.cancel()

    await gone(supervisor.pid)
    end = folder_of(unobserved, build.key).end()
    assert end is not None
    assert end.reason is OutcomeReason.STOPPED


async def test_a_try_whose_worker_died_before_its_supervisor_came_is_executed(
    local: LocalBackend,
) -> None:
    """The folder says that it exists, so nobody will start it again: the observer must."""
    build, first = local.waiting(key()), claim("first")
    local.runner.folders.create(build, first)

    await local.running(build)
    await local.let_go(build)

    assert (await local.completions.outcome(first)).succeeded
    assert local.executions(build.key) == 1


async def test_a_start_executes_what_a_dead_worker_had_prepared(unobserved: LocalBackend) -> None:
    build = unobserved.waiting(key())
    unobserved.runner.folders.create(build, claim("dead"))

    assert await unobserved.runner.start(build, claim("second")) is None

    await unobserved.running(build)
    assert unobserved.executions(build.key) == 1


async def test_a_try_that_was_stopped_before_its_supervisor_came_never_runs(
    local: LocalBackend,
) -> None:
    build, first = local.waiting(key()), claim("first")
    local.runner.folders.create(build, first)

    assert await local.runner.stop(build.key, SECOND) is None

    assert (await local.completions.outcome(first)).reason is OutcomeReason.STOPPED
    assert local.executions(build.key) == 0


_WORKER = """
import asyncio, sys
from pathlib import Path
from adapters.local.processes import LocalProcesses
from runwright.models.tasks import Claim, Task
runner = LocalProcesses(Path(sys.argv[1]))
task, claim = Task.model_validate_json(sys.argv[2]), Claim.model_validate_json(sys.argv[3])
print("ready", flush=True)
input()
asyncio.run(runner.start(task, claim))
print("started", flush=True)
input()
"""


def worker(local: LocalBackend, task: Task, token: str, *within: str) -> subprocess.Popen[str]:
    """Return another worker's process, which starts the task when it is told to."""
    arguments = (local.state, task.model_dump_json(), claim(token).model_dump_json())
    process = subprocess.Popen(
        [*within, sys.executable, "-c", _WORKER, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def tell(process: subprocess.Popen[str]) -> None:
    """Let the other worker go on."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def heard(process: subprocess.Popen[str]) -> str:
    """Return the next line of the other worker."""
    assert process.stdout is not None
    return process.stdout.readline()


async def test_two_workers_that_start_one_try_at_once_execute_it_once(local: LocalBackend) -> None:
    build = local.waiting(key())
    workers = [worker(local, build, f"worker {number}") for number in range(2)]

    for process in workers:
        tell(process)
    assert [heard(process) for process in workers] == ["started\n", "started\n"]

    await local.running(build)
    await local.let_go(build)
    held = folder_of(local, build.key).claim()
    assert held is not None
    assert (await local.completions.outcome(held)).succeeded
    assert (held, local.executions(build.key)) == (claim("worker 1", held.since), 1)
    for process in workers:
        process.communicate("\n", timeout=30)


@pytest.fixture
def container() -> tuple[str, ...]:
    """The words before a command that give it process numbers of its own."""
    words = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
    try:
        subprocess.run([*words, "true"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a PID namespace takes root")
    return words


async def test_a_task_of_another_container_is_seen_and_stopped(
    unobserved: LocalBackend, container: tuple[str, ...]
) -> None:
    """Its numbers mean nothing here: the lock says that it lives, the folder tells it to end."""
    build = unobserved.waiting(key())
    process = worker(unobserved, build, "other", *container)
    tell(process)
    assert heard(process) == "started\n"
    await unobserved.running(build)

    adopted = await unobserved.runner.start(build, claim("ours"))
    outcome = await unobserved.runner.stop(build.key, SECOND)

    assert adopted is None
    assert outcome is not None
    assert outcome.reason is OutcomeReason.STOPPED
    process.communicate("\n", timeout=30)


async def test_a_task_whose_container_is_gone_is_lost(
    unobserved: LocalBackend, container: tuple[str, ...]
) -> None:
    build = unobserved.waiting(key())
    process = worker(unobserved, build, "other", *container)
    tell(process)
    assert heard(process) == "started\n"
    await unobserved.running(build)

    process.kill()
    process.communicate()
    async with asyncio.timeout(30):
        while (outcome := await unobserved.runner.start(build, claim("ours"))) is None:
            await asyncio.sleep(0.01)

    assert outcome.reason is OutcomeReason.LOST


async def test_a_task_outlives_the_worker_that_started_it(local: LocalBackend) -> None:
    build = local.waiting(key())
    process = worker(local, build, "killed")
    tell(process)
    assert heard(process) == "started\n"
    await local.running(build)

    process.kill()
    process.communicate()
    await local.runner.start(build, second := claim("second"))
    await local.let_go(build)

    assert (await local.completions.outcome(second)).succeeded
    assert local.executions(build.key) == 1


async def test_a_worker_has_no_children_left_of_its_tasks(unobserved: LocalBackend) -> None:
    """A child that nobody waits for stays a zombie as long as the worker lives."""
    build = unobserved.waiting(key())

    before = psutil.Process().children()

    await unobserved.runner.start(build, claim("first"))

    assert psutil.Process().children() == before
