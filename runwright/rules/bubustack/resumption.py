"""What a new execution of a run takes over from the one before."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runwright.errors import InvalidManifestError, NotFoundError, Problem
from runwright.models.bubustack import Step, StepType, Story
from runwright.models.history import History
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
        StepReason.WAITS_IN_VAIN,
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
    main = _main_steps(start)
    repeated = _repeated(main, step)
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
        history=state.history,
    )
    return _next(start, again, inputs)


def begun_anew(
    start: StartStoryRun,
    *,
    inputs: Mapping[str, Any] | None = None,
    by: str = "",
    history: History | None = None,
) -> StartStoryRun:
    """Return the input of the execution that keeps nothing of the one that `start` began.

    It executes the same Story, as every execution of a run does. `inputs` change those of the run;
    its `history` goes on where that is known.

    Raises:
        InvalidManifestError: changed inputs do not fit the Story's schema.
    """
    again = ResumeFrom(
        activation=start.activation + 1, everything=True, by=by, history=history or History()
    )
    return _next(start, again, inputs)


def check_step(start: StartStoryRun, step: str) -> None:
    """Return if a run can be repeated from that step.

    Raises:
        NotFoundError: the Story has no main step of that name.
    """
    known = [one.name for one in _main_steps(start)]
    if step not in known:
        message = (
            f"story {start.story.metadata.name} has no step {step} to retry from; "
            f"it has {', '.join(known)}"
        )
        raise NotFoundError(message)


def _main_steps(start: StartStoryRun) -> list[Step]:
    """Return the main steps of a run's Story, and their branches."""
    return [one for section, one in all_steps(start.story) if section is Section.MAIN]


def _next(
    start: StartStoryRun, again: ResumeFrom, inputs: Mapping[str, Any] | None
) -> StartStoryRun:
    changed = _changed(start, inputs) if inputs else start.inputs
    again = again.model_copy(update={"changed_inputs": tuple(inputs or ())})
    return start.model_copy(update={"inputs": changed, "resume_from": again})


def is_repeated(story: Story, step: str, *, since: str) -> bool:
    """Return whether a step is repeated because a person asked to start from the step `since`."""
    main = [one for section, one in all_steps(story) if section is Section.MAIN]
    return step in _repeated(main, since)


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
    stopped because of something else is none. A stop step is no result either: what it was to end
    comes after it again.
    """
    if step is None or step.type == StepType.STOP or step.reason in _NO_RESULTS:
        return False
    return step.is_over and (step.succeeded or step.failed_as_allowed)


def _kept(step: StepProgress) -> StepProgress:
    return step.model_copy(update={"reason": StepReason.KEPT})
