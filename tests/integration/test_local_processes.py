"""Local tasks as real processes: what the contract cannot ask of every backend."""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from adapters.local.folder import TaskFolder
from adapters.local.processes import LocalProcesses
from runwright.errors import (
    NotOursError,
    NotStartedError,
    StorageUnavailableError,
)
from runwright.models.tasks import OutcomeReason, Task, TaskKey, TaskOutcome
from tests.contract.backends import LocalBackend, claim, key, task

SECOND = timedelta(seconds=1)


@pytest.fixture
async def local(tmp_path: Path) -> AsyncGenerator[LocalBackend]:
    """A state folder with an observer on it."""
    backend = LocalBackend(tmp_path)
    async with backend.observed():
        yield backend
        await backend.close()


@pytest.fixture
async def unobserved(tmp_path: Path) -> AsyncGenerator[LocalBackend]:
    """A state folder that nobody observes."""
    backend = LocalBackend(tmp_path)
    yield backend
    await backend.close()


def shell(key: TaskKey, script: str) -> Task:
    """Return a task that runs the script."""
    return task(key, "/bin/sh", "-c", script)


async def outcome_of(local: LocalBackend, task: Task) -> TaskOutcome:
    """Start the task and return the outcome that is reported."""
    await local.runner.start(task, first := claim("first"))
    return await local.completions.outcome(first)


def folder_of(local: LocalBackend, key: TaskKey) -> TaskFolder:
    """Return the folder of the try."""
    folder = local.runner.folders.find(key)
    assert folder is not None
    return folder


def supervisor_of(local: LocalBackend, key: TaskKey) -> psutil.Process:
    """Return the supervisor's process."""
    claimed = folder_of(local, key).supervisor()
    assert claimed is not None
    return psutil.Process(claimed.pid)


def rewrite_claim(local: LocalBackend, key: TaskKey, change: Mapping[str, object]) -> None:
    """Put another claim, which nobody has locked, in the place of the supervisor's."""
    path = folder_of(local, key).path / "supervisor.json"
    (draft := path.with_name("draft")).write_text(json.dumps(json.loads(path.read_text()) | change))
    draft.replace(path)


async def gone(*pids: int) -> None:
    """Wait until the processes do not live any more."""
    async with asyncio.timeout(5):
        while any(_lives(pid) for pid in pids):
            await asyncio.sleep(0.005)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_a_task_gets_its_contract_and_little_else(
    tmp_path: Path,
) -> None:
    """The worker's own environment may hold secrets that are none of a task's business."""
    environment = {"PATH": os.environ["PATH"], "TEMPORAL_API_KEY": "s3cret", "LANG": "C.UTF-8"}
    local = LocalBackend(tmp_path)
    local.runner = LocalProcesses(local.state, environment)
    build = shell(key(), 'env >"$RUNWRIGHT_OUTPUT.env"; pwd; echo oops >&2').model_copy(
        update={"environment": {"STEP": "build"}}
    )

    async with local.observed():
        outcome = await outcome_of(local, build)
        await local.released(build.key)

    folder = folder_of(local, build.key)
    lines = (folder.path / "output.json.env").read_text().splitlines()
    assert {"STEP=build", f"PATH={os.environ['PATH']}", "LANG=C.UTF-8"} <= set(lines)
    assert "s3cret" not in "".join(lines)
    assert outcome.succeeded
    where, complaint = folder.log.read_text().splitlines()
    assert where.startswith(str(local.state))
    assert (Path(where).name, complaint) == ("work", "oops")


@pytest.mark.parametrize(
    ("size", "carried"), [(10, "{"), (100_000, "none")], ids=["short", "longer than a variable"]
)
async def test_a_task_finds_its_input_in_a_file_however_long_it_is(
    local: LocalBackend, size: int, carried: str
) -> None:
    """A variable takes 128 KiB at most; a command with a longer one would not start at all."""
    given = {"text": "x" * size}
    script = 'cp "$RUNWRIGHT_INPUT" "$RUNWRIGHT_OUTPUT"; printf "%s" "${INPUT:-none}"'
    build = shell(key(), script).model_copy(
        update={"input": given, "input_variables": ("INPUT",), "max_output": 200_000}
    )

    outcome = await outcome_of(local, build)
    await local.released(build.key)

    assert outcome.output == given
    log = folder_of(local, build.key).log.read_text()
    assert log in {"none", json.dumps(given)}
    assert log.startswith(carried)


async def test_a_task_s_output_is_what_it_wrote(local: LocalBackend) -> None:
    outcome = await outcome_of(local, shell(key(), """echo '{"a": [1]}' >"$RUNWRIGHT_OUTPUT" """))

    assert outcome.output == {"a": [1]}
    assert outcome.started_at is not None
    assert outcome.finished_at is not None
    assert outcome.started_at <= outcome.finished_at


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('echo "[]" >"$RUNWRIGHT_OUTPUT"', OutcomeReason.OUTPUT_INVALID),
        ('mkdir "$RUNWRIGHT_OUTPUT"', OutcomeReason.OUTPUT_INVALID),
        ('mkfifo "$RUNWRIGHT_OUTPUT"', OutcomeReason.OUTPUT_INVALID),
        ('ln -s /dev/zero "$RUNWRIGHT_OUTPUT"', OutcomeReason.OUTPUT_INVALID),
        ('head -c 5000 /dev/zero >"$RUNWRIGHT_OUTPUT"', OutcomeReason.OUTPUT_TOO_LARGE),
    ],
    ids=["list", "folder", "pipe", "endless", "too large"],
)
async def test_an_output_that_cannot_be_taken_fails_the_task(
    local: LocalBackend, script: str, reason: OutcomeReason
) -> None:
    """Reading it must neither block nor fill the worker's memory."""
    outcome = await outcome_of(local, shell(key(), script))

    assert (outcome.succeeded, outcome.reason) == (False, reason)


async def test_the_output_of_a_task_that_failed_counts_for_nothing(local: LocalBackend) -> None:
    outcome = await outcome_of(local, shell(key(), 'echo "{}" >"$RUNWRIGHT_OUTPUT"; exit 1'))

    assert (outcome.reason, outcome.output) == (OutcomeReason.EXITED, None)


async def test_a_signal_from_outside_is_an_exit(local: LocalBackend) -> None:
    outcome = await outcome_of(local, shell(key(), "kill -KILL $$"))

    assert (outcome.reason, outcome.exit_code) == (OutcomeReason.EXITED, 137)
    assert outcome.message == "killed by SIGKILL"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("no-such-command",), "no-such-command: No such file or directory"),
        (("/",), "/: Permission denied"),
        (("/etc/passwd",), "/etc/passwd: Permission denied"),
        (("true", "x" * 3_000_000), "true: Argument list too long"),
        (("true", "a\0b"), "true: embedded null byte"),
    ],
    ids=["missing", "folder", "not executable", "too long", "null byte"],
)
async def test_a_command_that_cannot_start_is_an_outcome_that_names_it(
    local: LocalBackend, command: tuple[str, ...], message: str
) -> None:
    outcome = await outcome_of(local, task(key(), *command))

    assert outcome.reason is OutcomeReason.COMMAND_NOT_STARTED
    assert (outcome.message, outcome.exit_code) == (message, None)


async def test_a_task_ends_at_its_timeout(local: LocalBackend) -> None:
    build = task(key(), "sleep", "1000", timeout=SECOND / 10)

    outcome = await outcome_of(local, build)

    assert (outcome.reason, outcome.exit_code) == (OutcomeReason.TIMED_OUT, 124)
    assert outcome.message == "did not end within 100ms"


async def test_a_task_that_ignores_the_end_is_killed_after_its_grace(local: LocalBackend) -> None:
    begun = local.pipe("begun")
    await local.runner.start(
        shell(key(), f"trap '' TERM; echo >{begun}; while :; do sleep 1000; done"), claim("first")
    )
    await local.said(begun)
    before = time.monotonic()

    outcome = await local.runner.stop(key(), SECOND / 5)

    assert outcome is not None
    assert (outcome.reason, outcome.exit_code) == (OutcomeReason.STOPPED, 137)
    assert time.monotonic() - before >= 0.2


async def test_a_task_may_clean_up_within_its_grace(local: LocalBackend) -> None:
    begun, script = local.pipe("begun"), 'trap "echo cleaned; exit 0" TERM; echo >{}; sleep 100 &'
    build = shell(key(), f"{script.format(begun)} wait")
    await local.runner.start(build, claim("first"))
    await local.said(begun)

    outcome = await local.runner.stop(key(), SECOND * 10)

    assert outcome is not None
    assert (outcome.reason, outcome.exit_code) == (OutcomeReason.STOPPED, 0)
    assert folder_of(local, key()).log.read_text() == "cleaned\n"


async def test_a_second_stop_may_shorten_the_grace(local: LocalBackend) -> None:
    begun = local.pipe("begun")
    await local.runner.start(
        shell(key(), f"trap '' TERM; echo >{begun}; while :; do sleep 1000; done"), claim("first")
    )
    await local.said(begun)
    patient = asyncio.create_task(local.runner.stop(key(), SECOND * 60))
    stop = folder_of(local, key()).path / "stop.json"
    while not stop.exists():
        await asyncio.sleep(0.005)

    impatient = await local.runner.stop(key(), timedelta())

    assert await patient == impatient


async def test_no_process_survives_its_task(local: LocalBackend) -> None:
    """Neither one that the command left behind, nor one in a process group of its own."""
    pids = local.pipe("pids")
    script = f"""
        sleep 1000 & first=$!
        set -m
        sh -c 'trap "" TERM; sleep 1000 & wait' & second=$!
        echo $first $second >{pids}
        {{}}
    """

    await local.runner.start(shell(key("ended"), script.format("true")), first := claim("first"))
    left = [int(pid) for pid in (await local.said(pids)).split()]
    assert (await local.completions.outcome(first)).succeeded
    await gone(*left)

    await local.runner.start(shell(key("stopped"), script.format("wait")), claim("second"))
    left = [int(pid) for pid in (await local.said(pids)).split()]
    await local.runner.stop(key("stopped"), SECOND / 10)
    await gone(*left)


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
        process.communicate("\n", timeout=5)


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
    process.communicate("\n", timeout=5)


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
    async with asyncio.timeout(5):
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


async def test_forgetting_keeps_the_log_and_drops_the_rest(local: LocalBackend) -> None:
    build = shell(key(), "echo made it; touch artefact")

    assert (await outcome_of(local, build)).succeeded
    await local.released(build.key)
    await local.runner.forget(build.key)

    folder = folder_of(local, build.key)
    assert folder.log.read_text() == "made it\n"
    assert folder.path.is_relative_to(local.state / "tasks" / "done")
    assert list((local.state / "tasks" / "open").iterdir()) == []


async def test_what_a_task_leaves_is_its_owner_s_alone(unobserved: LocalBackend) -> None:
    """Environment and output may hold secrets."""
    await unobserved.runner.start(unobserved.waiting(key()), claim("first"))

    tasks = unobserved.state / "tasks"
    assert [oct(folder.stat().st_mode)[-3:] for folder in (tasks, *tasks.glob("open/*"))] == [
        "700",
        "700",
    ]


async def test_a_folder_that_holds_another_task_is_not_ours(unobserved: LocalBackend) -> None:
    build = unobserved.waiting(key())
    unobserved.runner.folders.create(build, claim("first"))
    path = folder_of(unobserved, build.key).path / "task.json"
    theirs = task(key("another")).model_dump_json(by_alias=True)
    path.write_text(theirs)

    with pytest.raises(NotOursError, match=f"{re.escape(str(path.parent))} belongs to another"):
        await unobserved.runner.start(build, claim("second"))
    path.parent.rename(path.parent.with_name("put aside"))


async def test_a_state_folder_that_cannot_be_used_is_a_wait(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    runner = LocalProcesses(tmp_path / "state")

    with pytest.raises(
        StorageUnavailableError, match=r"start ns/web-build: .*/state/tasks.*: Not a directory"
    ):
        await runner.start(task(key()), claim("first"))
    with pytest.raises(StorageUnavailableError, match="stop ns/web-build: "):
        await runner.stop(key(), SECOND)


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A state folder on a disk of 256 KiB."""
    (state := tmp_path / "state").mkdir()
    mount = ["/bin/mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", str(state)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk takes root")
    yield state
    subprocess.run(["/bin/umount", "--lazy", str(state)], check=True)


def fill(disk: Path) -> Path:
    """Write until nothing more can be written."""
    with (filler := disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


async def test_a_full_disk_keeps_a_task_from_starting(small_disk: Path) -> None:
    runner = LocalProcesses(small_disk)
    fill(small_disk)

    with pytest.raises(StorageUnavailableError, match=r"start ns/web-build: .*No space left"):
        await runner.start(task(key()), claim("first"))

    assert not await runner.exists(key())


async def test_an_end_is_written_when_the_full_disk_has_room_again(
    small_disk: Path, local: LocalBackend
) -> None:
    """The exit code is known to nobody but the supervisor."""
    build = local.waiting(key(), exit_code=3)
    await local.runner.start(build, first := claim("first"))
    await local.running(build)
    command = supervisor_of(local, build.key).children()[0].pid
    filler = fill(small_disk)

    await local.let_go(build)
    await gone(command)
    assert folder_of(local, build.key).end() is None
    filler.unlink()

    assert (await local.completions.outcome(first)).exit_code == 3


async def test_a_supervisor_that_cannot_be_started_is_a_wait(
    unobserved: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's interpreter may be replaced under it; the task is started by the next one."""
    build = unobserved.waiting(key())
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", "/no/such/python")
        with pytest.raises(NotStartedError, match="No such file or directory: '/no/such/python'"):
            await unobserved.runner.start(build, claim("first"))
        patched.setattr(sys, "executable", "/bin/false")
        with pytest.raises(NotStartedError, match=r"start the supervisor of .*: it died"):
            await unobserved.runner.start(build, claim("second"))

    assert await unobserved.runner.start(build, claim("third")) is None

    await unobserved.running(build)
