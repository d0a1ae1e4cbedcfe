"""How a StoryRun ends."""

from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

from runwright.errors import TemplateError
from runwright.models.bubustack import Phase, Story
from runwright.models.durations import format_duration
from runwright.models.story_run import (
    FailedStep,
    RunError,
    Section,
    StepProgress,
    StepReason,
    StoryRunState,
)
from runwright.rules import schemas, templates
from runwright.rules.bubustack.conditions import usual_reason
from runwright.rules.bubustack.dag import Interruption, Steps, failed_steps
from runwright.rules.bubustack.primitives import Stop
from runwright.rules.bubustack.progress import MESSAGE, MOST_OUTPUT, size_of, story_timeout
from runwright.rules.bubustack.scope import lacking, scope_of
from runwright.rules.wording import quoted


class Ending(NamedTuple):
    """The phase, the reason and the message that a run ends with."""

    phase: Phase
    reason: str
    message: str
    failed: tuple[StepProgress, ...] = ()
    output: dict[str, Any] | None = None


def closed(state: StoryRunState, ending: Ending, now: datetime) -> StoryRunState:
    """Return the state of a run that is over."""
    return state.model_copy(
        update={
            "phase": ending.phase,
            "reason": ending.reason,
            "message": ending.message[:MESSAGE],
            "finished_at": now,
            "output": ending.output,
            "allowed_failures": allowed_failures(state.steps),
            "error": _error(ending),
        }
    )


def _error(ending: Ending) -> RunError | None:
    if ending.phase in CLOSES_AS_COMPLETED | CLOSES_AS_CANCELED:
        return None
    failed = tuple(
        FailedStep(name=step.name, phase=step.phase, message=step.message)
        for step in ending.failed
        if step.phase
    )
    return RunError(type=ending.reason, message=ending.message, failed_steps=failed)


CANCELED: Final = Ending(Phase.FINISHED, "Canceled", "StoryRun gracefully canceled")
CLOSES_AS_COMPLETED: Final = frozenset({Phase.SUCCEEDED, Phase.SKIPPED})
CLOSES_AS_CANCELED: Final = frozenset({Phase.FINISHED, Phase.CANCELED})
RUN_CANCELED: Final = Interruption(
    StepReason.CANCELED,
    "Stopped because the run was canceled",
    "Skipped because the run was canceled",
)


def without_access(why: str) -> Interruption:
    """Return why no step can run: what the tasks were to act as could not be made."""
    message = f"The ServiceAccount of the run's tasks could not be made: {why}"
    return Interruption(StepReason.EXECUTION_FAILED, message, message)


def without_rights(template: str, why: str) -> str:
    """Return why a step cannot run: what its template asks for could not be granted."""
    return f"What EngramTemplate {quoted(template)} lets its pods do could not be granted: {why}"


def not_prepared(trouble: Interruption) -> Ending:
    """Return the ending of a run of which no step could run."""
    return Ending(Phase.FAILED, "ExecutionFailed", trouble.message)


def stopped_by(stop: Stop) -> Interruption:
    """Return why steps end that a stop step ends."""
    return Interruption(
        StepReason.STOPPED,
        f"Stopped by step {stop.step}",
        f"Skipped because step {stop.step} stopped the run",
    )


def story_timed_out(story: Story) -> Interruption:
    """Return why steps end when the Story's time is up."""
    timeout = format_duration(story_timeout(story) or timedelta(0))
    return Interruption(
        StepReason.STORY_TIMED_OUT,
        f"Stopped because the story timed out after {timeout}",
        f"Skipped because the story timed out after {timeout}",
    )


def ending_of(
    story: Story,
    state: StoryRunState,
    now: datetime | None = None,
    random: Random | None = None,
    stop: Stop | None = None,
) -> Ending:
    """Return how a run ends whose steps are all over.

    Failed hooks weigh more than what they were to mend; of several failed steps the first in the
    Story gives its name. `now` and `random` are what the template of the output takes for time and
    chance. A `stop` among the main steps decides what they came to.

    Source: BubuStack, finalise precedence (upstream names any of the failed steps).
    """
    steps = state.steps
    cleanup = failed_steps(story, Section.FINALLY, steps)
    compensations = failed_steps(story, Section.COMPENSATIONS, steps)
    main = failed_steps(story, Section.MAIN, steps)
    everything = main + compensations + cleanup
    if cleanup:
        message = f"Finally step {cleanup[0].name} failed."
        return Ending(Phase.FAILED, "CleanupFailed", message, everything)
    if compensations:
        message = f"Compensation step {compensations[0].name} failed."
        return Ending(Phase.FAILED, "CompensationFailed", message, everything)
    if stop is not None:
        return _stopped(story, state, stop, now, random)
    if main and story.spec.compensations:
        message = "Story failed; compensations completed."
        return Ending(Phase.COMPENSATED, "Compensated", message, everything)
    if main:
        message = f"Story completed with failed step: {main[0].name}."
        return Ending(Phase.FAILED, "DependencyFailed", message, everything)
    return _success(story, state, now, random)


def _stopped(
    story: Story, state: StoryRunState, stop: Stop, now: datetime | None, random: Random | None
) -> Ending:
    """Return how a run ends that a step stopped; its output may need what did not run.

    Source: BubuStack, stop primitive, as its documentation has it.
    """
    if stop.phase is not Phase.SUCCEEDED:
        step = state.steps[stop.step]
        failed = (step,) if stop.is_failure else ()
        return Ending(stop.phase, usual_reason(stop.phase), stop.message, failed)
    ending = _success(story, state, now, random)
    if ending.phase is Phase.SUCCEEDED:
        return ending._replace(message=stop.message)
    message = f"{stop.message} Its output is left out: {ending.message}"
    return Ending(Phase.SUCCEEDED, "Completed", message)


def _success(
    story: Story, state: StoryRunState, now: datetime | None, random: Random | None
) -> Ending:
    """Return success with the Story's output, or the failure to make that output.

    Source: BubuStack, finalise success (upstream leaves out an output over 1 MiB; a run closes
    with its whole state, of which Temporal takes 2 MiB).
    """
    if story.spec.output is None:
        return Ending(Phase.SUCCEEDED, "Completed", _success_message(state.steps))
    try:
        scope = scope_of(state.inputs, state.steps)
        output = templates.evaluate_object(
            story.spec.output, scope, "output", now=now, random=random
        )
    except TemplateError as error:
        why = lacking(story.spec.output, state.steps)
        said = f"{error}; {why}" if why else str(error)
        message = f"Failed to evaluate final output template: {said}"
        return Ending(Phase.FAILED, "OutputResolutionFailed", message)
    if problems := schemas.violations(story.spec.outputs_schema or {}, output, "output"):
        return Ending(Phase.FAILED, "OutputSchemaFailed", "; ".join(map(str, problems)))
    message = _success_message(state.steps)
    if (size := size_of(output)) > MOST_OUTPUT:
        message = f"{message} Its output is left out: it takes {size} bytes of {MOST_OUTPUT}."
        return Ending(Phase.SUCCEEDED, "Completed", message)
    return Ending(Phase.SUCCEEDED, "Completed", message, output=output)


def timed_out(story: Story, steps: Steps) -> Ending:
    """Return the ending of a run that took longer than its Story allows."""
    failed = tuple(step for section in Section for step in failed_steps(story, section, steps))
    timeout = format_duration(story_timeout(story) or timedelta(0))
    return Ending(Phase.TIMEOUT, "TimedOut", f"Story timed out after {timeout}.", failed)


def needs_mending(story: Story, steps: Steps, stop: Stop | None) -> bool:
    """Return whether compensations are to run: after a failure, also one that a stop declares."""
    if stop is not None:
        return stop.is_failure
    return bool(failed_steps(story, Section.MAIN, steps))


def allowed_failures(steps: Steps) -> tuple[str, ...]:
    """Return the names of the steps that failed and may, sorted; branches as `build/lint`.

    Source: BubuStack, StoryRun status; there branches are in no list, and nothing tells of them.
    """
    return tuple(sorted(step.name for step in steps.values() if step.failed_as_allowed))


def _success_message(steps: Steps) -> str:
    allowed = allowed_failures(steps)
    if allowed:
        return f"Completed with allowed failures: {', '.join(allowed)}"
    return "All steps completed successfully."
