"""Where the logs of a run's tasks are read: on this machine, or in a cluster."""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Protocol

from adapters.local.logs import LocalLogs
from runwright.cli.parameters import RunName
from runwright.errors import StorageUnavailableError
from runwright.models.story_run import workflow_id
from runwright.models.tasks import Backend, TaskKey
from runwright.settings import Settings


class WrittenTry(Protocol):
    """One try that has a log."""

    @property
    def task(self) -> str:
        """The name of its task's object."""
        ...

    @property
    def number(self) -> int:
        """Which try of its step it is, within its execution of the run."""
        ...

    @property
    def identity(self) -> Hashable:
        """What stays the same of it, wherever its log is."""
        ...

    def read(self) -> AsyncIterator[bytes]:
        """Yield the log as it is now."""
        ...

    def follow(self) -> AsyncIterator[bytes]:
        """Yield the log from its beginning, and go on until the try is over."""
        ...


class LogSource(Protocol):
    """The logs of one run."""

    @property
    def where(self) -> str:
        """Where they are looked for, and why one may not be there."""
        ...

    async def tries(self) -> Sequence[WrittenTry]:
        """Return the tries that have a log, older ones first."""
        ...


@asynccontextmanager
async def log_source(
    run: RunName, settings: Settings, environ: Mapping[str, str] = os.environ
) -> AsyncGenerator[LogSource]:
    """Give the logs of a run where its tasks run.

    Raises:
        NotFoundError: the cluster has no such run.
        ClusterUnavailableError: it could not be asked.
    """
    if settings.backend is not Backend.KUBERNETES:
        yield LocalSource(settings.state, workflow_id(run.namespace, run.name))
        return
    # Its client library takes longer to import than all of ours.
    source_of = import_module("runwright.cli.cluster_logs").source_of
    async with source_of(run, environ) as source:
        yield source


class LocalSource:
    """Logs under the state folder of this machine."""

    def __init__(self, state: Path, workflow_id: str) -> None:
        self.where = f"{state}; logs stay where the task ran"
        self._logs = LocalLogs(state)
        self._workflow_id = workflow_id

    async def tries(self) -> Sequence[WrittenTry]:
        """Return the tries that have a log, older ones first."""
        found = self._logs.tries(self._workflow_id)
        return [LocalTry(self._logs, one.key) for one in found]


class LocalTry:
    """A log in the folder of its try."""

    def __init__(self, logs: LocalLogs, key: TaskKey) -> None:
        self.task = key.name
        self.number = key.try_number
        self.identity = (key.execution, *key.order, key.name)
        self._key = key
        self._logs = logs

    async def read(self) -> AsyncIterator[bytes]:
        """Yield the log as it is now.

        Raises:
            StorageUnavailableError: it cannot be read.
        """
        try:
            yield self._path().read_bytes()
        except FileNotFoundError:  # its end was recorded this moment, and it moved
            yield self._moved()

    def follow(self) -> AsyncIterator[bytes]:
        """Yield the log from its beginning, and go on until the try is over."""
        return self._logs.follow(self._key)

    def _moved(self) -> bytes:
        path = self._path()
        try:
            return path.read_bytes()
        except OSError as error:
            message = f"read {path}: {error.strerror}"
            raise StorageUnavailableError(message) from error

    def _path(self) -> Path:
        tries = self._logs.tries(self._key.workflow_id)
        found = next((one.log for one in tries if one.key == self._key), None)
        if found is None:
            message = f"read the log of {self.task}: its folder is gone"
            raise StorageUnavailableError(message)
        return found
