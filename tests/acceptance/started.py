"""Commands as a user starts them: processes whose lines can be waited for."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import psutil

ANSWERS_WITHIN = 60.0


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a user who has nothing but `folder`."""
    return {
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "RUNWRIGHT_STATE": str(folder / "state"),
        "TEMPORAL_CONFIG_FILE": os.devnull,
        "TMPDIR": str(folder),
        **more,
    }


class Started:
    """A command that runs; what it writes to standard output and standard error is one text."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def said(self, pattern: str) -> re.Match[str]:
        """Return the match of the first line from now on that has the pattern in it."""
        async with asyncio.timeout(ANSWERS_WITHIN):
            while line := await self._line():
                if match := re.search(pattern, line):
                    return match
        message = f"it never said {pattern!r}, but:\n{self.text}"
        raise AssertionError(message)

    async def ended(self) -> int:
        """Return the exit status, having read all that it says."""
        async with asyncio.timeout(ANSWERS_WITHIN):
            while await self._line():
                pass
            return await self.process.wait()

    async def stopped(self, number: signal.Signals) -> int:
        """Send it a signal, and return its exit status."""
        self.process.send_signal(number)
        return await self.ended()

    async def answer(self, line: str) -> None:
        """Write to its standard input."""
        assert self.process.stdin
        self.process.stdin.write(line.encode())
        await self.process.stdin.drain()

    @property
    def text(self) -> str:
        """Return all that it has said so far."""
        return "".join(self.lines)

    async def _line(self) -> str:
        assert self.process.stdout
        line = (await self.process.stdout.readline()).decode()
        if line:
            self.lines.append(line)
        return line


@asynccontextmanager
async def started(
    *command: str, environ: Mapping[str, str], stdin: bool = False
) -> AsyncGenerator[Started]:
    """Run the command for as long as the block, and kill it if it is still there then."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environ,
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    command_under_way = Started(process)
    try:
        yield command_under_way
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await command_under_way.ended()


def runwright(*arguments: str, environ: Mapping[str, str]) -> AbstractAsyncContextManager[Started]:
    """Run a command of ours for as long as the block."""
    return started(sys.executable, "-m", "runwright", *arguments, environ=environ)


async def outcome(*arguments: str, environ: Mapping[str, str]) -> tuple[int, str]:
    """Return exit status and text of a command of ours that ends by itself."""
    async with runwright(*arguments, environ=environ) as command:
        return await command.ended(), command.text


def processes_of(folder: Path) -> list[psutil.Process]:
    """Return the processes that were started with the folder in their environment or arguments."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = (*process.cmdline(), *process.environ().values())
            if any(str(folder) in word for word in words):
                found.append(process)
    return found
