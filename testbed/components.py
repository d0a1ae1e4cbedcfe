"""One program of the testbed, whoever started it."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import psutil

from testbed.commands import search_path
from testbed.errors import UnavailableError
from testbed.layout import state_folder
from testbed.processes import has_ended, wait_for_end
from testbed.waiting import until

_STARTS_WITHIN: Final = 60.0
_STOPS_WITHIN: Final = 15.0
_LOG_LINES: Final = 15
_STANDARD_ERROR: Final = 2


def _needs_no_wait() -> bool:
    return True


class Component:
    """A program in a process group of its own, known by files, so that any process can end it.

    `answers` tells whether it does its work; where nobody can be asked, it does so at once.
    """

    def __init__(self, name: str, answers: Callable[[], bool] = _needs_no_wait) -> None:
        self.name = name
        self._answers = answers

    @property
    def log(self) -> Path:
        """Return the file with all that it printed, over all its starts."""
        return _folder() / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """Return its process id while it runs."""
        process = self._process()
        return process.pid if process else None

    @property
    def is_well(self) -> bool:
        """Return whether it runs and answers."""
        return self._process() is not None and self._answers()

    def set_up(self, *command: str | Path) -> Self:
        """Note how it is started, from now on."""
        _folder().mkdir(exist_ok=True)
        self._command.write_text(json.dumps(list(map(str, command))))
        return self

    def spawn(self) -> None:
        """Start it, unless it runs, and do not wait."""
        if self._process() is None:
            pid = _spawned(json.loads(self._command.read_text()), self.log)
            started = psutil.Process(pid).create_time()
            self._note.write_text(json.dumps({"pid": pid, "started": started}))

    def start(self) -> None:
        """Start it, unless it runs, and wait until it answers.

        Raises:
            UnavailableError: it ended, or does not answer; with the end of its log.
        """
        self.spawn()
        self.wait()

    def wait(self) -> None:
        """Wait until it answers.

        Raises:
            UnavailableError: it ended, or does not answer; with the end of its log.
        """
        try:
            until(self._answers_or_ended, _STARTS_WITHIN, f"start {self.name}")
            if self._process() is None:
                message = f"start {self.name}: it ended"
                raise UnavailableError(message)
        except UnavailableError as error:
            message = f"{error}; the end of {self.log}:\n{self.last_words()}"
            raise UnavailableError(message) from error

    def stop(self) -> None:
        """Ask it to end, and wait; kill it when it takes too long."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._end(signal.SIGKILL)

    def last_words(self) -> str:
        """Return the last lines of its log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_LOG_LINES:])

    def _end(self, number: signal.Signals) -> None:
        process = self._process()
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            wait_for_end([process], _STOPS_WITHIN)
        except UnavailableError:
            if number is signal.SIGKILL:
                raise
            self._end(signal.SIGKILL)

    def _answers_or_ended(self) -> bool:
        return self._process() is None or self._answers()

    def _process(self) -> psutil.Process | None:
        # A process id is used again, also after a reboot: the time of its start tells.
        try:
            note = json.loads(self._note.read_text())
            process = psutil.Process(note["pid"])
        except (FileNotFoundError, psutil.NoSuchProcess):
            return None
        is_same = abs(process.create_time() - note["started"]) < 1
        return process if is_same and not has_ended(process) else None

    @property
    def _command(self) -> Path:
        return _folder() / f"{self.name}.command"

    @property
    def _note(self) -> Path:
        return _folder() / f"{self.name}.process"


def _folder() -> Path:
    return state_folder() / "components"


def _spawned(command: list[str], log: Path) -> int:
    appended = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawn(
        command[0],
        command,
        {"PATH": search_path()},  # no more: etcd, proxies and others take orders from variables
        file_actions=(
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), appended, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            *((os.POSIX_SPAWN_CLOSE, number) for number in _inherited()),
        ),
        setsid=True,
    )


def _inherited() -> Iterator[int]:
    """Yield what whoever started us left open, such as a lock: a program would go on holding it."""
    numbers = [int(open_.name) for open_ in Path("/dev/fd").iterdir()]
    for number in numbers:
        with suppress(OSError):  # what they were listed with is closed by now
            if number > _STANDARD_ERROR and os.get_inheritable(number):
                yield number
