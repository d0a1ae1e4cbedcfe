"""How supervisors tell the observer which try is over, and how there is only one observer."""

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path


@contextmanager
def listening(bell: Path) -> Generator[asyncio.Queue[str]]:
    """Yield a queue of what is written to the named pipe, line by line; make it if it is not there.

    Raises:
        OSError: it cannot be made or opened.
    """
    with suppress(FileExistsError):
        os.mkfifo(bell, 0o600)
    # For writing too: with nobody at the other end it would be readable for ever.
    descriptor = os.open(bell, os.O_RDWR | os.O_NONBLOCK)
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in os.read(descriptor, 65_536).decode(errors="replace").split():
            lines.put_nowait(line)

    loop.add_reader(descriptor, read)
    try:
        yield lines
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


@asynccontextmanager
async def alone(lock: Path, look_again: timedelta) -> AsyncGenerator[None]:
    """Hold the lock, having waited for who holds it; the system frees it when a holder dies.

    Raises:
        OSError: the lock's file cannot be opened.
    """
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _locked(descriptor):  # noqa: ASYNC110 - another process has it, no event tells
            await asyncio.sleep(look_again.total_seconds())
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
