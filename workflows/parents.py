"""What Promises and requests for them share: to be looked after until they are gone."""

from datetime import datetime, timedelta
from typing import ClassVar, Final

from temporalio import workflow

from activities.pipelines import PipelineActivities
from runwright.models.gates import Gate, GateOutcome
from runwright.models.kratix import (
    ConditionType,
    Plan,
    Reason,
    Standing,
    StartParent,
    Trigger,
    WorkflowAction,
)
from runwright.models.kratix.keys import DELETE_WORKFLOWS, WORKFLOW_SUSPENDED
from runwright.models.objects import EventType
from runwright.rules.kratix import again, suspensions
from runwright.rules.kratix.approvals import approval_for
from runwright.rules.kratix.conditions import PROMISE_CAN_FULFIL, PROMISE_CANNOT_FULFIL
from runwright.rules.kratix.deletion import Deletion, next_deletion_move, next_step
from runwright.rules.kratix.progress import (
    PENDING,
    fitted,
    held,
    settled,
    suspension_seen,
    with_condition,
)
from runwright.rules.kratix.reports import retried
from runwright.rules.kratix.suspensions import Suspension
from runwright.rules.kratix.triggers import Case, Decision, Hold, Move, is_barred, next_move
from runwright.rules.wording import listed
from workflows.parent_calls import CALL
from workflows.parent_runs import ParentRuns

_SLOW: Final = timedelta(seconds=60)
"""After which it is looked again whether what could not be read can be."""
_QUICK: Final = timedelta(seconds=15)
"""After which it is looked again whether somebody else's Job has ended."""
_STANDINGS: Final = {
    Hold.PAUSED: Standing.PAUSED,
    Hold.SUSPENDED: Standing.SUSPENDED,
    Hold.FAILED: Standing.FAILED,
}


class ParentWorkflow(ParentRuns):
    """The parts of an entity's life, which its `run` strings together.

    An entity derives from it; the sandbox loads the entity's module anew for each run, and shares
    this one.
    """

    steps: ClassVar[tuple[str, ...]]
    """The finalizers of such a parent, in the order in which what they stand for is done."""
    is_promise: ClassVar[bool]

    async def _decided(self) -> Decision:
        """Return what is to be done for the parent as it is now.

        Source: Kratix, reconcile order.
        """
        if self._is_to_be_seen:
            await self._look_at_parent()
        await self._heed_wishes()
        if self._seen.is_deleted:
            return await self._decided_deletion()
        if is_barred(self._seen.sight):
            return next_move(self._case(None))
        plan = await self._planned(WorkflowAction.CONFIGURE)
        if isinstance(plan, str):
            return self._unreadable(plan)
        self._fit(plan)
        return await self._by_people(plan, next_move(self._case(plan)))

    async def _decided_deletion(self) -> Decision:
        """Return what is to be done for a parent that is to go.

        Source: Kratix, resource deletion and Promise deletion. A parent that is paused cannot go.
        """
        if is_paused(self._seen):
            return Decision(Move.HOLD, hold=Hold.PAUSED)
        if next_step(self.steps, self._seen.finalizers) != DELETE_WORKFLOWS:
            return Decision(Move.REST)
        plan = await self._planned(WorkflowAction.DELETE)
        if isinstance(plan, str):
            return self._unreadable(plan)
        self._fit(plan)
        decision = next_deletion_move(
            Deletion(
                sight=self._seen.sight,
                state=self._state,
                configuring=bool(plan.pipelines) and await self._others_run(),
                deleting=False,
                now=workflow.now(),
            )
        )
        if decision.move is Move.WAIT:
            return decision._replace(at=workflow.now() + _QUICK)
        return await self._by_people(plan, self._tried_again(decision))

    def _case(self, plan: Plan | None) -> Case:
        return Case(
            sight=self._seen.sight,
            state=self._state,
            running=False,
            now=workflow.now(),
            policy=self._policy(plan),
            is_promise=self.is_promise,
        )

    def _unreadable(self, why: str) -> Decision:
        self._why = why
        return Decision(Move.HOLD, hold=Hold.UNPLANNED, at=workflow.now() + _SLOW)

    def _fit(self, plan: Plan) -> None:
        """Keep the state of the workflow that is planned, with the label that was seen."""
        self._state = fitted(self._state, plan.action, plan.names)
        if self._seen.sight.is_on(WORKFLOW_SUSPENDED):
            self._state = suspension_seen(self._state)
        if self._can_be_fulfilled():
            self._state = with_condition(self._state, workflow.now(), PROMISE_CAN_FULFIL)

    def _can_be_fulfilled(self) -> bool:
        """Return whether it was said that its Promise cannot fulfil it, and is true no more."""
        return self._state.condition(ConditionType.PROMISE_AVAILABLE) is not None

    def _tried_again(self, decision: Decision) -> Decision:
        """Return a decision about a delete pipeline that failed, with the tries that it has."""
        if decision.hold is not Hold.FAILED or self._delete_tries >= self._start.delete_retries:
            return decision
        at = retried(self._state, self._start.delete_retry_delay, workflow.now())
        if at > workflow.now():
            return decision._replace(at=at)
        return Decision(Move.START, Trigger.RETRIED, anew=True)

    async def _others_run(self) -> bool:
        """Return whether runs of others have to end before the delete pipeline runs."""
        return False

    async def _by_people(self, plan: Plan, decision: Decision) -> Decision:
        """Return the decision with what people decided, or asked for."""
        waiting = self._waiting(plan)
        gate = self._gate_of(waiting)
        if waiting and (why := suspensions.refusal_of(waiting, gate)):
            now = workflow.now()
            self._state = suspensions.refused(self._state, waiting, why, now)
            await self._mark(removes=[WORKFLOW_SUSPENDED])
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
        elif waiting.deadline and now >= waiting.deadline:
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
        if again.why_not(self._state, self._asked.request) is not None:
            self._asked = None
            return decision
        return again.again(decision, self._state, self._asked.request)

    async def _start_run(self, decision: Decision) -> None:
        """Run pipelines, once it is the parent's turn."""
        if self._plan is None or not await self._has_turn(decision):
            return
        if decision.trigger is Trigger.UNPAUSED:
            self._state = held(self._state, Reason.UNPAUSED, workflow.now())
        if decision.trigger is Trigger.RETRIED:
            self._delete_tries += 1
        await self._run(self._plan, decision)
        await self._give_turn_back(ran=True)

    async def _has_turn(self, decision: Decision) -> bool:  # noqa: ARG002 - for those who must ask
        """Return whether a run may start now; what has to be asked for is."""
        return True

    async def _give_turn_back(self, *, ran: bool = False) -> None:
        """Let the next one run."""

    async def _hold(self, decision: Decision) -> None:
        """Show why nothing may start."""
        await self._give_turn_back()
        if decision.adds:
            await self._mark(adds=decision.adds)
        now, hold = workflow.now(), decision.hold
        match hold:
            case Hold.PAUSED:
                self._state = held(self._state, Reason.PAUSED_RECONCILIATION, now)
            case Hold.SUSPENDED:
                self._state = held(self._state, Reason.WORKFLOW_SUSPENDED, now)
            case Hold.UNAVAILABLE:
                self._state = self._unavailable(now)
            case Hold.FAILED if self._is_untidy:
                self._is_untidy = False
                await self._tidy(works=False)
            case _:
                pass
        standing = _STANDINGS.get(hold, Standing.WAITING) if hold else Standing.WAITING
        self._stand(standing, self._reason_of(decision))

    def _unavailable(self, now: datetime):
        ...

    async def _settle(self, decision: Decision) -> None:
        """Show what became of the Works of a workflow that is over, and tidy."""
        await self._give_turn_back()
        if self._is_untidy:
            self._is_untidy = False
            await self._tidy(works=True)
        if self._works_changed:
            self._works_changed = False
            found = await workflow.execute_activity_method(
                PipelineActivities.find_works, self._parent, **CALL, summary="find works"
            )
