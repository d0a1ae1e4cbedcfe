"""What the demo plays on: a server, a worker that can be killed, and a folder, all of its own."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from adapters.local.folder import TaskFolder
from adapters.local.folders import TaskFolders
from adapters.local.processes import LocalProcesses
from adapters.temporal.server import Addresses, Server, serving
from runwright.errors import RunwrightError, TemporalUnavailableError
from workflows.presentation import SEARCH_ATTRIBUTES

_GONE_WITHIN: Final = 5.0
_LAST_OF_A_LOG: Final = 600
"""Characters."""
_T = TypeVar("_T")


class Stage:
    """The folder, the server, and the worker process of one demo."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.server = server
        self.journal = folder / "journal"
        """To which every task appends a line when it begins."""
        self._state = folder / "state"
        self._log = folder / "worker.log"
        self._worker: asyncio.subprocess.Process | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that lead commands here, whatever the user's own say."""
        ours = ("RUNWRIGHT_", "TEMPORAL_")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
        beside_python = str(Path(sys.executable).parent)
        return {
            **kept,
            "PATH": f"{beside_python}{os.pathsep}{kept.get('PATH', os.defpath)}",
            "RUNWRIGHT_STATE": str(self._state),
            "TEMPORAL_ADDRESS": self.server.grpc,
            "TEMPORAL_CONFIG_FILE": os.devnull,
        }

    async def start_worker(self) -> int:
        """Start a worker and return its pid."""
        with self._log.open("ab") as log:
            self._worker = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "runwright", "worker"),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the demo, which then ends its worker
            )
        return self._worker.pid

    async def while_worker_lives(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Return what the work comes to.

        Raises:
            TemporalUnavailableError: the worker ended meanwhile.
        """
        working, dying = asyncio.create_task(work), asyncio.create_task(self._worker_ended())
        try:
            await asyncio.wait([working, dying], return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise dying.result()
            return working.result()
        finally:
            working.cancel()
            dying.cancel()
            await asyncio.gather(working, dying, return_exceptions=True)

    async def _worker_ended(self) -> TemporalUnavailableError:
        if self._worker is not None:
            await self._worker.wait()
        said = self._log.read_text(errors="replace")[-_LAST_OF_A_LOG:]
        return TemporalUnavailableError(f"the worker ended; the last that it said:\n{said}")

    async def kill_worker(self) -> None:
        """Kill the worker with all that is its own; tasks are not."""
        if self._worker is not None and self._worker.returncode is None:
            os.killpg(self._worker.pid, signal.SIGKILL)
            await self._worker.wait()

    def journaled(self, step: str) -> list[int]:
        """Return the pids of the tasks that a step began, in order; more than one is a repeat."""
        with suppress(FileNotFoundError):
            lines = map(str.split, self.journal.read_text().splitlines())
            return [int(words[-1].removeprefix("pid=")) for words in lines if words[1] == step]
        return []

    def said(self, step: str) -> list[str]:
        """Return the lines that the latest running task of a step wrote so far."""
        for folder in TaskFolders(self._state).opened():
            with suppress(OSError, RunwrightError):
                if folder.task().key.name.endswith(step):
                    return folder.log.read_text(errors="replace").splitlines()
        return []

    async def clear(self) -> None:
        """End the worker and every task."""
        await self.kill_worker()
        runner = LocalProcesses(self._state)
        for folder in runner.folders.opened():
            with suppress(RunwrightError, OSError):
                await runner.stop(folder.task().key, timedelta())
                await _gone(folder)


async def _gone(folder: TaskFolder) -> None:
    """Wait for a supervisor that has written how its task ended to be gone."""
    claim = folder.supervisor()
    with suppress(TimeoutError):
        async with asyncio.timeout(_GONE_WITHIN):
            while claim is not None and claim.is_alive():  # noqa: ASYNC110 - nobody's child here
                await asyncio.sleep(0.01)


@asynccontextmanager
async def stage() -> AsyncGenerator[Stage]:
    """Set the stage, and leave nothing of it behind: no process, no file.

    Raises:
        RefusedError: there is no Temporal to run.
        TemporalUnavailableError: the server does not come up.
        OSError: there is no place for temporary files.
    """
    folder = Path(tempfile.mkdtemp(prefix="runwright-demo-"))
    try:
        async with serving(folder, Addresses(0, 0), SEARCH_ATTRIBUTES) as server:
            set_up = Stage(folder, server)
            try:
                yield set_up
            finally:
                await set_up.clear()
                server.kill()  # nothing in it is worth an orderly end
    finally:
        await _removed(folder)


async def _removed(folder: Path) -> None:
    """Remove a folder in which a supervisor that only now begins may still leave something."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_GONE_WITHIN):
            while folder.exists():  # noqa: ASYNC240 - nobody else waits
                shutil.rmtree(folder, ignore_errors=True)
                await asyncio.sleep(0.01)
