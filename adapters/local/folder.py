"""The folder of one try of a local task, and what is written in it."""

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, Field, ValidationError

from adapters.local import supervisor
from adapters.local.outcomes import End, OutputFile, judge
from runwright.errors import NotOursError, StorageUnavailableError
from runwright.models.base import WireModel
from runwright.models.durations import format_duration
from runwright.models.tasks import Claim, OutcomeReason, TaskKey, TaskOutcome

_Model = TypeVar("_Model", bound=BaseModel)


class _NoLocksError(Exception):
    """The disk does not know locks, or not now."""


class SupervisorClaim(WireModel):
    """Which process executes a try; none where the try was barred from starting."""

    barred: bool = False
    pid: int = 0
    process_start: str = ""
    boot_id: str = ""
    pid_namespace: str = ""
    claimed_at: datetime | None = None
    locked: bool = False
    """Whether the supervisor holds a lock on this file as long as it lives."""
    file: Path = Field(default=Path(), exclude=True)
    """Where this was read."""

    def is_alive(self) -> bool:
        """Return whether that very process lives.

        The lock says so across containers; without one only the processes seen from here are found.
        """
        if self.barred:
            return False
        if self.locked:
            with suppress(_NoLocksError):
                return _is_locked(self.file)
        return self._is_of_this_boot() and supervisor.process_start(self.pid) == self.process_start

    def is_to_signal(self) -> bool:
        """Return whether the number is that very process's here, so that it can be signalled."""
        return self._is_in_sight() and supervisor.process_start(self.pid) == self.process_start

    def owns_its_session(self) -> bool:
        """Return whether the session of the pid can only be this supervisor's.

        No new process gets a pid while a session of that number has members: so either the number
        is still this supervisor's, or a later process has it and the session had become empty.
        """
        start = supervisor.process_start(self.pid)
        return self._is_in_sight() and start in {None, self.process_start}

    def _is_in_sight(self) -> bool:
        return self._is_of_this_boot() and self.pid_namespace == supervisor.pid_namespace()

    def _is_of_this_boot(self) -> bool:
        return self.pid > 0 and self.boot_id == supervisor.boot_id()


class StoredTask(WireModel):
    """What `task.json` says; of a try that was stopped before it started only the key."""

    key: TaskKey
    timeout: timedelta = timedelta()
    grace: timedelta = timedelta()
    max_output: int = 0


class TaskFolder:
    """The folder of one try.

    Methods raise OSError as it comes, FileNotFoundError when the folder was moved meanwhile, which
    happens once, and StorageUnavailableError for a file that is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def log(self) -> Path:
        """Where the task's standard output and standard error go."""
        return self.path / "log"

    def task(self) -> StoredTask:
        """Return the task as far as the worker needs it.

        Raises:
            NotOursError: this is not a task's folder.
        """
        try:
            return StoredTask.model_validate_json((self.path / "task.json").read_bytes())
        except (FileNotFoundError, ValidationError) as error:
            self._check_in_place()
            message = f"{self.path} holds no task of ours"
            raise NotOursError(message) from error

    def claim(self) -> Claim | None:
        """Return who is to be told how the try ended, if anybody."""
        return self._read("claim.json", Claim)

    def hold(self, claim: Claim) -> None:
        """Make this the claim on the try, unless the one it has is as late."""
        with _locked(self.path):
            held = self._held()
            if held is None or held.since < claim.since:
                self._replace("claim.json", claim.model_dump_json(by_alias=True))

    def supervisor(self) -> SupervisorClaim | None:
        """Return the exclusive claim of the process that executes the try, if there is one."""
        claimed = self._read("supervisor.json", SupervisorClaim)
        return claimed and claimed.model_copy(update={"file": self.path / "supervisor.json"})

    def bar(self) -> None:
        """Take the supervisor's place, so that none will execute the try, if it is free."""
        supervisor.write_once(str(self.path / "supervisor.json"), {"barred": True})

    def request_stop(self, grace: timedelta) -> None:
        """Write down that the task shall end; the supervisor looks often, and when signalled."""
        self._replace("stop.json", f'{{"grace": {max(grace.total_seconds(), 0)}}}')

    def end(self) -> End | None:
        """Return how it ended, if it is over."""
        return self._read("end.json", End)

    def record(self, end: End) -> None:
        """Write how it ended, unless that is written."""
        supervisor.write_once(
            str(self.path / "end.json"), end.model_dump(mode="json", by_alias=True)
        )

    def outcome(self) -> TaskOutcome | None:
        """Return the outcome, by the exit and by what the task wrote; None while it runs."""
        end = self.end()
        if end is None:
            return None
        if end.reason is OutcomeReason.COMPLETED:
            max_output = self.task().max_output
            return judge(end, self._output(max_output), max_output)
        if end.reason is OutcomeReason.TIMED_OUT:
            message = f"did not end within {format_duration(self.task().timeout)}"
            end = end.model_copy(update={"message": message})
        return judge(end, None, 0)

    def _output(self, max_output: int) -> OutputFile | None:
        """Return what the task wrote, never more than is allowed, never from a pipe or a link."""
        path = self.path / "output.json"
        try:
            found = path.lstat()
            if not stat.S_ISREG(found.st_mode):
                return OutputFile(0, b"", is_readable=False)
            with path.open("rb") as file:
                return OutputFile(found.st_size, file.read(max_output + 1))
        except FileNotFoundError:
            self._check_in_place()
            return None
        except PermissionError:
            return OutputFile(0, b"", is_readable=False)

    def _check_in_place(self) -> None:
        """Tell a file that is not there from a folder that is elsewhere by now."""
        if not self.path.exists():
            raise FileNotFoundError(errno.ENOENT, "no such try here", str(self.path))

    def _held(self) -> Claim | None:
        with suppress(StorageUnavailableError):  # a damaged claim holds nothing
            return self.claim()
        return None

    def _replace(self, name: str, content: str) -> None:
        with tempfile.NamedTemporaryFile(dir=self.path, prefix=".", delete=False) as draft:
            path = Path(draft.name)
            try:
                draft.write(content.encode())
                draft.flush()
                os.fsync(draft.fileno())
                path.replace(self.path / name)
            except OSError:
                path.unlink(missing_ok=True)
                raise

    def _read(self, name: str, model: type[_Model]) -> _Model | None:
        path = self.path / name
        try:
            return model.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            self._check_in_place()
            return None
        except ValidationError as error:
            message = f"read {path}: it is damaged"
            raise StorageUnavailableError(message) from error


@contextmanager
def _locked(folder: Path) -> Generator[None]:
    """Hold the folder against other workers, for the moment that a comparison takes."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_locked(file: Path) -> bool:
    """Return whether a process holds a lock on the file; a file that was moved is let go soon."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # Shared: two who look at once must not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        raise _NoLocksError from error
    finally:
        os.close(descriptor)
    return False
