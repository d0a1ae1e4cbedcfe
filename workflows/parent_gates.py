"""What people decide about a parent, or ask of it, beside what is to be done by itself."""

from temporalio import workflow

from runwright.models.gates import Gate, GateOutcome
from runwright.models.kratix import Plan
from runwright.models.kratix.keys import WORKFLOW_SUSPENDED
from runwright.models.objects import EventType
from runwright.rules.kratix import again, run_history, suspensions
from runwright.rules.kratix.approvals import approval_for
from runwright.rules.kratix.suspensions import Suspension
from runwright.rules.kratix.triggers import Decision, Hold, Move
from workflows.parent_runs import ParentRuns


class ParentGates(ParentRuns):
    """The gate in front of a suspended pipeline, and runs that are asked for."""

    async def _by_people(self, plan: Plan, decision: Decision) -> Decision:
        """Return the decision with what people decided, or asked for."""
        waiting = self._waiting(plan)
        gate = self._gate_of(waiting)
        if waiting and (why := suspensions.refusal_of(waiting, gate)):
            await self._mark(removes=[WORKFLOW_SUSPENDED])
            now, before = workflow.now(), self._state
            self._state = suspensions.refused(before, waiting, why, now)
            self._record(run_history.of_refusal(before, self._state, self._when()))
            return Decision(Move.HOLD, hold=Hold.FAILED, at=now)
        decision = suspensions.may_go_on(decision, waiting, gate)
        if waiting and decision.adds and self._state.workflow.suspension_shown:
            await self._put_back(waiting)
        return self._asked_for(decision)

    def _waiting(self, plan: Plan) -> Suspension | None:
        position = self._state.workflow.suspended
        if position is None:
            return None
        progress = self._state.workflow.pipelines[position]
        approval = approval_for(plan.pipelines[position], progress)
        return suspensions.suspension_of(self._state, approval)

    def _gate_of(self, waiting: Suspension | None) -> Gate | None:
        """Return the gate of what waits for somebody, opened once and closed at its deadline."""
        name = waiting.pipeline.name if waiting else ""
        self._close_gates(but=name)
        if waiting is None:
            return None
        now, known = workflow.now(), self._gates.get(name)
        if known is None or known.activation != self._activation:
            gate = suspensions.gate_of(self._parent, self._state, waiting, self._activation, now)
            self._gates[name] = Gate(name=name, activation=self._activation, approval=gate.approval)
            self._set_gate(gate)
        elif known.outcome is None and waiting.deadline and now >= waiting.deadline:
            self._close_gate(name, GateOutcome.TIMED_OUT)
        return self._gates[name]

    async def _put_back(self, waiting: Suspension) -> None:
        """Say why a label is put back that somebody removed."""
        message = (
            f"Pipeline {waiting.pipeline.name} must be approved by somebody who may: "
            f"the label {WORKFLOW_SUSPENDED} is put back"
        )
        await self._tell("ApprovalRequired", message, EventType.WARNING)

    def _asked_for(self, decision: Decision) -> Decision:
        """Return the decision with the run that a person asked for, where it may still start."""
        if self._asked is None:
            return decision
        if why := again.why_not(self._state, self._asked.request):
            self._drop_asked(why)
            return decision
        return again.again(decision, self._state, self._asked.request)
