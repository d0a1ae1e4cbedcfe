"""Ending on Ctrl-C, on TERM, and when the terminal goes."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SIGNALLED: Final = 128
"""What a shell adds to the number of a signal that ended a process."""


class Stop(asyncio.Event):
    """Set by the first signal; the second ends the process at once."""

    def __init__(self) -> None:
        super().__init__()
        self._at_once: list[Callable[[], None]] = []

    def at_once(self, action: Callable[[], None]) -> None:
        """Have the action done before the process ends at once; it must not wait for anything."""
        self._at_once.append(action)

    def receive(self, number: int) -> None:
        """Take one signal."""
        if not self.is_set():
            self.set()
            return
        for action in self._at_once:
            action()
        sys.stdout.flush()
        os._exit(_SIGNALLED + number)


@contextmanager
def stopping() -> Generator[Stop]:
    """Give what the signals set, until the block is left."""
    stop = Stop()
    with _received(stop.receive):
        yield stop


async def unless_signalled(work: Coroutine[Any, Any, int]) -> int:
    """Return the exit status that the work comes to; the first signal cancels the work.

    Further signals change nothing, so that the work can clean up behind itself.
    """
    task, signals = asyncio.create_task(work), list[int]()

    def receive(number: int) -> None:
        signals.append(number)
        if len(signals) == 1:
            task.cancel()

    with _received(receive):
        try:
            return await task
        except asyncio.CancelledError:
            if not signals:
                raise
            return _SIGNALLED + signals[0]


@contextmanager
def _received(receive: Callable[[int], None]) -> Generator[None]:
    loop = asyncio.get_running_loop()
    # Under nohup the terminal may go.
    ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else set[int]()
    heeded = [each for each in _SIGNALS if each not in ignored]
    for number in heeded:
        loop.add_signal_handler(number, receive, number)
    try:
        yield
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)
