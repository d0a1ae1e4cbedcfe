"""Holds what a cluster has against Temporal: what ended there without a word, and what is stuck."""

import asyncio
import itertools
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable, Mapping
from datetime import timedelta
from typing import Final, Generic, NoReturn, TypeVar

from adapters.kubernetes.queue import WorkQueue
from runwright.errors import RefusedError, RunwrightError
from runwright.ports import Standings

_LOG: Final = logging.getLogger(__name__)
_ASKED_EACH_TIME: Final = 20
"""Open runs that are looked at in every sweep whatever Temporal lists, one after the other."""
_SWEEPS_PER_LISTING: Final = 10
K = TypeVar("K")


class Sweep(ABC, Generic[K]):
    """Compares, in every interval, what the cluster says of open runs with what Temporal says.

    Temporal's lists are hints where to look; what is written comes from looking at the run. What
    the runs are of, and what is to be said of them, is each system's own.
    """

    def __init__(self, subject: str, standings: Standings, interval: timedelta) -> None:
        self.queue = WorkQueue[K](subject, self.compare, at_once=8)
        self._standings = standings
        self._interval = interval.total_seconds()
        self._asked: set[K] = set()

    @property
    @abstractmethod
    def open_runs(self) -> Mapping[K, str]:
        """Return the ids of the workflows that should be open."""

    @abstractmethod
    async def synced(self) -> None:
        """Return once everything in the cluster is known."""

    @abstractmethod
    async def compare(self, name: K) -> None:
        """Look at one of them in Temporal, and do what has to be done."""

    @abstractmethod
    async def abandon_orphans(self, open_ids: Iterable[str]) -> None:
        """See to open workflows whose objects are gone."""

    async def run(self) -> NoReturn:
        """Sweep until cancelled."""
        await self.synced()
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self.queue.run())
            for number in itertools.count():
                try:
                    await self._sweep(is_full=number % _SWEEPS_PER_LISTING == 0)
                except RunwrightError as error:  # nothing of it must end all that is looked after
                    extra = {"action": "sweep_put_off"}
                    _LOG.warning("sweep put off: %s", error, extra=extra)
                await asyncio.sleep(self._interval)
        raise AssertionError  # the count has no end

    async def _sweep(self, *, is_full: bool) -> None:
        runs = dict(self.open_runs)
        suspects = set(self._some_of(runs))
        if runs:
            hints = await self._standings.in_trouble()
            suspects |= {name for name, workflow in runs.items() if workflow in hints}
        if is_full:
            open_ids = await self._standings.open_runs()
            suspects |= {name for name, workflow in runs.items() if workflow not in open_ids}
            await self.abandon_orphans(open_ids)
        for name in suspects:
            self.queue.add(name)

    async def _may_be_there(self, workflow: str, look: Awaitable[bool]) -> bool:
        """Return whether the object of a workflow is there, or nobody may say that it is not.

        Whoever takes a right back must not have the others wait, nor be taken for one who deleted.
        """
        try:
            return await look
        except RefusedError as error:
            extra = {"action": "orphan_let_be", "workflow_id": workflow}
            _LOG.warning("whether %s is an orphan is refused: %s", workflow, error, extra=extra)
            return True

    def _some_of(self, names: Iterable[K]) -> list[K]:
        """Return the next few names, so that in time every one has its turn."""
        rest = [name for name in names if name not in self._asked]
        chosen = rest[:_ASKED_EACH_TIME]
        self._asked = (self._asked & set(names)) | set(chosen) if chosen else set()
        return chosen
