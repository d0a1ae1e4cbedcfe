"""What a run shows, to whoever looks at it, and when."""

from collections.abc import Iterable
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from runwright.models.history import History, Transition
    from runwright.models.tasks import TaskNote
    from runwright.rules.history import Trail, When

_QUIET_TURNS: Final = 4
"""More than lie between the end of a step and what that sets off."""


class Changes:
    """Counts the changes of what a run shows, keeps its history, and shows both in time.

    A workflow of any system derives from it, and says by `_present` and `_mirrored` how it is
    shown.
    """

    def __init__(self, activation: int, carried: History) -> None:
        self._activation = activation
        self._trail = Trail(carried)
        self._is_over = False
        self._revision = 0
        """Counts the changes of everything that a run shows."""
        self._shown_up_to = 0
        """The revision that the cluster shows."""

    def _present(self) -> None:
        """Show the run in the Temporal UI."""
        raise NotImplementedError

    async def _mirrored(self) -> int:
        """Show the run as it is now in the cluster, and return its revision."""
        raise NotImplementedError

    async def _something_changes(self) -> None:
        seen = self._revision
        await workflow.wait_condition(lambda: self._revision != seen)

    def _note_change(self, _cause: object = None) -> None:
        self._revision += 1

    def _when(self) -> When:
        return When(workflow.now(), self._activation)

    def _record(self, transitions: Iterable[Transition]) -> None:
        """Keep in the history what changes just now: whatever sets a part of the state does."""
        self._trail.add(transitions)

    async def _keep_presented(self) -> None:
        while True:
            self._present()
            await self._something_changes()

    async def _keep_mirrored(self) -> None:
        """Show the latest state in the cluster, until the run is over."""
        while not self._is_over:
            self._shown_up_to = await self._mirrored()
            await workflow.wait_condition(lambda: self._revision != self._shown_up_to)
            await self._all_is_quiet()

    async def _all_is_quiet(self) -> None:
        """Return when nothing changes any more at this moment of the run.

        The end of one step and the start of the next are one write, and the end of the last step
        is the run's.
        """
        quiet, seen = 0, self._revision
        while quiet < _QUIET_TURNS:
            await workflow.wait_condition(lambda: True)  # one turn of everything that can go on
            quiet = quiet + 1 if self._revision == seen else 0
            seen = self._revision


class TaskNotes:
    """Takes what is said of tasks that do not get on; a workflow that runs tasks derives from it.

    Whoever observes the tasks sends it: as a signal, for that is not to wait for a worker.
    """

    @workflow.signal(name="note_task", description="Why a task does not get on.")
    def note_task(self, note: TaskNote) -> None:
        """Show why a running task does not get on, or that it does again."""
        self._take_note(note)

    def _take_note(self, note: TaskNote) -> None:
        raise NotImplementedError
