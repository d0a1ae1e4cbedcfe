"""Local tasks whose state folder is full, foreign or not to be used."""

import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.local.processes import LocalProcesses
from runwright.errors import (
    NotOursError,
    NotStartedError,
    StorageUnavailableError,
)
from tests.contract.backends import LocalBackend, claim, key, task
from tests.integration.local_tries import SECOND, folder_of, gone, outcome_of, shell, supervisor_of


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
