"""The backends that the contract is tested on, each with the levers that its tests need."""

import asyncio
import itertools
import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from adapters.local.observer import LocalObserver
from adapters.local.processes import LocalProcesses
from adapters.local.watch import Pace
from adapters.memory.completions import MemoryCompletions
from adapters.memory.tasks import MemoryTasks, exited, succeeded
from runwright.models.tasks import Backend, Claim, Task, TaskKey
from runwright.ports import TaskRunner

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_seconds: Iterator[int] = itertools.count()


def claim(name: str, since: datetime | None = None, *, of: TaskKey | None = None) -> Claim:
    """Return a claim on a try, later than those made before it; `name` tells it from others."""
    claimed = of or key()
    return Claim(
        workflow_id=claimed.workflow_id,
        run_id="run",
        activity_id=f"{claimed.activities}{name}",
        since=since or _BEGIN + timedelta(seconds=next(_seconds)),
    )


def key(
    name: str = "web-build",
    *,
    activation: int = 1,
    try_number: int = 1,
    workflow_id: str = "StoryRun/ns/web/local",
    execution: str = "",
) -> TaskKey:
    """Return the key of a try."""
    return TaskKey(
        backend=Backend.LOCAL,
        namespace="ns",
        name=name,
        workflow_id=workflow_id,
        execution=execution,
        activation=activation,
        try_number=try_number,
    )


def task(
    key: TaskKey,
    *command: str,
    timeout: timedelta = timedelta(minutes=1),
    grace: timedelta = timedelta(seconds=5),
    max_output: int = 1_000,
) -> Task:
    """Return a task that runs the command, `true` if none is given."""
    return Task(
        key=key, command=command or ("true",), timeout=timeout, grace=grace, max_output=max_output
    )


class ContractBackend(Protocol):
    """One implementation of the port under test."""

    @property
    def runner(self) -> TaskRunner:
        """The runner under test."""
        ...

    @property
    def completions(self) -> MemoryCompletions:
        """Where it reports."""
        ...

    def waiting(self, key: TaskKey, exit_code: int = 0) -> Task:
        """Return a task that runs until it is let go."""
        ...

    async def running(self, task: Task) -> None:
        """Wait until the task's command runs."""

    async def let_go(self, task: Task) -> None:
        """Let the running task end by itself."""

    def executions(self, key: TaskKey) -> int:
        """Return how often the try was executed."""
        ...

    async def resync(self) -> None:
        """Make the observer look again at what it has put off."""

    async def released(self, key: TaskKey) -> None:
        """Wait until the try is not kept as evidence any more."""


class MemoryBackend:
    """The runner that only pretends."""

    def __init__(self) -> None:
        self.completions = MemoryCompletions()
        self.runner = MemoryTasks(self.completions)
        self._exit_codes: dict[TaskKey, int] = {}

    def waiting(self, key: TaskKey, exit_code: int = 0) -> Task:
        """Return a task that runs until it is let go."""
        self._exit_codes[key] = exit_code
        return task(key)

    async def running(self, task: Task) -> None:
        """Return at once: what is started runs."""

    async def let_go(self, task: Task) -> None:
        """End the task in its own way."""
        exit_code = self._exit_codes[task.key]
        outcome = exited(exit_code) if exit_code else succeeded()
        await self.runner.end(f"{task.key.namespace}/{task.key.name}", outcome)

    def executions(self, key: TaskKey) -> int:
        """Return how often the try was executed."""
        return self.runner.executed.count(key)

    async def resync(self) -> None:
        """Report again."""
        await self.runner.resync()

    async def released(self, key: TaskKey) -> None:
        """Check it: there is nothing to wait for."""
        assert not self.runner.is_kept(key)


class LocalBackend:
    """Real processes, which write down that they began and wait at a named pipe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.state = folder / "state"
        self.completions = MemoryCompletions()
        self.runner = LocalProcesses(self.state)
        self._pipes: list[int] = []

    def waiting(self, key: TaskKey, exit_code: int = 0) -> Task:
        """Return a task that runs until it is let go."""
        self.pipe(self._file(key, "begun").name)
        self.pipe(self._file(key, "go").name)
        script = (
            f"echo once >>{self._file(key, 'executions')}; echo >{self._file(key, 'begun')};"
            f"read _ <{self._file(key, 'go')}; exit {exit_code}"
        )
        return task(key, "/bin/sh", "-c", script)

    async def running(self, task: Task) -> None:
        """Wait until the command has said so."""
        await self.said(self._file(task.key, "begun"))

    async def let_go(self, task: Task) -> None:
        """Give the command the line that it waits for."""
        self._file(task.key, "go").write_text("\n")

    def executions(self, key: TaskKey) -> int:
        """Return how many commands have begun."""
        with suppress(FileNotFoundError):
            return len(self._file(key, "executions").read_text().splitlines())
        return 0

    async def resync(self) -> None:
        """Do nothing: the observer looks by itself, often."""

    async def released(self, key: TaskKey) -> None:
        """Wait until the folder is among those that are done."""
        while (folder := self.runner.folders.find(key)) is None or "open" in folder.path.parts:
            await asyncio.sleep(0.01)  # the folder's move is seen nowhere else

    def pipe(self, name: str) -> Path:
        """Return a named pipe that this test keeps open, so that nobody waits to open it."""
        pipe = self._folder / name
        os.mkfifo(pipe)
        self._pipes.append(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))
        return pipe

    async def said(self, pipe: Path) -> str:
        """Return the next line that comes through the pipe."""
        descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        readable = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(descriptor, readable.set)
        try:
            async with asyncio.timeout(30):
                await readable.wait()
            return os.read(descriptor, 4096).decode().strip()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    @asynccontextmanager
    async def observed(self) -> AsyncGenerator[None]:
        """Have an observer on the state folder."""
        pace = Pace(resync=timedelta(seconds=0.1), pause=timedelta(seconds=0.1))
        observer = LocalObserver(self.runner, self.completions, pace)
        observing = asyncio.create_task(observer.run())
        try:
            yield
        finally:
            observing.cancel()
            with suppress(asyncio.CancelledError):
                await observing

    async def close(self) -> None:
        """End every task that a test left running."""
        for folder in self.runner.folders.opened():
            with suppress(FileNotFoundError):
                await self.runner.stop(folder.task().key, timedelta())
        for pipe in self._pipes:
            os.close(pipe)

    def _file(self, key: TaskKey, name: str) -> Path:
        return self._folder / f"{key.name}-{key.execution}{key.activation}-{key.try_number}.{name}"
