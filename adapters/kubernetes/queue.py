"""Names to be looked at: each by one at a time, and again when something happened meanwhile."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, Generic, NoReturn, TypeVar

from runwright.errors import ConflictError, TransientError

_LOG: Final = logging.getLogger(__name__)
_SHORTEST_PAUSE: Final = timedelta(milliseconds=500)
_LONGEST_PAUSE: Final = 60.0
K = TypeVar("K")


class WorkQueue(Generic[K]):
    """Calls `look` for every name that is added; one that fails is looked at again, ever later.

    Names may be added before it runs. What is true is for `look` to find out: a name says only
    that it may have changed.
    """

    def __init__(
        self,
        subject: str,
        look: Callable[[K], Awaitable[None]],
        at_once: int = 32,
        *,
        pause: timedelta = _SHORTEST_PAUSE,
    ) -> None:
        """Make one; `subject` is what its names are of, `pause` what follows a first failure."""
        self._subject = subject
        self._look = look
        self._pause = pause.total_seconds()
        self._slots = asyncio.Semaphore(at_once)
        self._names: asyncio.Queue[K] = asyncio.Queue()
        self._busy: set[K] = set()
        """Those that wait for their turn, and those that are being looked at."""
        self._again: set[K] = set()
        self._pauses: dict[K, float] = {}
        self._due: dict[K, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._busy)

    def add(self, name: K) -> None:
        """Have the name looked at now, or once more if it is being looked at."""
        if name in self._busy:
            self._again.add(name)
        else:
            self._busy.add(name)
            self._names.put_nowait(name)

    def add_after(self, name: K, seconds: float) -> None:
        """Have the name looked at then; of several times the earliest counts."""
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        due = self._due.get(name)
        if due is not None:
            if due.when() <= at:
                return
            due.cancel()
        self._due[name] = loop.call_at(at, self._is_due, name)

    def forget(self, name: K) -> None:
        """Drop what was put off for the name."""
        self._pauses.pop(name, None)
        if due := self._due.pop(name, None):
            due.cancel()

    async def run(self) -> NoReturn:
        """Look until cancelled."""
        try:
            async with asyncio.TaskGroup() as looks:
                while True:
                    name = await self._names.get()
                    looks.create_task(self._attend(name))
        finally:
            for due in self._due.values():
                due.cancel()

    def _is_due(self, name: K) -> None:
        self._due.pop(name, None)
        self.add(name)

    async def _attend(self, name: K) -> None:
        try:
            async with self._slots:
                await self._look_until_quiet(name)
        finally:
            self._busy.discard(name)

    async def _look_until_quiet(self, name: K) -> None:
        while True:
            self._again.discard(name)
            try:
                await self._look(name)
                self._pauses.pop(name, None)
            except ConflictError:
                self.add_after(name, self._pause)  # changed since it was read: look anew
            except TransientError as error:
                extra = {"action": "look_put_off", self._subject: str(name)}
                _LOG.warning("%s put off: %s", self._subject, error, extra=extra)
                self._put_off(name)
            except Exception:  # whatever it is, the others go on, and this one is tried again
                extra = {"action": "look_failed", self._subject: str(name)}
                _LOG.exception("%s cannot be attended to", self._subject, extra=extra)
                self._put_off(name)
            if name not in self._again:
                return

    def _put_off(self, name: K) -> None:
        pause = self._pauses.get(name, self._pause)
        self._pauses[name] = min(pause * 2, _LONGEST_PAUSE)
        self.add_after(name, pause)
