"""Reports how local tasks ended to whoever claims them."""

import asyncio
import logging
from contextlib import suppress
from typing import Final

from adapters.local.bell import alone, listening
from adapters.local.folder import TaskFolder
from adapters.local.folders import discard_abandoned
from adapters.local.processes import LocalProcesses
from adapters.local.watch import Pace, TryWatch
from runwright.ports import Completions

_LOG: Final = logging.getLogger(__name__)
_DEFAULT: Final = Pace()


class LocalObserver:
    """The one observer of a state folder: it sees tasks end, and tells their claims.

    A try stays open until its end is recorded or nobody will ever ask. Supervisors announce an end
    through a named pipe; at every resync the folders themselves are looked at, which also finds
    tries whose supervisor died or never came. Claims of running tries get their beats.
    """

    def __init__(
        self,
        runner: LocalProcesses,
        completions: Completions,
        pace: Pace = _DEFAULT,
        at_once: int = 32,
    ) -> None:
        self._runner = runner
        self._completions = completions
        self._pace = pace
        self._slots = asyncio.Semaphore(at_once)
        self._watches: dict[str, TryWatch] = {}
        self._busy: set[str] = set()
        self._rung_meanwhile: set[str] = set()

    async def run(self) -> None:
        """Observe until cancelled; while another observer has the folder, wait for it."""
        while True:
            try:
                await self._observe()
            except* OSError as errors:
                extra = {"action": "observer_put_off"}
                _LOG.warning("state folder cannot be observed: %s", errors.exceptions, extra=extra)
            await asyncio.sleep(self._pace.resync.total_seconds())

    async def _observe(self) -> None:
        folders = self._runner.folders
        folders.prepare()
        async with alone(folders.observer_lock, self._pace.resync), asyncio.TaskGroup() as looks:
            discard_abandoned(folders.drafts)
            with listening(folders.bell) as rung:
                while True:
                    self._look_at_all(looks)
                    await self._answer_until_resync(rung, looks)

    async def _answer_until_resync(
        self, rung: asyncio.Queue[str], looks: asyncio.TaskGroup
    ) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.resync.total_seconds()):
                while True:
                    if folder := self._runner.folders.opened_as(await rung.get()):
                        self._attend(folder, looks, rung=True)

    def _look_at_all(self, looks: asyncio.TaskGroup) -> None:
        opened = {folder.path.name: folder for folder in self._runner.folders.opened()}
        self._watches = {name: w for name, w in self._watches.items() if name in opened}
        for folder in opened.values():
            self._attend(folder, looks)

    def _attend(self, folder: TaskFolder, looks: asyncio.TaskGroup, *, rung: bool = False) -> None:
        name = folder.path.name
        if name not in self._busy:
            self._busy.add(name)
            looks.create_task(self._look(folder))
        elif rung:  # the look under way may have seen it running
            self._rung_meanwhile.add(name)

    async def _look(self, folder: TaskFolder) -> None:
        name = folder.path.name
        watch = self._watches.get(name)
        if watch is None:
            watch = TryWatch(folder, self._runner, self._completions, self._pace)
            self._watches[name] = watch
        try:
            async with self._slots:
                await watch.look()
                while name in self._rung_meanwhile:
                    self._rung_meanwhile.discard(name)
                    await watch.look()
        finally:
            self._busy.discard(name)
