"""How the state of a run and of its steps changes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from runwright.models.bubustack import EngramTemplate, ExitClass, Phase, Step, StepType, Story
from runwright.models.durations import format_duration
from runwright.models.gates import Approval, Gate, GateOutcome, Identity
from runwright.models.story_run import (
    BRANCH,
    Section,
    StartStoryRun,
    StepProgress,
    StepReason,
    StoryRunState,
)
from runwright.models.tasks import TIMED_OUT_CODE, Diagnosis, OutcomeReason, TaskKey, TaskOutcome
from runwright.rules import gates
from runwright.rules.bubustack.branches import all_steps
from runwright.rules.bubustack.dag import Skip
from runwright.rules.bubustack.retries import Retries, classify
from runwright.rules.kubernetes import advice
from runwright.rules.kubernetes.diagnosis import said
from runwright.rules.schemas import violations

_CANCEL_GRACE: Final = timedelta(seconds=20)
"""Of running steps when the run is cancelled and its Story says nothing."""
_LONGEST_GRACE: Final = timedelta(hours=1)
MOST_STATE: Final = 1024 * 1024
"""Bytes of JSON that the inputs and outputs of one run may take."""
MOST_OUTPUT: Final = 512 * 1024
"""Bytes of JSON that the output of a Story may take besides."""
MESSAGE: Final = 2048
"""Characters of a message; an API server takes no more in a condition."""


def stop_grace(story: Story) -> timedelta:
    """Return how long running steps get when the run is cancelled, an hour at most.

    Source: BubuStack, graceful cancel (which knows no limit; a stop waits for its task).
    """
    timeouts = story.spec.policy.timeouts if story.spec.policy else None
    given = timeouts.graceful_shutdown_timeout if timeouts else None
    return min(given or _CANCEL_GRACE, _LONGEST_GRACE)


def story_timeout(story: Story) -> timedelta | None:
    """Return how long a run may take, without what `finally` does after it."""
    timeouts = story.spec.policy.timeouts if story.spec.policy else None
    return (timeouts.story if timeouts else None) or None


def started(start: StartStoryRun, now: datetime) -> StoryRunState:
    """Return the state of a run at its start, with what it keeps of an earlier execution."""
    kept = start.resume_from.kept if start.resume_from else {}
    timeout = story_timeout(start.story)
    return StoryRunState(
        namespace=start.namespace,
        name=start.name,
        story=start.story.metadata.name,
        activation=start.activation,
        author=start.author,
        parent=start.parent,
        reason="StartingExecution",
        started_at=now,
        deadline=now + timeout if timeout else None,
        # Inputs that are too large are refused, and the refusal must still fit in a message.
        inputs=start.inputs if size_of(start.inputs) <= MOST_STATE else {},
        steps={
            step.name: kept.get(step.name) or _not_started(step, section)
            for section, step in all_steps(start.story)
            if BRANCH not in step.name or step.name in kept
        },
    )


def expanded(
    state: StoryRunState, block: StepProgress, branches: Iterable[Step]
) -> dict[str, StepProgress]:
    """Return the steps of a run with the branches of a block that has started, after the block.

    Source: BubuStack, parallel primitive; branches stand apart from the steps of the Story.
    """
    new = {
        branch.name: state.steps.get(branch.name) or _not_started(branch, block.section)
        for branch in branches
    }
    steps: dict[str, StepProgress] = {}
    for name, step in state.steps.items():
        if name not in new:
            steps[name] = step
        if name == block.name:
            steps |= new
    return steps


def _not_started(step: Step, section: Section) -> StepProgress:
    return StepProgress(
        name=step.name,
        section=section,
        type=step.type.value if step.type else "engram",
        allow_failure=bool(step.allow_failure),
    )


def gates_of(start: StartStoryRun) -> dict[str, Gate]:
    """Return the gates of a run: those decided in an earlier execution, and fresh ones."""
    kept = start.resume_from.gates if start.resume_from else {}
    return {
        step.name: kept.get(step.name)
        or Gate(
            name=step.name,
            activation=start.activation,
            approval=_approval_of(step),
        )
        for _, step in all_steps(start.story)
        if step.type is StepType.GATE
    }


def _approval_of(step: Step) -> Approval:
    """Return a gate's policy; one that cannot be read is refused before its gate is reached."""
    with suppress(ValidationError):
        return Approval.model_validate((step.with_ or {}).get("approval") or {})
    return Approval(identity=Identity.VERIFIED)


def launched(step: StepProgress, activation: int, now: datetime) -> StepProgress:
    """Return the step as started."""
    return step.model_copy(
        update={
            "phase": Phase.PENDING,
            "reason": None,
            "message": "",
            "started_at": now,
            "activation": activation,
        }
    )


def skipped(step: StepProgress, skip: Skip, now: datetime) -> StepProgress:
    """Return the step as skipped."""
    return ended(step, Phase.SKIPPED, skip.message, now, skip.reason)


def waiting(step: StepProgress, message: str, deadline: datetime | None) -> StepProgress:
    """Return the step as waiting for a moment or for a person."""
    update = {"phase": Phase.PAUSED, "message": message, "deadline": deadline}
    return step.model_copy(update=update)


def held_up(step: StepProgress, message: str) -> StepProgress:
    """Return the step as started, with what it waits for before it can do anything."""
    return step.model_copy(update={"message": message})


def under_way(step: StepProgress, message: str) -> StepProgress:
    """Return the step as running what it is made of."""
    return step.model_copy(update={"phase": Phase.RUNNING, "message": message})


def keyed(step: StepProgress, key: str) -> StepProgress:
    """Return the step with the key that all its tries share."""
    return step.model_copy(update={"idempotency_key": key})


def trying(step: StepProgress, number: int, retries: Retries, task: str) -> StepProgress:
    """Return the step as running its try `number`, as the task of that name.

    What the try before came to is not this one's: each has its own exit class.
    """
    return step.model_copy(
        update={
            "phase": Phase.RUNNING,
            "reason": None,
            "message": "",
            "exit_code": None,
            "exit_class": None,
            "error": None,
            "tries": number,
            "max_tries": retries.max_retries + 1,
            "next_retry_at": None,
            "diagnosis": None,
            "task": task,
        }
    )


def is_tried_as(step: StepProgress, key: TaskKey) -> bool:
    """Return whether a step runs now, and as that very try."""
    tried = (step.task, step.activation, step.tries)
    return step.phase is Phase.RUNNING and tried == (key.name, key.activation, key.try_number)


def retry_scheduled(
    step: StepProgress, outcome: TaskOutcome, delay: timedelta, now: datetime
) -> StepProgress:
    """Return the step as waiting for its next try, with what its last one came to."""
    attempt = f"attempt {step.tries}/{step.max_tries - 1}"
    message = f"Retrying in {format_duration(_shown(delay))} ({attempt}): {outcome.message}"
    return _with_outcome(step, outcome).model_copy(
        update={
            "phase": Phase.PENDING,
            "reason": StepReason.RETRY_SCHEDULED,
            "message": message[:MESSAGE],
            "next_retry_at": now + delay,
        }
    )


def _shown(delay: timedelta) -> timedelta:
    """Return a delay as people read it: by chance it may be one of a millionth of a second."""
    unit = timedelta(milliseconds=100 if delay >= timedelta(seconds=1) else 1)
    return max(delay // unit * unit, timedelta(milliseconds=1))


def task_ended(step: StepProgress, outcome: TaskOutcome, now: datetime) -> StepProgress:
    """Return the step as its last try left it."""
    told = _with_outcome(step, outcome).model_copy(update={"output": outcome.output})
    match outcome.reason:
        case OutcomeReason.COMPLETED:
            return ended(told, Phase.SUCCEEDED, outcome.message, now)
        case OutcomeReason.STOPPED:
            return ended(told, Phase.CANCELED, outcome.message, now, StepReason.CANCELED)
        case OutcomeReason.TIMED_OUT:
            return ended(told, Phase.TIMEOUT, outcome.message, now, StepReason.TIMED_OUT)
        case OutcomeReason.EXITED if outcome.exit_code == TIMED_OUT_CODE:
            return ended(told, Phase.TIMEOUT, outcome.message, now, StepReason.TIMED_OUT)
        case OutcomeReason.OUTPUT_SCHEMA_FAILED:
            return ended(told, Phase.FAILED, outcome.message, now, StepReason.OUTPUT_SCHEMA_FAILED)
        case _:
            return ended(told, Phase.FAILED, outcome.message, now, StepReason.EXECUTION_FAILED)


def _with_outcome(step: StepProgress, outcome: TaskOutcome) -> StepProgress:
    return step.model_copy(
        update={
            "exit_code": outcome.exit_code,
            "exit_class": classify(outcome),
            "error": outcome.error,
            "pod": outcome.pod,
            "record_version": outcome.record_version,
            "diagnosis": _diagnosis(step, outcome),
        }
    )


def _diagnosis(step: StepProgress, outcome: TaskOutcome) -> Diagnosis | None:
    """Return what is wrong; at a deadline, what the task was waiting for all that time."""
    if outcome.reason is not OutcomeReason.TIMED_OUT:
        return outcome.diagnosis
    return step.diagnosis or outcome.diagnosis or said(advice.DEADLINE)


def gate_ended(step: StepProgress, gate: Gate, on_timeout: str, now: datetime) -> StepProgress:
    """Return the step as its gate's outcome leaves it.

    Source: BubuStack, gate primitive.
    """
    match gate.outcome:
        case GateOutcome.APPROVED:
            return ended(step, Phase.SUCCEEDED, gates.message_of(gate), now)
        case GateOutcome.REJECTED:
            return ended(step, Phase.FAILED, gates.message_of(gate), now, StepReason.REJECTED)
        case _ if on_timeout == "skip":
            message = "gate step timed out and was skipped."
            return ended(step, Phase.SKIPPED, message, now, StepReason.TIMED_OUT)
        case _:
            return ended(step, Phase.TIMEOUT, "gate step timed out.", now, StepReason.TIMED_OUT)


def joined(step: StepProgress, branches: Sequence[StepProgress], now: datetime) -> StepProgress:
    """Return a parallel step as the ends of its branches leave it.

    Source: BubuStack, parallel primitive.
    """
    if failed := [branch.own_name for branch in branches if branch.failed]:
        message = f"Parallel branches failed: {', '.join(failed)}"
        return ended(step, Phase.FAILED, message, now, StepReason.EXECUTION_FAILED)
    allowed = any(branch.failed_as_allowed for branch in branches)
    message = f"Parallel branches completed{' with allowed failures' if allowed else ''}."
    return ended(step, Phase.SUCCEEDED, message, now)


def wait_timed_out(step: StepProgress, on_timeout: str, now: datetime) -> StepProgress:
    """Return a wait as over whose condition did not come to hold in time.

    Source: BubuStack, wait primitive.
    """
    if on_timeout == "skip":
        message = "wait step timed out and was skipped."
        return ended(step, Phase.SKIPPED, message, now, StepReason.TIMED_OUT)
    return ended(step, Phase.TIMEOUT, "wait step timed out.", now, StepReason.TIMED_OUT)


def ended(
    step: StepProgress,
    phase: Phase,
    message: str,
    now: datetime,
    reason: StepReason | None = None,
) -> StepProgress:
    """Return the step as over."""
    return step.model_copy(
        update={
            "phase": phase,
            "reason": reason,
            "message": message[:MESSAGE],
            "finished_at": now,
            "next_retry_at": None,
            "exit_class": ExitClass.SUCCESS if phase is Phase.SUCCEEDED else step.exit_class,
        }
    )


def with_step(state: StoryRunState, step: StepProgress) -> StoryRunState:
    """Return the state with that step as it is now."""
    return state.model_copy(update={"steps": {**state.steps, step.name: step}})


def sizes_of(state: StoryRunState) -> dict[str, int]:
    """Return the bytes of JSON that the inputs (under an empty name) and each output take."""
    outputs = {name: size_of(step.output) for name, step in state.steps.items()}
    return {"": size_of(state.inputs), **outputs}


def size_of(value: Any) -> int:
    """Return the bytes of JSON that a value takes; none at all for None."""
    return 0 if value is None else len(json.dumps(value, ensure_ascii=False).encode())


def checked(template: EngramTemplate, outcome: TaskOutcome) -> TaskOutcome:
    """Return the outcome, or a failure when its output is not what the template promises.

    Whoever reported the success: upstream does not check what a pod wrote itself.

    Source: BubuStack, schema validation of a StepRun's output.
    """
    schema = template.spec.output_schema
    if not schema or not outcome.succeeded:
        return outcome
    problems = violations(schema, outcome.output or {}, "output")
    if not problems:
        return outcome
    return outcome.model_copy(
        update={
            "succeeded": False,
            "reason": OutcomeReason.OUTPUT_SCHEMA_FAILED,
            "message": "; ".join(map(str, problems)),
            "exit_class": None,
            "output": None,
        }
    )


def bounded(name: str, outcome: TaskOutcome, sizes: Mapping[str, int]) -> TaskOutcome:
    """Return the outcome of that step, or a failure when the run would hold too much with it."""
    message = excess(name, outcome.output, sizes) if outcome.succeeded else ""
    if not message:
        return outcome
    return outcome.model_copy(
        update={
            "succeeded": False,
            "reason": OutcomeReason.OUTPUT_TOO_LARGE,
            "message": message,
            "exit_class": None,
            "output": None,
        }
    )


def excess(name: str, output: Any, sizes: Mapping[str, int]) -> str:
    """Return why a run cannot hold that output of that step; empty if it can."""
    with_it = {**sizes, name: size_of(output)}
    total = sum(with_it.values())
    if total <= MOST_STATE:
        return ""
    largest = sorted(((size, name) for name, size in with_it.items() if name), reverse=True)[:3]
    named = ", ".join(f"{name} ({size} bytes)" for size, name in largest)
    return (
        f"inputs and outputs of a run may take {MOST_STATE} bytes together, with this output "
        f"they would take {total}; the largest are {named}"
    )
