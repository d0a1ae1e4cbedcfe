"""What a new execution of a run takes over from the one before."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runwright.errors import InvalidManifestError, NotFoundError, Problem
from runwright.models.bubustack import Step, StepType
from runwright.models.story_run import (
    ResumeFrom,
    Section,
    StartStoryRun,
    StepProgress,
    StepReason,
    StoryRunState,
)
from runwright.rules.bubustack.branches import all_steps, block_of
from runwright.rules.bubustack.dependencies import transitive_dependents
from runwright.rules.bubustack.verdicts import CLOSES_AS_COMPLETED
from runwright.rules.history import newest
from runwright.rules.schemas import violations, with_defaults

LONGEST_INPUT: Final = 32 * 1024
"""Characters of JSON; beyond, a person would not copy it."""
_NO_RESULTS: Final = frozenset(
    {
        StepReason.FAIL_FAST,
        StepReason.DEPENDENCY_FAILED,
        StepReason.STORY_TIMED_OUT,
        StepReason.CANCELED,
        StepReason.STOPPED,
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
    main = [one for section, one in all_steps(start.story) if section is Section.MAIN]
    if step and step not in {one.name for one in main}:
        known = ", ".join(one.name for one in main)
        message = f"story {state.story} has no step {step} to retry from; it has {known}"
        raise NotFoundError(message)
    repeated = _repeated(main, step)
    kept = {
        one.name: _kept(state.steps[one.name])
        for one in main
        if one.name not in repeated and _may_be_kept(state.steps.get(one.name))
    }
    return start.model_copy(
        update={
            "inputs": _changed(start, inputs) if inputs else start.inputs,
            "resume_from": ResumeFrom(
                activation=state.activation + 1,
                kept=kept,
                gates={name: gate for name, gate in state.gates.items() if name in kept},
                step=step,
                by=by,
                changed_inputs=tuple(inputs or ()),
                history=state.history,
            ),
        }
    )


def _repeated(steps: Sequence[Step], name: str) -> frozenset[str]:
    """Return the names of the steps that are repeated from that step on; no name: none for now.

    With a branch its block is, and with a block all its branches.
    """
    if not name:
        return frozenset()
    block = block_of(name)
    first = (name, block) if block else (name,)
    whole = {one for each in first for one in (each, *transitive_dependents(steps, each))}
    return frozenset(whole | {one.name for one in steps if block_of(one.name) in whole - {block}})


def _changed(start: StartStoryRun, inputs: Mapping[str, Any]) -> dict[str, Any]:
    changed = {**start.inputs, **inputs}
    schema = start.story.spec.inputs_schema or {}
    if problems := violations(schema, with_defaults(schema, changed), "inputs"):
        raise InvalidManifestError(problems)
    return changed


def next_input(start: StartStoryRun, state: StoryRunState) -> str:
    """Return as JSON what the next execution would start with; empty unless it failed.

    A history that would make it too long to be copied is shortened.
    """
    if state.finished_at is None or state.phase in CLOSES_AS_COMPLETED:
        return ""
    text = _written(start, state)
    if len(text) <= LONGEST_INPUT or not state.history.transitions:
        return text
    room = LONGEST_INPUT - len(_written(start, _with_history(state, 0)))
    return _written(start, _with_history(state, max(0, room)))


def _written(start: StartStoryRun, state: StoryRunState) -> str:
    return resumed(start, state).model_dump_json(exclude_none=True)


def _with_history(state: StoryRunState, most_bytes: int) -> StoryRunState:
    return state.model_copy(update={"history": newest(state.history, most_bytes)})


def _may_be_kept(step: StepProgress | None) -> bool:
    """Return whether what the step did still counts.

    A failure that the Story allows and a false `if` are results like others; what was skipped or
    stopped because of something else is none. Nor is a stop: kept, it would not stop the run again.
    """
    if step is None or step.reason in _NO_RESULTS or step.type == StepType.STOP:
        return False
    return step.is_over and (step.succeeded or step.failed_as_allowed)


def _kept(step: StepProgress) -> StepProgress:
    return step.model_copy(update={"reason": StepReason.KEPT})
