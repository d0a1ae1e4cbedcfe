"""What a new execution of a run takes over from the one before."""

from collections.abc import Mapping
from typing import Any, Final

from runwright.errors import InvalidManifestError, NotFoundError, Problem
from runwright.models.bubustack import Phase
from runwright.models.story_run import (
    ResumeFrom,
    Section,
    StartStoryRun,
    StepProgress,
    StepReason,
    StoryRunState,
)
from runwright.rules.bubustack.dag import steps_of
from runwright.rules.bubustack.dependencies import transitive_dependents
from runwright.rules.schemas import violations, with_defaults

_NO_RESULTS: Final = frozenset(
    {
        StepReason.FAIL_FAST,
        StepReason.DEPENDENCY_FAILED,
        StepReason.STORY_TIMED_OUT,
        StepReason.CANCELED,
    }
)


def resumed(
    start: StartStoryRun,
    state: StoryRunState,
    *,
    step: str = "",
    inputs: Mapping[str, Any] | None = None,
    by: str = "",
) -> StartStoryRun:
    """Return the input of the execution that goes on where `state` ended.

    Steps that are done keep their outputs. With `step`, that step and all that depend on it are
    repeated, whatever became of them. Hooks belong to one execution and are never kept. `inputs`
    change those of the run; what was kept was made with the old ones.

    Raises:
        NotFoundError: the Story has no main step of that name.
        InvalidManifestError: the run is not over, or changed inputs do not fit the Story's schema.
    """
    if state.finished_at is None:
        raise InvalidManifestError([Problem("", f"run {state.name} is not over yet")])
    if step:
        check_step(start, step)
    main = steps_of(start.story, Section.MAIN)
    repeated = {step, *transitive_dependents(main, step)} if step else set[str]()
    kept = {
        one.name: _kept(state.steps[one.name])
        for one in main
        if one.name not in repeated and _may_be_kept(state.steps.get(one.name))
    }
    again = ResumeFrom(
        activation=state.activation + 1,
        kept=kept,
        gates={name: gate for name, gate in state.gates.items() if name in kept},
        step=step,
        by=by,
    )
    return _next(start, again, inputs)


def begun_anew(
    start: StartStoryRun, *, inputs: Mapping[str, Any] | None = None, by: str = ""
) -> StartStoryRun:
    """Return the input of the execution that keeps nothing of the one that `start` began.

    It executes the same Story, as every execution of a run does. `inputs` change those of the run.

    Raises:
        InvalidManifestError: changed inputs do not fit the Story's schema.
    """
    return _next(start, ResumeFrom(activation=start.activation + 1, by=by), inputs)


def check_step(start: StartStoryRun, step: str) -> None:
    """Return if a run can be repeated from that step.

    Raises:
        NotFoundError: the Story has no main step of that name.
    """
    known = [one.name for one in steps_of(start.story, Section.MAIN)]
    if step not in known:
        message = (
            f"story {start.story.metadata.name} has no step {step} to retry from; "
            f"it has {', '.join(known)}"
        )
        raise NotFoundError(message)


def _next(
    start: StartStoryRun, again: ResumeFrom, inputs: Mapping[str, Any] | None
) -> StartStoryRun:
    changed = _changed(start, inputs) if inputs else start.inputs
    return start.model_copy(update={"inputs": changed, "resume_from": again})


def _changed(start: StartStoryRun, inputs: Mapping[str, Any]) -> dict[str, Any]:
    changed = {**start.inputs, **inputs}
    schema = start.story.spec.inputs_schema or {}
    if problems := violations(schema, with_defaults(schema, changed), "inputs"):
        raise InvalidManifestError(problems)
    return changed


def next_input(start: StartStoryRun, state: StoryRunState) -> str:
    """Return as JSON what the next execution would start with; empty unless the run failed."""
    if state.finished_at is None or state.phase is Phase.SUCCEEDED:
        return ""
    return resumed(start, state).model_dump_json(exclude_none=True)


def _may_be_kept(step: StepProgress | None) -> bool:
    """Return whether what the step did still counts.

    A failure that the Story allows and a false `if` are results like others; what was skipped or
    stopped because of something else is none.
    """
    if step is None or step.reason in _NO_RESULTS:
        return False
    return step.is_over and (step.succeeded or step.failed_as_allowed)


def _kept(step: StepProgress) -> StepProgress:
    return step.model_copy(update={"reason": StepReason.KEPT})
