"""The messages that every run understands: gate decisions, pause, resume, cancel."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from runwright.models.gates import (
        DecideGate,
        Decision,
        DecisionAnswer,
        Gate,
        GateOutcome,
        RefusedDecision,
    )
    from runwright.models.history import Cause, History
    from runwright.models.runs import (
        Cancelled,
        CancelRun,
        Paused,
        PauseRun,
        Resumed,
        ResumeRun,
    )
    from runwright.rules import gates as rules
    from runwright.rules import history
    from workflows.changes import Changes

_REFUSALS_KEPT: Final = 50
"""Refused signals are evidence, not state: the newest are enough."""
_MEANS_THE_GATES: Final = "decision-means-the-activation-of-its-gate"
"""The mark of runs whose signals do so; earlier ones took the run's own, and told a refusal."""


class RunMessages(Changes):
    """The part of a run that people talk to; a workflow of any system derives from it.

    Each message comes as an update, which answers, or as a signal of the same name, which also
    arrives when no worker is there. What an update would refuse, a signal leaves as a record.
    """

    def __init__(
        self,
        activation: int,
        authors: Collection[str],
        grace: timedelta,
        carried: History,
    ) -> None:
        super().__init__(activation, carried)
        self._authors = authors
        self._grace = grace
        self._gates: dict[str, Gate] = {}
        self._refused: tuple[RefusedDecision, ...] = ()
        self._paused: Paused | None = None
        self._cancelled: Cancelled | None = None

    @workflow.update(name="decide_gate", description="Approve or reject a gate.")
    def decide_gate(self, request: DecideGate) -> DecisionAnswer:
        """Apply a decision and answer what became of it."""
        return self._decide(self._decision(request))

    @decide_gate.validator
    def _check_decision(self, request: DecideGate) -> None:
        if reason := self._why_not(request):
            raise ApplicationError(reason, type="DecisionRefused")

    @workflow.signal(name="decide_gate", description="Approve or reject a gate, without an answer.")
    def decide_gate_by_signal(self, request: DecideGate) -> None:
        """Apply a decision, or record why it does not count."""
        request = self._as_it_counted(request)
        if reason := self._why_not(request):
            refused = RefusedDecision(request=request, at=workflow.now(), reason=reason)
            self._refused = (*self._refused, refused)[-_REFUSALS_KEPT:]
            self._record([history.of_refusal(refused, self._when())])
            self._note_change()
            return
        decision, gate = self._decision(request), self._gates[request.gate]
        if rules.is_repeat(gate, decision):
            self._set_gate(rules.repeated(gate, decision))
        else:
            self._decide(decision)

    def _decision(self, request: DecideGate) -> Decision:
        return Decision(
            gate=request.gate,
            verdict=request.verdict,
            activation=request.activation or self._gates[request.gate].activation,
            by=request.by,
            at=workflow.now(),
            comment=request.comment,
            id=request.id,
            digest=request.digest,
        )

    def _as_it_counted(self, request: DecideGate) -> DecideGate:
        """Return a signal as meant for the run's activation, where an open run took it so."""
        gate = self._gates.get(request.gate)
        is_of_now = gate is None or gate.activation == self._activation
        if request.activation or is_of_now or workflow.patched(_MEANS_THE_GATES):
            return request
        return request.model_copy(update={"activation": self._activation})

    def _why_not(self, request: DecideGate) -> str | None:
        gate = self._gates.get(request.gate)
        if gate is None:
            known = ", ".join(self._gates) or "none"
            return f"there is no gate {request.gate}; the gates are: {known}"
        decision = self._decision(request)
        reason = rules.refusal(gate, decision, self._authors)
        if reason is None and self._is_over and not rules.is_repeat(gate, decision):
            return "the run is over"
        return reason

    def _decide(self, decision: Decision) -> DecisionAnswer:
        gate = self._gates[decision.gate]
        if rules.is_repeat(gate, decision):
            return rules.answer(gate, decision, repeated=True)
        self._set_gate(rules.with_decision(gate, decision))
        return rules.answer(self._gates[decision.gate], decision, repeated=False)

    def _set_gate(self, gate: Gate) -> None:
        self._record(history.of_gate(self._gates[gate.name], gate, self._when()))
        self._gates[gate.name] = gate
        self._note_change()

    @workflow.update(name="pause", description="Start no further step until resumed.")
    def pause(self, request: PauseRun) -> Paused:
        """Pause the run; a paused one stays paused by whom it was."""
        return self._pause(request)

    @pause.validator
    def _check_pause(self, request: PauseRun) -> None:  # noqa: ARG002 - Temporal's signature
        self._must_be_open("pause")

    @workflow.signal(name="pause", description="Start no further step until resumed.")
    def pause_by_signal(self, request: PauseRun) -> None:
        """Pause the run."""
        if not self._is_over:
            self._pause(request)

    def _pause(self, request: PauseRun) -> Paused:
        if self._paused is None:
            self._paused = Paused(by=request.by, since=workflow.now(), comment=request.comment)
            self._record([history.of_request(Cause.PAUSED, request, self._when())])
            self._note_change()
        return self._paused

    @workflow.update(name="resume", description="Take a pause back.")
    def resume(self, request: ResumeRun) -> Resumed:
        """Go on after a pause."""
        return self._resume(request)

    @resume.validator
    def _check_resume(self, request: ResumeRun) -> None:  # noqa: ARG002 - Temporal's signature
        self._must_be_open("resume")

    @workflow.signal(name="resume", description="Take a pause back.")
    def resume_by_signal(self, request: ResumeRun) -> None:
        """Go on after a pause."""
        self._resume(request)

    def _resume(self, request: ResumeRun) -> Resumed:
        was_paused = self._paused is not None
        if was_paused:
            self._record([history.of_request(Cause.RESUMED, request, self._when())])
        self._paused = None
        self._note_change()
        return Resumed(by=request.by, at=workflow.now(), was_paused=was_paused)

    @workflow.update(name="cancel", description="Stop what runs and close the run as cancelled.")
    def cancel(self, request: CancelRun) -> Cancelled:
        """Cancel the run; the first one to ask decides the grace."""
        return self._cancelled or self._note_cancel(request)

    @cancel.validator
    def _check_cancel(self, request: CancelRun) -> None:  # noqa: ARG002 - Temporal's signature
        self._must_be_open("cancel")

    @workflow.signal(name="cancel", description="Stop what runs and close the run as cancelled.")
    def cancel_by_signal(self, request: CancelRun) -> None:
        """Cancel the run."""
        if not self._is_over and self._cancelled is None:
            self._note_cancel(request)

    def _note_cancel(self, request: CancelRun) -> Cancelled:
        self._cancelled = Cancelled(
            by=request.by,
            at=workflow.now(),
            reason=request.reason,
            grace=self._grace if request.grace is None else request.grace,
            run_hooks=request.run_hooks,
        )
        self._record([history.of_cancel(self._cancelled, self._when())])
        self._note_change()
        return self._cancelled

    def _stop_grace(self) -> timedelta:
        return self._cancelled.grace if self._cancelled else self._grace

    def _must_be_open(self, attempt: str) -> None:
        if self._is_over:
            message = f"cannot {attempt}: the run is over"
            raise ApplicationError(message, type="RunIsOver")

    def _open_gate(self, name: str, asked: str, deadline: datetime | None) -> None:
        self._set_gate(rules.opened(self._gates[name], asked, workflow.now(), deadline))

    def _close_gate(self, name: str, outcome: GateOutcome) -> None:
        """Close a gate that is still open; a step of that name that is no gate is none."""
        if gate := self._gates.get(name):
            self._set_gate(rules.closed(gate, outcome, workflow.now()))
