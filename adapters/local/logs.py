"""What local tasks write to standard output and standard error, as it grows."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

from adapters.local.folder import TaskFolder
from adapters.local.folders import TaskFolders, storage
from adapters.local.names import run_digest
from runwright.errors import NotFoundError
from runwright.models.tasks import TaskKey

_LOOK_EVERY: Final = timedelta(milliseconds=100)
_CHUNK: Final = 65_536


class LoggedTry(NamedTuple):
    """One try that has a log."""

    key: TaskKey
    log: Path
    """Where it is now; it moves when the end of the try is recorded."""
    is_over: bool


class LocalLogs:
    """The logs under a state folder; they need no worker, and stay after their tasks."""

    def __init__(self, state: Path) -> None:
        self._folders = TaskFolders(state)

    def tries(self, workflow_id: str) -> list[LoggedTry]:
        """Return the tries of a run, by activation, object name and try.

        Of a run whose name was used before the tries of the older executions come first.
        """
        found: list[LoggedTry] = []
        begun: dict[str, float] = {}
        for folder in self._folders.of_run(run_digest(workflow_id)):
            key = folder.task().key
            found.append(LoggedTry(key, folder.log, _is_over(folder)))
            if claim := folder.claim():
                since = claim.since.timestamp()
                begun[key.execution] = min(since, begun.get(key.execution, since))
        return sorted(found, key=lambda t: (begun.get(t.key.execution, 0.0), _place(t.key)))

    async def follow(self, key: TaskKey) -> AsyncIterator[bytes]:
        """Yield the log of the try from its beginning, and go on until the try is over.

        Raises:
            NotFoundError: the try has no folder here.
            StorageUnavailableError: the log cannot be read.
        """
        with storage("read the log of", key):
            folder = self._folders.find(key)
            if folder is None:
                message = f"no log of {key.namespace}/{key.name}, try {key.try_number}"
                raise NotFoundError(message)
            with folder.log.open("rb") as log:  # it stays open while the folder moves
                while True:
                    is_over = self._is_over(key)  # before reading: then nothing comes after
                    while chunk := log.read(_CHUNK):
                        yield chunk
                    if is_over:
                        return
                    await asyncio.sleep(_LOOK_EVERY.total_seconds())

    def _is_over(self, key: TaskKey) -> bool:
        folder = self._folders.find(key)
        return folder is None or _is_over(folder)


def _place(key: TaskKey) -> tuple[int, str, int]:
    return key.activation, key.name, key.try_number


def _is_over(folder: TaskFolder) -> bool:
    if folder.end() is not None:
        return True
    claimed = folder.supervisor()
    return claimed is not None and not claimed.is_alive()
