"""Local tries, and the processes that they really are."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta

import psutil

from adapters.local.folder import TaskFolder
from runwright.models.tasks import Task, TaskKey, TaskOutcome
from tests.contract.backends import LocalBackend, claim, task

SECOND = timedelta(seconds=1)


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
    async with asyncio.timeout(30):
        while any(_lives(pid) for pid in pids):
            await asyncio.sleep(0.005)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
