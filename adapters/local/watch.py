"""What the observer does for one open try: report its end, keep its claim alive."""

import asyncio
import logging
import zlib
from datetime import timedelta
from typing import Final, NamedTuple

from adapters.local.folder import TaskFolder
from adapters.local.outcomes import without_output
from adapters.local.processes import LocalProcesses
from runwright.errors import TransientError
from runwright.models.tasks import Claim, TaskOutcome
from runwright.ports import Answer, Completions

_LOG: Final = logging.getLogger(__name__)
_MOST_PAUSES: Final = 12


class Pace(NamedTuple):
    """How often the observer does what it does."""

    resync: timedelta = timedelta(seconds=5)
    """Between two looks at all tries."""
    beat: timedelta = timedelta(minutes=40)
    """Between two beats of a running try's claim."""
    pause: timedelta = timedelta(seconds=5)
    """Before a report that was not taken is repeated; twice as long each time, up to 12 times."""


class TryWatch:
    """One open try, from when the observer first sees it until it is done."""

    def __init__(
        self,
        folder: TaskFolder,
        runner: LocalProcesses,
        completions: Completions,
        pace: Pace,
    ) -> None:
        self._folder = folder
        self._runner = runner
        self._completions = completions
        self._beat = pace.beat.total_seconds()
        self._pause = pace.pause.total_seconds()
        # As far into the interval as the name says: the beats of many tries spread evenly.
        self._next_beat = _now() + self._beat * zlib.crc32(folder.path.name.encode()) / 2**32
        self._told: Claim | None = None
        self._put_off_until = 0.0
        self._pauses = 0
        self._was_unclaimed = False

    async def look(self) -> None:
        """Do what is due; never raises, for one bad folder must not end the work on the others."""
        try:
            await self._look()
        except FileNotFoundError:
            self._put_off()  # somebody else released it, or else the next look says more
        except (TransientError, OSError) as error:
            self._put_off()
            _LOG.warning("try put off: %s", error, extra=self._extra("try_put_off"))
        except Exception:  # whatever it is, the other tries go on, and this one is tried again
            self._put_off()
            _LOG.exception("try cannot be observed", extra=self._extra("try_unobservable"))

    async def _look(self) -> None:
        if _now() < self._put_off_until and self._folder.claim() == self._told:
            return
        if self._runner.folders.is_released(self._folder):
            await self._release()
            return
        outcome = await self._runner.settle(self._folder)
        if outcome is not None:
            await self._report(outcome)
        elif self._folder.supervisor() is None:
            await self._revive()
        elif _now() >= self._next_beat:
            await self._beat_once()

    async def _report(self, outcome: TaskOutcome) -> None:
        while (claim := self._folder.claim()) is not None:
            if claim == self._told and _now() < self._put_off_until:
                return
            self._told = claim
            if (await self._tell(claim, outcome)).is_final:
                break
            self._put_off()  # unless the claim changes: then it is told at once
        await self._release()  # without a claim nobody waits: it was stopped before it started
        _LOG.info("try ended: %s", outcome.reason, extra=self._extra("try_ended"))

    async def _tell(self, claim: Claim, outcome: TaskOutcome) -> Answer:
        try:
            return await self._completions.finish(claim, outcome)
        except (TransientError, OSError):
            raise
        except Exception:
            if not outcome.output:
                raise
            # It would be no better the next time, and the run would wait for ever.
            _LOG.exception("output cannot be reported", extra=self._extra("output_unreportable"))
            return await self._completions.finish(claim, without_output(outcome))

    async def _release(self) -> None:
        await asyncio.to_thread(self._runner.folders.release, self._folder)

    async def _revive(self) -> None:
        """Launch what nobody executes, once it has been so for two looks: its worker is gone."""
        if self._was_unclaimed:
            await self._runner.launch(self._folder)
        self._was_unclaimed = True

    async def _beat_once(self) -> None:
        self._next_beat = _now() + self._beat
        if claim := self._folder.claim():
            await self._completions.beat(claim, "running")

    def _put_off(self) -> None:
        self._pauses = min(self._pauses * 2 or 1, _MOST_PAUSES)
        self._put_off_until = _now() + self._pause * self._pauses

    def _extra(self, action: str) -> dict[str, str]:
        return {"action": action, "try": self._folder.path.name}


def _now() -> float:
    return asyncio.get_running_loop().time()
