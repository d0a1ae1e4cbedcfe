"""A worker of local tasks that dies at a seam, once.

`python -m tests.integration.doomed_worker ADDRESS QUEUE STATE [SEAM MARK]`: the first to come to
the seam leaves the file MARK and kills its own process; where MARK exists nobody dies any more.
"""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

from adapters.local.folder import TaskFolder
from adapters.local.folders import TaskFolders
from adapters.local.observer import LocalObserver
from adapters.local.processes import LocalProcesses
from adapters.local.watch import Pace
from adapters.temporal.completions import TemporalCompletions
from adapters.temporal.connection import connected
from runwright.errors import StorageUnavailableError
from runwright.models.tasks import Backend, Claim, Task, TaskKey, TaskOutcome
from runwright.ports import Answer
from runwright.worker import attend, worker_of
from workflows import policies

ADDRESS, QUEUE, STATE, SEAM, MARK = (*sys.argv[1:6], "", "")[:5]
RESYNC: Final = timedelta(milliseconds=200)


def pass_seam(seam: str) -> None:
    """Die here if this is the seam, and nobody died before."""
    if seam == SEAM and not Path(MARK).exists():
        Path(MARK).touch()
        os.kill(os.getpid(), signal.SIGKILL)


def fails_here(seam: str) -> bool:
    """Return whether this is the seam, for the first time."""
    if seam != SEAM or Path(MARK).exists():
        return False
    Path(MARK).touch()
    return True


class DoomedFolders(TaskFolders):
    """Folders with a seam before a try is put away."""

    def release(self, folder: TaskFolder) -> None:
        """Put the try away, if the worker lives to."""
        pass_seam("before forgetting")
        super().release(folder)


class DoomedProcesses(LocalProcesses):
    """Local processes with seams around starting and stopping."""

    async def start(self, task: Task, claim: Claim) -> TaskOutcome | None:
        """Start the task, if the worker lives to."""
        pass_seam("before the start")
        outcome = await super().start(task, claim)
        pass_seam("after the start")
        if fails_here("the start fails after it"):
            message = "start: the answer was lost"
            raise StorageUnavailableError(message)
        return outcome

    async def stop(self, key: TaskKey, grace: timedelta) -> TaskOutcome | None:
        """Stop the task, if the worker lives to."""
        pass_seam("before the stop")
        outcome = await super().stop(key, grace)
        pass_seam("after the stop")
        return outcome


class DoomedCompletions(TemporalCompletions):
    """Completions with seams around the report."""

    async def finish(self, claim: Claim, outcome: TaskOutcome) -> Answer:
        """Report the outcome, if the worker lives to."""
        pass_seam("before the report")
        answer = await super().finish(claim, outcome)
        pass_seam("after the report")
        return answer


async def main() -> None:
    """Serve until killed."""
    policies.START_WINDOW = timedelta(seconds=1)  # type: ignore[misc]  # a test cannot wait 30 s
    async with connected({"TEMPORAL_CONFIG_FILE": os.devnull}, address=ADDRESS) as client:
        runner = DoomedProcesses(Path(STATE))
        runner.folders = DoomedFolders(Path(STATE))
        observer = LocalObserver(runner, DoomedCompletions(client), pace=Pace(resync=RESYNC))
        worker = worker_of(client, QUEUE, {Backend.LOCAL: runner})
        await attend(worker, observer.run, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main())
