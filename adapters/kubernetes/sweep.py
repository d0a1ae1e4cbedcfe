"""Holds what a cluster has against Temporal: what ended there without a word, and what is stuck."""

import asyncio
import itertools
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final, Generic, NoReturn, TypeVar

from adapters.kubernetes.queue import WorkQueue
from runwright.errors import PermanentError, RunwrightError
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
        self.orphans = WorkQueue[str]("orphan", self._see_to, at_once=8)
        """Open workflows whose objects are not known."""
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
    def unknown(self, open_ids: Iterable[str]) -> Iterable[str]:
        """Return which of these workflows are of objects that should be known, and are not."""

    @abstractmethod
    async def abandon_if_gone(self, workflow: str) -> None:
        """See to an open workflow whose object is not known, if it is gone."""

    async def run(self) -> NoReturn:
        """Sweep until cancelled."""
        await self.synced()
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self.queue.run())
            parts.create_task(self.orphans.run())
            for number in itertools.count():
                try:
                    await self._sweep(is_full=number % _SWEEPS_PER_LISTING == 0)
                except RunwrightError as error:
                    extra = {"action": "sweep_put_off"}
                    _LOG.warning("sweep put off: %s", error, extra=extra)
                except Exception:  # nothing of it must end all else that is looked after
                    _LOG.exception("sweep failed", extra={"action": "sweep_failed"})
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
            for workflow in self.unknown(open_ids):
                self.orphans.add(workflow)
        for name in suspects:
            self.queue.add(name)

    async def _see_to(self, workflow: str) -> None:
        """See to an orphan; one that may not be seen waits for the next full sweep."""
        try:
            await self.abandon_if_gone(workflow)
        except PermanentError as error:
            extra = {"action": "orphan_let_be", "workflow_id": workflow}
            _LOG.warning("orphan let be: %s", error, extra=extra)

    def _some_of(self, names: Iterable[K]) -> list[K]:
        """Return the next few names, so that in time every one has its turn."""
        rest = [name for name in names if name not in self._asked]
        chosen = rest[:_ASKED_EACH_TIME]
        self._asked = (self._asked & set(names)) | set(chosen) if chosen else set()
        return chosen
