"""What a StoryRun shows of its run."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from runwright.models.bubustack import (
    Phase,
    SchemaReference,
    StepState,
    StoryRunStatus,
    TriggerToken,
)
from runwright.models.metadata import Condition
from runwright.models.story_run import RunError, StartStoryRun, StepProgress, StoryRunState
from runwright.rules.bubustack.branches import step_run_name
from runwright.rules.bubustack.conditions import (
    BLOCKED,
    DEGRADED,
    PAUSED,
    Standing,
    condition,
    cut,
    phase_conditions,
    usual_reason,
)
from runwright.rules.bubustack.progress import MESSAGE
from runwright.rules.bubustack.status.gates import gate_statuses
from runwright.rules.bubustack.status.keys import CANCEL_REQUESTED
from runwright.rules.bubustack.status.size import fitted
from runwright.rules.bubustack.verdicts import allowed_failures
from runwright.rules.diagnoses import told
from runwright.rules.wording import listed

_MOST_STALLED: Final = 3
"""Steps that a run's own message names; the others say so themselves."""
_LONGEST_REASON: Final = 400
"""Characters on one of them."""
_SECOND: Final = timedelta(seconds=1)
_NOBODY: Final = "somebody"
"""In the place of a name that nobody gave."""


def story_run_status(start: StartStoryRun, state: StoryRunState) -> StoryRunStatus:
    """Return the status of a StoryRun, in every field that is its run's to write.

    Source: BubuStack, StoryRun status. Ours: `active` and `completed` are filled, and the condition
    Paused says that a run is held.
    """
    steps = state.listed_steps
    return fitted(
        StoryRunStatus(
            observed_generation=_observed_generation(start, state),
            phase=state.phase,
            message=_message(state),
            conditions=_conditions(start, state),
            active=tuple(step.name for step in steps if step.is_running),
            completed=tuple(step.name for step in steps if step.is_over and not step.failed),
            steps_total=len(steps),
            steps_complete=_count(state, Phase.SUCCEEDED),
            steps_failed=_count(state, Phase.FAILED),
            steps_skipped=_count(state, Phase.SKIPPED),
            started_at=state.started_at,
            finished_at=state.finished_at,
            duration=lasted(state.started_at, state.finished_at),
            attempts=state.activation,
            input_schema_ref=_schema_ref(start, "inputs"),
            output_schema_ref=_schema_ref(start, "output"),
            output=state.output,
            error=_error(state.error) if state.error else None,
            step_states=_step_states(state),
            primitive_children=_primitive_children(start, state),
            gates=gate_statuses(start, state),
            allowed_failures=allowed_failures(state.steps),
            trigger_tokens=(TriggerToken.STORY,),
        ),
        start.inputs,
    )


def lasted(started_at: datetime | None, finished_at: datetime | None) -> timedelta | None:
    """Return how long something took, in whole seconds; None while it is not over."""
    if started_at is None or finished_at is None:
        return None
    return max(finished_at - started_at, timedelta(0)) // _SECOND * _SECOND


def step_message(step: StepProgress) -> str:
    """Return what a step says; while its task does not get on, why; how long it waits, Blocked."""
    if step.phase is Phase.RUNNING and step.diagnosis:
        return told(step.diagnosis)
    if step.phase is Phase.BLOCKED and step.deadline:
        return f"{step.message}; it is waited for until {step.deadline:%Y-%m-%d %H:%M:%S} UTC"
    return step.message


def _observed_generation(start: StartStoryRun, state: StoryRunState) -> int | None:
    """Return which generation of the spec the run has heeded: it may be cancelled, and no more."""
    cancelled = state.cancelled is not None and state.cancelled.reason == CANCEL_REQUESTED
    return start.generation + cancelled if start.generation else None


def _message(state: StoryRunState) -> str:
    """Return what a run says of itself; while it runs, what people should know of its waiting."""
    if state.message or state.finished_at:
        return cut(state.message, MESSAGE)
    if state.cancelled:
        return f"Stops, as {state.cancelled.by or _NOBODY} asked."
    if state.paused:
        return f"Paused by {state.paused.by or _NOBODY}."
    return " ".join(_waits(state))


def _waits(state: StoryRunState) -> Iterator[str]:
    """Yield what an open run waits for, and what holds its steps up."""
    if gates := listed(state.pending_gates):
        yield f"Waits for a decision at {gates}."
    lacks = _lacks(state)
    for message, steps in list(lacks.items())[:_MOST_STALLED]:
        named = f"Step {listed(steps)} waits" if len(steps) == 1 else f"Steps {listed(steps)} wait"
        yield cut(f"{named}: {message}.", _LONGEST_REASON)
    if (rest := len(lacks) - _MOST_STALLED) > 0:
        yield f"{rest} more things are missing."
    stalled = [step for step in state.steps.values() if is_stalled(step)]
    for step in stalled[:_MOST_STALLED]:
        yield cut(f"Step {step.name} does not get on: {step_message(step)}", _LONGEST_REASON)
    if (rest := len(stalled) - _MOST_STALLED) > 0:
        yield f"Nor do {rest} more."


def _lacks(state: StoryRunState) -> dict[str, list[str]]:
    """Return what is missing, each with the names of the steps that wait for it."""
    lacks: dict[str, list[str]] = {}
    for step in _blocked(state):
        lacks.setdefault(step.message, []).append(step.name)
    return lacks


def _blocked(state: StoryRunState) -> list[StepProgress]:
    return [step for step in state.steps.values() if step.phase is Phase.BLOCKED]


def is_stalled(step: StepProgress) -> bool:
    """Return whether a step should run and does not get on."""
    return step.phase is Phase.RUNNING and step.diagnosis is not None


def _reason(state: StoryRunState) -> str:
    """Return why a run is in its phase; of one that runs, what it is at.

    Source: BubuStack, reason catalogue.
    """
    if state.phase is not Phase.RUNNING:
        return state.reason
    if state.paused or state.pending_gates:
        return "Paused"
    if _blocked(state) or any(map(is_stalled, state.steps.values())):
        return usual_reason(Phase.BLOCKED)
    return "ProcessingSteps" if any(step.phase for step in state.steps.values()) else state.reason


def _conditions(start: StartStoryRun, state: StoryRunState) -> tuple[Condition, ...]:
    standing = Standing(
        phase=state.phase,
        reason=_reason(state),
        message=_message(state),
        since=state.started_at,
        ended_at=state.finished_at,
    )
    conditions = {one.type: one for one in phase_conditions(standing)}
    if _lacks_its_output(start, state):
        reason, message = "OutputResolutionFailed", standing.message
        conditions[DEGRADED] = condition(DEGRADED, reason, message, state.finished_at)
    return (*conditions.values(), *_paused(state), *_missing(state))


def _lacks_its_output(start: StartStoryRun, state: StoryRunState) -> bool:
    """Return whether the run succeeded with an output that was too large to keep.

    Source: BubuStack, finalise success.
    """
    promised = start.story.spec.output is not None
    return promised and state.phase is Phase.SUCCEEDED and state.output is None


def _paused(state: StoryRunState) -> tuple[Condition, ...]:
    paused = state.paused
    if paused is None or state.finished_at:
        return ()
    comment = f": {paused.comment}" if paused.comment else ""
    message = (
        f"Paused by {paused.by or _NOBODY} since {paused.since:%Y-%m-%d %H:%M:%S} UTC{comment}"
    )
    return (condition(PAUSED, usual_reason(Phase.PAUSED), message, paused.since),)


def _missing(state: StoryRunState) -> tuple[Condition, ...]:
    """Return that something is missing, whatever else the run waits for, and all that is."""
    steps = _blocked(state)
    if not steps or state.finished_at:
        return ()
    reason = steps[0].reason.value if steps[0].reason else usual_reason(Phase.BLOCKED)
    since = min((step.started_at for step in steps if step.started_at), default=None)
    return (condition(BLOCKED, reason, "; ".join(_lacks(state)), since),)


def _count(state: StoryRunState, phase: Phase) -> int:
    return sum(step.phase is phase for step in state.listed_steps)


def _schema_ref(start: StartStoryRun, part: str) -> SchemaReference | None:
    """Return where the schema of the inputs or of the output is; None where there is none.

    Source: BubuStack, StoryRun reconcile order.
    """
    spec = start.story.spec
    schema = spec.inputs_schema if part == "inputs" else spec.outputs_schema
    if schema is None:
        return None
    home = start.story.metadata.namespace or start.namespace
    ref = f"bubu://story/{home}/{start.story.metadata.name}/{part}"
    return SchemaReference(ref=ref, version=spec.version)


def _error(error: RunError) -> dict[str, Any]:
    """Return why the run failed.

    Source: BubuStack, BuildStoryRunError.
    """
    shown: dict[str, Any] = {"type": error.type, "message": cut(error.message, MESSAGE)}
    if error.failed_steps:
        shown["failedSteps"] = [
            {"name": one.name, "phase": one.phase.value, "message": cut(one.message, MESSAGE)}
            for one in error.failed_steps
        ]
    return shown


def _step_states(state: StoryRunState) -> dict[str, StepState]:
    return {
        step.name: StepState(
            phase=step.phase,
            message=cut(_step_message(step, is_paused=state.paused is not None), MESSAGE),
            started_at=step.started_at,
            finished_at=step.finished_at,
            sub_story_run_name=step.child.name if step.child else None,
        )
        for step in state.listed_steps
        if step.phase
    }


def _primitive_children(start: StartStoryRun, state: StoryRunState) -> dict[str, tuple[str, ...]]:
    """Return the names of the StepRuns of the branches of each parallel step that has started.

    Source: BubuStack, parallel primitive.
    """
    children: dict[str, tuple[str, ...]] = {}
    for step in state.steps.values():
        if step.block:
            name = step_run_name(start.name, step.name)
            children[step.block] = (*children.get(step.block, ()), name)
    return children


def _step_message(step: StepProgress, *, is_paused: bool) -> str:
    """Return what a step says, or for what it waits: its task to get on, or a pause to end."""
    if step.phase is Phase.PENDING and is_paused:
        return f"{step.message} Held, for the run is paused.".strip()
    return step_message(step)
