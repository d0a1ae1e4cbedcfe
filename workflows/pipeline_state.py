"""What is known of a run of a parent's pipelines, and where it is shown."""

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from temporalio import workflow

from runwright.models.history import History
from runwright.models.kratix import (
    ParentState,
    PipelinesState,
    Seen,
    StartPipelines,
    Trigger,
)
from runwright.models.runs import Cancelled, CancelRun
from runwright.models.tasks import Diagnosis, TaskKey, TaskNote
from runwright.rules import history as shared_history
from runwright.rules.diagnoses import told
from runwright.rules.kratix import progress, run_history, tasks
from runwright.rules.kratix.hindrances import advised, cannot_start
from runwright.rules.kratix.run_details import run_details, run_phase
from runwright.rules.kratix.runs import Point, RunEnd
from runwright.rules.kratix.updates import Shown, update_of
from runwright.rules.wording import excerpt
from workflows.alarms import Alarms
from workflows.changes import Changes, TaskNotes
from workflows.mirroring import Mirror
from workflows.parent_attributes import identity_of
from workflows.presentation import Presentation

_KIND: Final = "Pipelines"
_SWIFT: Final = timedelta(seconds=1)
"""The Job of the next pipeline is made by then, or the end of the last is shown alone."""
_MAKES_WAY: Final = "ends-what-cannot-start-for-the-next-run"
_KEEPS_WHAT_RAN: Final = "later-refusal-keeps-what-ran"
"""The mark of runs that do so: the first ones began to count anew with every Job refused."""


class RunState(Changes, TaskNotes):
    """The state of a run: what changes it, and all that shows it."""

    def __init__(self, start: StartPipelines) -> None:
        super().__init__(start.number, History())
        self._start = start
        self._parent = start.plan.parent
        self._state = start.state
        self._seen = start.plan.seen
        self._started_at = workflow.now()
        self._finished_at: datetime | None = None
        self._end: RunEnd | None = None
        self._cancelled: Cancelled | None = None
        self._current: int | None = None
        """The position of the pipeline that it is at."""
        self._key: TaskKey | None = None
        """Of the task of that one, until it is over."""
        self._has_begun = False
        """Whether the Job of that one is made."""
        self._diagnosis: Diagnosis | None = None
        self._is_handing_over = False
        """Whether a pipeline is over, and the Job of the next one is about to be made."""
        self._makes_way = False
        """Whether what runs is ended for a run that would wait for it: nothing of it can start."""
        self._alarms = Alarms()
        shown = Shown(self._parent, start.policy.compat, start.state)
        self._mirror = Mirror[ParentState](partial(update_of, shown), at_once=True)
        identity = identity_of(self._parent, start.cluster)
        self._presentation = Presentation(identity._replace(kind=_KIND))
        self._record([run_history.of_start(start, self._when())])

    @workflow.signal(name="see", description="How the cluster has the parent.")
    def see(self, seen: Seen) -> None:
        """Heed how the parent was seen, unless it was seen later already."""
        if not seen.is_older_than(self._seen):
            self._seen = seen
            self._note_change()

    @workflow.signal(name="cancel", description="Stop what runs and close the run as cancelled.")
    def cancel(self, request: CancelRun) -> None:
        """Cancel the run; the first one to ask decides the grace."""
        if not self._is_over and self._cancelled is None:
            self._note_cancel(request)

    @workflow.query(description="Everything that is known of the run.")
    def state(self) -> PipelinesState:
        """Return everything that is known of the run."""
        return self._known().model_copy(update={"history": self._trail.history()})

    def _known(self) -> PipelinesState:
        """Return the state without the history, of which nothing is shown while it grows."""
        plan, current = self._start.plan, self._current
        return PipelinesState(
            parent=self._parent,
            cluster=self._start.cluster,
            action=plan.action,
            number=self._start.number,
            trigger=self._start.trigger,
            by=self._start.by,
            state=self._state,
            current="" if current is None else plan.pipelines[current].name,
            diagnosis=self._diagnosis,
            ending=self._end.ending if self._end else None,
            message=self._end.message if self._end else "",
            cancelled=self._cancelled,
            started_at=self._started_at,
            finished_at=self._finished_at,
        )

    def _note_cancel(self, request: CancelRun) -> None:
        self._cancelled = Cancelled(
            by=request.by,
            at=workflow.now(),
            reason=request.reason,
            grace=tasks.GRACE if request.grace is None else request.grace,
        )
        self._record([shared_history.of_cancel(self._cancelled, self._when())])
        self._note_change()

    def _take_note(self, note: TaskNote) -> None:
        if note.key != self._key or self._current is None:
            return
        found, self._is_handing_over = note.diagnosis, False
        self._diagnosis = advised(found, self._parent) if found else None
        self._makes_way = cannot_start(found) and workflow.patched(_MAKES_WAY)
        if not self._has_begun and self._start.anew and note.diagnosis and self._is_at_first():
            self._set(progress.begun_anew(self._state, workflow.now()))
        self._tell_diagnosis(self._current)

    def _is_at_first(self) -> bool:
        """Return whether nothing of the run was executed yet; else that is not to be forgotten."""
        return self._current == self._start.position or not workflow.patched(_KEEPS_WHAT_RAN)

    def _tell_diagnosis(self, position: int) -> None:
        message = told(self._diagnosis) if self._diagnosis else ""
        message = excerpt(message, tasks.LONGEST_MESSAGE)
        self._set(progress.with_message(self._state, position, message))

    def _forget_diagnosis(self, position: int) -> None:
        """Say no more why a Job does not get on that is over, or will not be made."""
        was, self._diagnosis = self._diagnosis, None
        self._makes_way = False
        if was and not self._has_begun:
            self._tell_diagnosis(position)

    def _set(self, state: ParentState, trigger: Trigger = Trigger.NEXT) -> None:
        if state == self._state:
            return
        moves = run_history.of_pipelines(self._state, state, trigger, self._when())
        self._record(moves)
        self._state = state
        self._note_change()

    def _point(self) -> Point:
        return Point(self._start, self._state, self._seen, workflow.now())

    def _stop_grace(self) -> timedelta:
        return self._cancelled.grace if self._cancelled else tasks.GRACE

    def _present(self) -> None:
        known = self._known()
        self._presentation.show(run_details(known), run_phase(known), ())

    async def _keep_mirrored(self) -> None:
        """Show the latest state in the cluster; as it was before the run, it is shown already."""
        await self._something_changes()
        await self._all_is_quiet()
        await super()._keep_mirrored()

    async def _all_is_quiet(self) -> None:
        """Return when there is something to be shown: a hand-over is one write, if it is swift."""
        await super()._all_is_quiet()
        if not self._is_handing_over:
            return
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._is_over or not self._is_handing_over,
                timeout=_SWIFT,
                timeout_summary="shows what is over with what follows",
            )
        self._is_handing_over = False
        await super()._all_is_quiet()

    async def _mirrored(self) -> int:
        revision = self._revision
        await self._mirror.show(self._state)
        return revision
