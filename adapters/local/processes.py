"""Runs tasks as processes of this machine, each under a supervisor of its own."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from adapters.local import supervisor
from adapters.local.folder import SupervisorClaim, TaskFolder
from adapters.local.folders import TaskFolders, storage
from adapters.local.names import FolderName
from adapters.local.outcomes import End
from runwright.errors import (
    NotOursError,
    NotStartedError,
    StillRunningError,
    StorageUnavailableError,
)
from runwright.models.tasks import Claim, OutcomeReason, Task, TaskKey, TaskOutcome

INHERITED: Final = frozenset(
    {"HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "PATH", "SHELL", "TMPDIR", "TZ", "USER"}
)
"""The variables that tasks get from the worker; its others may be secrets of its own."""
_Result = TypeVar("_Result")
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_KILLED_WITHIN: Final = timedelta(seconds=5)
_SHORTEST_PAUSE: Final = timedelta(milliseconds=2)
_LONGEST_PAUSE: Final = timedelta(milliseconds=200)


class LocalProcesses:
    """The task runner of one machine: processes whose tries are folders under `state`.

    Several workers may share the folder: whatever they do, one supervisor executes a try, once.
    `environment` is the worker's own; of it tasks get the variables in `INHERITED`.
    """

    def __init__(self, state: Path, environment: Mapping[str, str] = os.environ) -> None:
        self.folders = TaskFolders(state)
        self._environment = {
            name: value for name, value in environment.items() if name in INHERITED
        }

    async def start(self, task: Task, claim: Claim) -> TaskOutcome | None:
        """Create the try's folder and a supervisor for it, or adopt what there is.

        Raises:
            NotOursError: another run's task of that name is running.
            StorageUnavailableError: the state folder could not be read or written.
            NotStartedError: no supervisor could be started.
            StillRunningError: an older try has not ended yet.
        """
        with storage("start", task.key):
            return await _despite_a_move(lambda: self._start(task, claim))

    async def exists(self, key: TaskKey) -> bool:
        """Return whether this very try has a folder, running or over."""
        with storage("look for", key):
            return self.folders.find(key) is not None

    async def stop(self, key: TaskKey, grace: timedelta) -> TaskOutcome | None:
        """End the task with all its processes; None if it never started, and now never will.

        Raises:
            StorageUnavailableError: the state folder could not be read or written.
            StillRunningError: it has not ended seconds after its grace.
        """
        with storage("stop", key):
            outcome = await _despite_a_move(lambda: self._stop(key, grace))
        never_started = outcome.reason is OutcomeReason.STOPPED and outcome.started_at is None
        return None if never_started else outcome

    async def forget(self, key: TaskKey) -> None:
        """Put the try among those that are done; one that is not over is left alone."""
        with storage("forget", key):
            await _despite_a_move(lambda: self._forget(key))

    async def settle(self, folder: TaskFolder) -> TaskOutcome | None:
        """Return the outcome; None while it runs, or while nobody has begun to execute it.

        A try whose supervisor is dead without an end is brought to one here: its processes are
        killed, and it is lost for good.
        """
        outcome = folder.outcome()
        claimed = None if outcome else folder.supervisor()
        if claimed is None or claimed.is_alive():
            return outcome
        if claimed.barred:
            folder.record(End(reason=OutcomeReason.STOPPED, finished_at=datetime.now(UTC)))
        elif folder.end() is None:  # it may have written it, and gone, since we looked
            await self._lose(folder, claimed)
        return folder.outcome()

    async def launch(self, folder: TaskFolder) -> TaskOutcome | None:
        """Have the try executed, unless it is already; the outcome if it is over before.

        Older tries of its object are ended and released first; a later one bars it. Its own folder
        must exist by then: of two that are launched at once one sees the other.
        """
        if folder.supervisor() is not None:
            return await self.settle(folder)
        if not await self._make_way(folder):
            folder.bar()
        elif not self.folders.is_released(folder):
            await asyncio.to_thread(self._spawn, folder)
        return await self.settle(folder)

    async def _start(self, task: Task, claim: Claim) -> TaskOutcome | None:
        folder = self.folders.find(task.key)
        if folder is None:
            await self._refuse_a_foreign_object(task.key)
            await asyncio.to_thread(self.folders.create, task, claim)
            folder = self._found(task.key)
        folder.hold(claim)  # first, so that an end from now on is reported to it
        return await self.settle(folder) or await self.launch(folder)

    async def _refuse_a_foreign_object(self, key: TaskKey) -> None:
        name = FolderName.of(key)
        for other, folder in self.folders.of_object(name):
            if other.run != name.run and await self.settle(folder) is None:
                message = f"start {key.namespace}/{key.name}: another run's is running"
                raise NotOursError(message)

    async def _make_way(self, folder: TaskFolder) -> bool:
        name = FolderName.of(folder.task().key)
        tries = [pair for pair in self.folders.of_object(name) if pair[0].run == name.run]
        since = _since(folder)
        if any(_is_later(other, since, name) for other in tries):
            return False
        tasks = [older.task() for _, older in tries]
        for task, (_, older) in zip(tasks, tries, strict=True):
            _tell_to_end(older, task.grace)  # all of them, before the first is waited for
        for task in tasks:
            await self.stop(task.key, task.grace)
            await self.forget(task.key)
        return True

    async def _stop(self, key: TaskKey, grace: timedelta) -> TaskOutcome:
        if self.folders.find(key) is None:
            await asyncio.to_thread(self.folders.create_barred, key)
        folder = self._found(key)
        _tell_to_end(folder, grace)  # before anything that waits: who waits may be cut short
        if outcome := await self.settle(folder):
            return outcome
        for pause in _pauses(grace + _KILLED_WITHIN):
            if outcome := await self.settle(folder):
                return outcome
            await asyncio.sleep(pause)
        message = f"stop {folder.path.name}: it still runs after {grace + _KILLED_WITHIN}"
        raise StillRunningError(message)

    async def _lose(self, folder: TaskFolder, claimed: SupervisorClaim) -> None:
        if claimed.owns_its_session():
            try:
                await asyncio.to_thread(supervisor.kill_session, claimed.pid)
            except TimeoutError as error:
                message = f"stop {folder.path.name}: {error}"
                raise StillRunningError(message) from error
        folder.record(
            End(
                reason=OutcomeReason.LOST,
                message=f"supervisor {claimed.pid} is gone without a word",
                started_at=claimed.claimed_at,
                finished_at=datetime.now(UTC),
            )
        )

    async def _forget(self, key: TaskKey) -> None:
        folder = self.folders.find(key)
        if folder is not None and folder.end() is not None:
            await asyncio.to_thread(self.folders.release, folder)

    def _found(self, key: TaskKey) -> TaskFolder:
        if (folder := self.folders.find(key)) is None:
            message = f"find {key.namespace}/{key.name}: its folder was removed"
            raise StorageUnavailableError(message)
        return folder

    def _spawn(self, folder: TaskFolder) -> None:
        """Return when a supervisor has claimed the try; it is not our child any more by then."""
        command = [sys.executable, "-I", "-S", supervisor.__file__, str(folder.path)]
        try:
            said = subprocess.run(  # noqa: S603 - our own script, and no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=self._environment,
                cwd="/",
                start_new_session=True,
                check=False,
            ).stderr
        except OSError as error:
            message = f"start the supervisor of {folder.path.name}: {error}"
            raise NotStartedError(message) from error
        if folder.supervisor() is None:
            last = said.decode(errors="replace").strip().rpartition("\n")[2]
            message = f"start the supervisor of {folder.path.name}: {last[:256] or 'it died'}"
            raise NotStartedError(message)


async def _despite_a_move(attempt: Callable[[], Awaitable[_Result]]) -> _Result:
    """Make the attempt, once more if the folder was moved: that happens once in a try's life."""
    try:
        return await attempt()
    except FileNotFoundError:
        return await attempt()


def _is_later(other: tuple[FolderName, TaskFolder], since: datetime, ours: FolderName) -> bool:
    """Return whether the try belongs after ours, which is claimed since then.

    Only one execution of a workflow is open: of two the one whose claim is later.
    """
    name, folder = other
    if name.execution == ours.execution:
        return name.order > ours.order
    return _since(folder) > since


def _since(folder: TaskFolder) -> datetime:
    """Return when the claim on the try was made; one that nobody claims is as old as can be."""
    claim = folder.claim()
    return claim.since if claim else _LONG_AGO


def _tell_to_end(folder: TaskFolder, grace: timedelta) -> None:
    if folder.end() is not None:
        return
    folder.request_stop(grace)
    folder.bar()
    claimed = folder.supervisor()
    if claimed is not None and claimed.is_to_signal():
        with suppress(ProcessLookupError):
            os.kill(claimed.pid, signal.SIGTERM)


def _pauses(total: timedelta) -> Iterator[float]:
    """Yield seconds to wait between looks, at first short, together as long as `total`."""
    pause, rest = _SHORTEST_PAUSE, total
    while rest > timedelta():
        yield pause.total_seconds()
        rest -= pause
        pause = min(pause * 3 / 2, _LONGEST_PAUSE)
