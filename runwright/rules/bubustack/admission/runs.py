"""Whether StoryRuns and StepRuns may be started, and changed."""

from typing import Final

from runwright.errors import Problem
from runwright.models.bubustack import StepRun, Story, StoryRun, StoryRunSpec
from runwright.rules.bubustack.admission.sizes import (
    LARGEST_BLOCK,
    object_size_problem,
    size_problem,
)
from runwright.rules.schemas import violations, with_defaults
from runwright.rules.wording import quoted

LARGEST_STEP_INPUT: Final = 4096
"""Bytes of JSON."""


def story_run_problems(run: StoryRun, story: Story | None = None) -> list[Problem]:
    """Return every reason for which a StoryRun is refused; against its Story if that is given.

    Source: bobrapet, StoryRun webhook. Ours: inputs may take as much as any `with`, where upstream
    stores what is beyond 1 KiB elsewhere.
    """
    problems = [
        *object_size_problem(run),
        *size_problem(run.spec.inputs, LARGEST_BLOCK, "spec.inputs"),
    ]
    if story is None:
        return problems
    wanted, present = run.spec.story_ref.version, story.spec.version
    if wanted and wanted != present:
        message = f"asks for {quoted(wanted)}, but the Story's version is {quoted(present or '')}"
        problems.append(Problem("spec.storyRef.version", message))
    schema = story.spec.inputs_schema
    if schema is None:
        return problems
    inputs = with_defaults(schema, run.spec.inputs or {})
    return problems + violations(schema, inputs, "spec.inputs")


def is_spec_change_allowed(old: StoryRunSpec, new: StoryRunSpec) -> bool:
    """Return whether the spec of a StoryRun may change so: only to ask, once, to cancel it.

    Source: bobrapet, StoryRun webhook.
    """
    rest = {"cancel_requested": None}
    if old.model_copy(update=rest) != new.model_copy(update=rest):
        return False
    return bool(new.cancel_requested) >= bool(old.cancel_requested)


def step_run_problems(run: StepRun) -> list[Problem]:
    """Return every reason for which a StepRun is refused.

    Source: bobrapet, StepRun webhook.
    """
    problems = [
        *object_size_problem(run),
        *size_problem(run.spec.input, LARGEST_STEP_INPUT, "spec.input"),
    ]
    for index, target in enumerate(run.spec.downstream_targets):
        if (target.grpc is None) == (target.terminate is None):
            message = 'must have exactly one of "grpc" and "terminate"'
            problems.append(Problem(f"spec.downstreamTargets[{index}]", message))
    for index, name in enumerate(run.status.needs if run.status else ()):
        if name == run.metadata.name:
            problems.append(Problem(f"status.needs[{index}]", "a step cannot wait for itself"))
    return problems
