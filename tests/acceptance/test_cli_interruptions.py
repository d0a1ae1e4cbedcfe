"""Commands that wait: Ctrl-C ends them and not the run, and they outlast a worker."""

import signal
from pathlib import Path

import pytest

from tests.acceptance.conftest import Terminal, ended, release, terminal_at, until_said, working

GOES_ON = "interrupted: run default/{0} goes on; `runwright watch {0}` shows it again\n"


async def test_ctrl_c_ends_the_watching_and_not_the_run(terminal: Terminal) -> None:
    await terminal.run("start", "-", "--name", "seen", typed=release())
    watch = await terminal.begin("watch", "seen")
    await until_said(watch.stdout, "waits for a decision")

    watch.send_signal(signal.SIGINT)
    result = await ended(watch)

    assert (result.status, result.err) == (130, GOES_ON.format("seen"))


async def test_ctrl_c_ends_a_start_that_waits(terminal: Terminal) -> None:
    (terminal.folder / "awaited.yaml").write_text(release())
    start = await terminal.begin("start", "awaited.yaml", "--name", "awaited", "--wait")
    await until_said(start.stderr, "waits for a decision")

    start.send_signal(signal.SIGINT)
    result = await ended(start)

    assert (result.status, result.out) == (130, "")
    assert result.err.endswith(GOES_ON.format("awaited"))


async def test_ctrl_c_ends_the_following_of_logs(terminal: Terminal) -> None:
    await terminal.run("start", "-", "--name", "followed", typed=release())
    logs = await terminal.begin("logs", "-f", "followed")
    await until_said(logs.stdout, "build | built")

    logs.send_signal(signal.SIGINT)
    result = await ended(logs)

    assert (result.status, result.err) == (130, GOES_ON.format("followed"))


@pytest.mark.timeout(60)
async def test_a_watch_outlasts_the_worker_and_says_so(temporal: str, tmp_path: Path) -> None:
    terminal = terminal_at(tmp_path, temporal, RUNWRIGHT_CLUSTER="mortal")
    async with working(terminal) as worker:
        await terminal.run("start", "-", "--name", "orphan", typed=release())
        watch = await terminal.begin("watch", "orphan")
        await until_said(watch.stdout, "waits for a decision")
        worker.send_signal(signal.SIGKILL)
        await worker.wait()

        await until_said(watch.stdout, "No worker answers since")
        sent = await terminal.run("approve", "orphan", "sign-off")
    async with working(terminal):
        result = await ended(watch)

    assert sent.status == 0
    assert "waits in Temporal; a worker judges it when one works" in sent.out
    assert (result.status, result.err) == (0, "")
    assert "Answers again." in result.out
    assert "run default/orphan: Succeeded" in result.out.splitlines()[-1]
