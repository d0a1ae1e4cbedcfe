"""The gate in front of a suspended pipeline: what it asks, and what a decision does.

Upstream has a label that anybody removes who may change the parent, and no way to say no.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from runwright.models.gates import Approval, Gate, GateOutcome, Verdict
from runwright.models.kratix import (
    OnDeadline,
    Parent,
    ParentState,
    PipelineApproval,
    PipelineProgress,
    Resumption,
    Trigger,
)
from runwright.models.kratix.keys import WORKFLOW_SUSPENDED
from runwright.rules import gates
from runwright.rules.kratix.progress import pipeline_failed, with_message
from runwright.rules.kratix.triggers import Decision, Hold, Move

_NOBODY: Final = "nobody decided in time"


class Suspension(NamedTuple):
    """A pipeline that waits for somebody to let it go on."""

    position: int
    pipeline: PipelineProgress
    approval: PipelineApproval | None = None
    """None: whoever removes the label lets it go on."""

    @property
    def is_guarded(self) -> bool:
        """Whether the label alone is not enough, for somebody has to be known who decides."""
        policy = self.approval
        return policy is not None and (policy.names_people or policy.required > 1)

    @property
    def deadline(self) -> datetime | None:
        """Until when somebody has to decide."""
        since = self.pipeline.last_transition_time
        limit = self.approval.deadline if self.approval else None
        return since + limit if since and limit else None


def suspension_of(state: ParentState, approval: PipelineApproval | None) -> Suspension | None:
    """Return what waits for somebody; None for what goes on by itself at some time."""
    position = state.workflow.suspended
    if position is None:
        return None
    pipeline = state.workflow.pipelines[position]
    return None if pipeline.next_retry_at else Suspension(position, pipeline, approval)


def resumption_of(
    decision: Decision, state: ParentState, known: Mapping[str, Gate]
) -> Resumption | None:
    """Return that somebody had the suspended pipeline go on that starts; None: its time came."""
    if decision.trigger is not Trigger.RESUMED:
        return None
    pipeline = state.workflow.pipelines[decision.position]
    if pipeline.next_retry_at is not None:
        return None
    gate = known.get(pipeline.name)
    said = gate.decisions if gate and gate.outcome is GateOutcome.APPROVED else ()
    by = (one.by for one in said if one.verdict is Verdict.APPROVE and one.by)
    return Resumption(by=tuple(dict.fromkeys(by)))


def gate_of(
    parent: Parent, state: ParentState, waiting: Suspension, run: int, now: datetime
) -> Gate:
    """Return the open gate of a pipeline, in the activation of the run that ended with it."""
    policy = waiting.approval
    gate = Gate(name=waiting.pipeline.name, activation=run, approval=_plain(policy))
    asked = gates.digest(
        {
            "parent": parent.uid or f"{parent.kind}/{parent.namespace}/{parent.name}",
            "action": state.action,
            "pipeline": waiting.pipeline.name,
            "hash": waiting.pipeline.hash,
            "message": waiting.pipeline.message,
            "status": state.extra,
        }
    )
    return gates.opened(gate, asked, now, waiting.deadline)


def _plain(policy: PipelineApproval | None) -> Approval:
    if policy is None:
        return Approval()
    own = set(PipelineApproval.model_fields) - set(Approval.model_fields)
    return Approval.model_validate(policy.model_dump(exclude=own))


def may_go_on(decision: Decision, waiting: Suspension | None, gate: Gate | None) -> Decision:
    """Return what is done for a suspended workflow, by what its gate says.

    Approved, the pipeline starts although the label is there; guarded, it does not although the
    label is gone, which is put back. What begins anew passes by.
    """
    if waiting is None or decision.anew or decision.hold not in {None, Hold.SUSPENDED}:
        return decision
    if is_let_go(waiting, gate):
        removes = (*decision.removes, WORKFLOW_SUSPENDED)
        return Decision(Move.START, Trigger.RESUMED, waiting.position, removes=removes)
    is_start = decision.move is Move.START and decision.trigger is Trigger.RESUMED
    if is_start and waiting.is_guarded:
        labels = (WORKFLOW_SUSPENDED,)
        return Decision(Move.HOLD, hold=Hold.SUSPENDED, adds=labels, at=waiting.deadline)
    if decision.move is Move.HOLD:
        return decision._replace(at=waiting.deadline)
    return decision


def is_let_go(waiting: Suspension, gate: Gate | None) -> bool:
    """Return whether a gate lets its pipeline go on."""
    if gate is None:
        return False
    in_time = gate.outcome is not GateOutcome.TIMED_OUT
    policy = waiting.approval
    goes_on = policy is not None and policy.on_deadline is OnDeadline.RESUME
    return gate.outcome is GateOutcome.APPROVED or (not in_time and goes_on)


def refusal_of(waiting: Suspension, gate: Gate | None) -> str | None:
    """Return why a gate ends its pipeline, with who said so; None: it does not."""
    if gate is None or gate.outcome not in {GateOutcome.REJECTED, GateOutcome.TIMED_OUT}:
        return None
    if is_let_go(waiting, gate):
        return None
    if gate.outcome is GateOutcome.TIMED_OUT:
        return f"Not approved: {_NOBODY}"
    no = next(one for one in reversed(gate.decisions) if one.verdict is Verdict.REJECT)
    said = f": {no.comment}" if no.comment else ""
    return f"Rejected by {no.by or 'somebody'}{said}"


def refused(state: ParentState, waiting: Suspension, why: str, now: datetime) -> ParentState:
    """Return the state once somebody said no: the pipeline failed, and says why."""
    failed = pipeline_failed(state, waiting.position, now)
    over = {"suspended_generation": 0, "suspension_shown": False}
    workflow = failed.workflow.model_copy(update=over)
    failed = failed.model_copy(update={failed.action.value: workflow, "message": why})
    return with_message(failed, waiting.position, why)
