"""The state folder, as the one process that serves everything from it needs it."""

import fcntl
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from adapters.local.folder import TaskFolder
from adapters.local.folders import TaskFolders
from runwright.errors import RefusedError, StorageUnavailableError

_ROOM: Final = 32 * 1024 * 1024
"""Bytes; with less a database that has just begun would soon stand still."""
_REMEDY: Final = "RUNWRIGHT_STATE may name another folder"


@contextmanager
def occupied(state: Path) -> Generator[None]:
    """Hold the state folder for this process alone, having made it if it was not there.

    Raises:
        RefusedError: another process holds it, it cannot be written, or its disk is full.
    """
    with storage(state):
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(state / "dev.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, state)
        _must_have_room(state)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, state: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode().strip() or "unknown"
        message = f"`runwright dev` already runs on {state}, as process {holder}"
        raise RefusedError(message) from error
    with storage(state):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())


def _must_have_room(state: Path) -> None:
    free = shutil.disk_usage(state).free
    if free < _ROOM:
        message = (
            f"use the state folder {state}: {free // 1024} KiB are free on its disk; {_REMEDY}"
        )
        raise RefusedError(message)


@contextmanager
def storage(state: Path) -> Generator[None]:
    """Say what the disk refuses of the state folder; who starts here has to choose another.

    Raises:
        RefusedError: in place of every OSError.
    """
    try:
        yield
    except OSError as error:
        message = f"use the state folder {state}: {error.strerror or error}; {_REMEDY}"
        raise RefusedError(message) from error


def running_tasks(state: Path) -> int:
    """Return how many local tasks have a living supervisor."""
    return sum(map(_is_running, TaskFolders(state).opened()))


def _is_running(folder: TaskFolder) -> bool:
    with suppress(StorageUnavailableError):
        claim = folder.supervisor()
        return claim is not None and claim.is_alive()
    return False
