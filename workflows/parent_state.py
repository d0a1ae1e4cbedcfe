"""What is known of a parent and what it is told: the part of an entity that people talk to."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from runwright.models.gates import GateOutcome
from runwright.models.history import Cause, History
from runwright.models.kratix import (
    AskedAgain,
    Carried,
    CurrentRun,
    FanOut,
    Installed,
    ParentReport,
    PastRun,
    RunAgain,
    Seen,
    Standing,
    StartParent,
)
from runwright.models.kratix.keys import PAUSED
from runwright.models.runs import Cancelled, CancelRun, Paused, PauseRun, Resumed, ResumeRun
from runwright.rules import history
from runwright.rules.kratix import again
from runwright.rules.kratix.details import details
from runwright.rules.kratix.reports import asked_again
from workflows.alarms import Alarms
from workflows.messages import RunMessages
from workflows.parent_attributes import identity_of
from workflows.presentation import Presentation

MOST_PAST_RUNS: Final = 50
_GRACE: Final = timedelta(seconds=30)


class KnownParent(RunMessages):
    """The state of a parent, and the messages that change it.

    `see` tells how the cluster has it. What people ask for becomes a label where Kratix has one
    for it, so that everybody who looks at the object sees it too.
    """

    def __init__(self, start: StartParent) -> None:
        carried = start.carried
        author = carried.past[-1].by if carried.past else ""
        super().__init__(start.runs, {author}, _GRACE, start.history)
        self._start = start
        self._parent = start.parent
        self._seen = start.seen
        self._state = start.state
        self._gates = dict(carried.gates)
        self._refused = carried.refused
        self._paused = carried.paused
        self._asked = carried.asked
        self._past = carried.past
        self._turn = carried.turn
        self._turns = carried.turns
        self._fan_out: FanOut | None = carried.fan_out
        self._deleted_at = carried.deleted_at
        self._delete_tries: int = carried.delete_tries
        self._started_generation: int = carried.started_generation
        self._installed = Installed()
        self._requirers = carried.requirers
        self._current: CurrentRun | None = None
        self._is_gone = False
        self._wishes: dict[str, bool] = dict(carried.wishes)
        """Labels that messages asked for, or to be without; they are not written yet."""
        self._is_to_be_seen = carried.is_to_be_seen
        """Whether the parent itself is to be looked at: it may be gone."""
        self._is_told_to_look = False
        """Whether it was told to look since it last began to look at what it lacks."""
        self._is_untidy = carried.is_untidy
        self._works_changed = True
        self._standing, self._said = Standing.STARTING, ""
        self._is_said_in_status = False
        self._unplanned_for = ""
        """Why it cannot be said what is to be run; an Event tells it."""
        self._alarms = Alarms()
        self._presentation = Presentation(identity_of(start.parent, start.cluster))

    @workflow.signal(name="see", description="How the cluster has the parent.")
    def see(self, seen: Seen) -> None:
        """Heed how the parent was seen; look at it where it was seen later already.

        Versions that go back are those of a cluster that was restored: they count no more.
        """
        if seen.is_older_than(self._seen):
            self.look_at_parent()
        else:
            self._note_seen(seen)

    @workflow.signal(name="look_at_works", description="A Work of the parent changed.")
    def look_at_works(self) -> None:
        """Look at the Works again."""
        self._works_changed = True
        self._note_change()

    @workflow.signal(name="look_at_parent", description="The parent may be gone, or lacks less.")
    def look_at_parent(self) -> None:
        """Look at the parent itself, and at what it lacked."""
        self._is_to_be_seen = True
        self._is_told_to_look = True
        self._note_change()

    @workflow.update(name="run_again", description="Run pipelines again: all, or from one on.")
    def run_again(self, request: RunAgain) -> AskedAgain:
        """Have pipelines run as soon as they may, and answer when that was asked for."""
        return self._ask_again(request)

    @run_again.validator
    def _check_run_again(self, request: RunAgain) -> None:
        self._must_be_open("run again")
        if reason := again.why_not(self._state, request):
            raise ApplicationError(reason, type="RunRefused")

    @workflow.signal(name="run_again", description="Run pipelines again: all, or from one on.")
    def run_again_by_signal(self, request: RunAgain) -> None:
        """Have pipelines run as soon as they may, unless there are none such."""
        if not self._is_over and again.why_not(self._state, request) is None:
            self._ask_again(request)

    def _ask_again(self, request: RunAgain) -> AskedAgain:
        """Keep the request; a later one takes the place of an earlier that has not started."""
        self._asked = AskedAgain(request=request, at=workflow.now())
        self._record([asked_again(request, self._when())])
        self._note_change()
        return self._asked

    @workflow.query(description="Everything that is known of the parent.")
    def state(self) -> ParentReport:
        """Return everything that is known of the parent."""
        return self._report().model_copy(update={"history": self._history()})

    def _history(self) -> History:
        return history.in_order(self._trail.history())

    def _report(self) -> ParentReport:
        return ParentReport(
            parent=self._parent,
            cluster=self._start.cluster,
            standing=self._standing,
            message=self._said,
            state=self._state,
            runs=self._activation,
            run=self._current,
            past=self._past,
            gates=dict(self._gates),
            refused_decisions=self._refused,
            paused=self._paused,
            asked=self._asked,
            turn=self._turn,
            turns=self._turns,
            fan_out=self._fan_out,
            required=self._installed.required,
            requirers=self._requirers,
            problems=self._installed.problems,
        )

    def _next_start(self) -> StartParent:
        """Return the input of the next execution, which goes on where this one is."""
        carried = Carried(
            gates=dict(self._gates),
            refused=self._refused,
            paused=self._paused,
            asked=self._asked,
            past=self._past,
            turn=self._turn,
            turns=self._turns,
            fan_out=self._fan_out,
            deleted_at=self._deleted_at,
            delete_tries=self._delete_tries,
            started_generation=self._started_generation,
            wishes=dict(self._wishes),
            is_to_be_seen=self._is_to_be_seen,
            requirers=self._requirers,
            is_untidy=self._is_untidy,
            was_shown=True,
        )
        return self._start.model_copy(
            update={
                "parent": self._parent,
                "seen": self._seen,
                "state": self._state,
                "runs": self._activation,
                "history": self._history(),
                "carried": carried,
            }
        )

    def _note_seen(self, seen: Seen | None) -> None:
        """Keep how the parent was seen; None: it is gone."""
        if seen is None:
            self._is_gone = True
            self._note_change()
            return
        is_news = not _is_same(seen, self._seen)
        self._seen = seen
        if seen.is_deleted and self._deleted_at is None:
            self._deleted_at = workflow.now()
        if is_news:
            self._note_change()

    def _note_answer(self, seen: Seen | None, before: Seen) -> None:
        """Keep how the cluster says that the parent is; when it was asked, `before` was known.

        What came from elsewhere meanwhile may be later than the answer.
        """
        if seen is not None and self._seen is not before and seen.is_older_than(self._seen):
            self.look_at_parent()
        else:
            self._note_seen(seen)

    def _note_pause(self) -> None:
        """Heed the label that pauses the parent, whoever set it or took it away."""
        if PAUSED in self._wishes:
            return
        is_paused = self._seen.sight.is_on(PAUSED)
        if is_paused and self._paused is None:
            self._paused = Paused(by="", since=workflow.now(), comment="by its label")
            request = PauseRun(comment="by its label")
            self._record([history.of_request(Cause.PAUSED, request, self._when())])
        elif not is_paused and self._paused is not None:
            self._paused = None
            request = PauseRun(comment="its label was removed")
            self._record([history.of_request(Cause.RESUMED, request, self._when())])

    def _pause(self, request: PauseRun) -> Paused:
        self._wishes[PAUSED] = True
        return super()._pause(request)

    def _resume(self, request: ResumeRun) -> Resumed:
        self._wishes[PAUSED] = False
        return super()._resume(request)

    def _note_cancel(self, request: CancelRun) -> Cancelled:
        """Have the run that is under way ended; without one there is nothing to end."""
        cancelled = super()._note_cancel(request)
        if self._current is None:
            self._cancelled = None
        return cancelled

    def _must_be_open(self, attempt: str) -> None:
        if attempt == "cancel" and self._current is None:
            message = "cannot cancel: no run is under way"
            raise ApplicationError(message, type="NothingRuns")
        if self._is_over:
            message = f"cannot {attempt}: {self._parent.kind} {self._parent.name} is gone"
            raise ApplicationError(message, type="RunIsOver")

    def _close_gates(self, but: str = "") -> None:
        """Close the gates that wait for a decision which nothing depends on any more."""
        for name in self._gates:
            if name != but and self._gates[name].outcome is None:
                self._close_gate(name, GateOutcome.CLOSED)

    def _stand(self, standing: Standing, said: str = "", *, in_status: bool = False) -> None:
        """Say what the entity is at, and why; in the parent's status too, if nobody else does."""
        self._is_said_in_status = in_status
        if (standing, said) != (self._standing, self._said):
            self._standing, self._said = standing, said
            self._present()

    def _present(self) -> None:
        report = self._report()
        text = details(report, workflow.info().workflow_id)
        self._presentation.show(text, report.standing, report.pending_gates)

    def _keep_run(self, past: PastRun) -> None:
        self._past = (*self._past, past)[-MOST_PAST_RUNS:]

    async def _until_changed(self, since: int, moment: datetime | None) -> None:
        """Return once something changed since that revision, or at that moment."""
        if self._revision != since or (moment is not None and moment <= workflow.now()):
            return
        change = asyncio.create_task(workflow.wait_condition(lambda: self._revision != since))
        try:
            await self._alarms.wait([change], moment)
        finally:
            change.cancel()


def _is_same(one: Seen, other: Seen) -> bool:
    """Return whether nothing changed but versions, as with each status that is shown."""
    versions = {"version": other.version, "promise_version": other.promise_version}
    return one.model_copy(update=versions) == other
