"""What a StepRun shows of its step."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from pydantic import ValidationError

from runwright.models.bubustack import (
    ExitClass,
    Phase,
    Step,
    StepRunStatus,
    StructuredError,
    StructuredErrorType,
)
from runwright.models.story_run import Section, StartStoryRun, StepProgress, StepReason
from runwright.rules.bubustack.branches import branches_of, step_run_name, steps_of
from runwright.rules.bubustack.conditions import Standing, cut, phase_conditions
from runwright.rules.bubustack.dependencies import dependencies
from runwright.rules.bubustack.progress import MESSAGE, size_of
from runwright.rules.bubustack.status.run import lasted, step_message

MOST_STEP_OUTPUT: Final = 8 * 1024
"""Bytes of JSON; an output that is larger the pod wrote into the StepRun itself."""
_FAILED: Final = frozenset({Phase.FAILED, Phase.TIMEOUT, Phase.ABORTED})
_REASONS: Final = {StepReason.STORY_TIMED_OUT: "TimedOut", StepReason.KEPT: ""}
"""Where the catalogue of upstream has another word than we, or the phase says enough."""


def step_run_status(start: StartStoryRun, step: StepProgress) -> StepRunStatus:
    """Return the status of the StepRun of a step that an Engram does.

    Source: BubuStack, StepRun status.
    """
    return StepRunStatus(
        phase=step.phase,
        started_at=step.started_at,
        finished_at=step.finished_at,
        duration=lasted(step.started_at, step.finished_at),
        last_output_at=step.finished_at if step.output else None,
        conditions=phase_conditions(_standing(step)),
        exit_code=step.exit_code,
        exit_class=step.exit_class,
        pod_name=step.pod,
        retries=_retries(step),
        next_retry_at=step.next_retry_at,
        last_failure_msg=_last_failure(step),
        output=None if has_large_output(step) else step.output,
        error=_error(step),
        needs=tuple(_needs(start, step)),
    )


def has_large_output(step: StepProgress) -> bool:
    """Return whether a step's output is not written a second time, for its size."""
    return size_of(step.output) > MOST_STEP_OUTPUT


def _standing(step: StepProgress) -> Standing:
    reason = _REASONS.get(step.reason, step.reason.value) if step.reason else ""
    phase = step.phase or Phase.PENDING
    return Standing(phase, reason, step_message(step), step.started_at, step.finished_at)


def _retries(step: StepProgress) -> int:
    """Return which retry is under way, or was the last; a scheduled one counts already.

    Source: BubuStack, StepRun retry policy.
    """
    if step.reason is StepReason.RETRY_SCHEDULED:
        return step.tries
    return max(0, step.tries - 1)


def _last_failure(step: StepProgress) -> str:
    """Return what the last try failed of; nothing is left to say after a success."""
    fails = step.phase in _FAILED or step.reason is StepReason.RETRY_SCHEDULED
    return cut(step.message, MESSAGE) if fails else ""


def _error(step: StepProgress) -> StructuredError | None:
    """Return why the step failed: as its task reported it, else in our words."""
    with suppress(ValidationError):
        return StructuredError.model_validate(step.error) if step.error else _own_error(step)
    return _own_error(step)


def _own_error(step: StepProgress) -> StructuredError | None:
    if step.phase not in _FAILED:
        return None
    timed_out = step.phase is Phase.TIMEOUT
    code = step.exit_code
    return StructuredError(
        type=StructuredErrorType.TIMEOUT if timed_out else StructuredErrorType.EXECUTION_ERROR,
        message=cut(step.message, MESSAGE),
        exit_code=code if code is not None and code >= 0 else None,
        exit_class=step.exit_class if step.exit_class is not ExitClass.SUCCESS else None,
        details=step.diagnosis.model_dump(mode="json") if step.diagnosis else None,
    )


def _needs(start: StartStoryRun, step: StepProgress) -> Iterator[str]:
    """Yield the names of the StepRuns of the steps that a step waited for."""
    steps = _around(start, step)
    for name in dependencies(steps[step.name]):
        if _is_engram(steps.get(name)):
            yield step_run_name(start.name, name)


def _around(start: StartStoryRun, step: StepProgress) -> dict[str, Step]:
    """Return the steps of the Story by name, and of branches those beside a branch.

    Each StepRun is written several times: the blocks that it has nothing to do with are not read.
    """
    listed = {one.name: one for section in Section for one in steps_of(start.story, section)}
    block = listed.get(step.block)
    return listed | {one.name: one for one in branches_of(block)} if block else listed


def _is_engram(step: Step | None) -> bool:
    return step is not None and step.ref is not None
