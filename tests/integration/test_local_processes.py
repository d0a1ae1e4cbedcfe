"""Local tasks as real processes: what the contract cannot ask of every backend."""

import asyncio
import json
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.local.processes import LocalProcesses
from runwright.models.tasks import OutcomeReason
from tests.contract.backends import LocalBackend, claim, key, task
from tests.integration.local_tries import (
    SECOND,
    folder_of,
    gone,
    outcome_of,
    shell,
)


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
