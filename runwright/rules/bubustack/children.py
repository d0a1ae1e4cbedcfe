"""Stories that the steps of others execute: which they are, and how a run of one starts."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from random import Random
from typing import Any, Final, NamedTuple

from runwright.errors import NotFoundError, TemplateError
from runwright.models.bubustack import Phase, Step, StepType, Story
from runwright.models.runs import LONGEST_REASON, Cancelled, CancelRun
from runwright.models.story_run import (
    ChildNote,
    ChildRun,
    OpenGate,
    ParentRun,
    StartStoryRun,
    StepProgress,
    StepReason,
    StoryRunState,
    workflow_id,
)
from runwright.rules import templates
from runwright.rules.bubustack import progress
from runwright.rules.bubustack.branches import all_steps, step_run_name
from runwright.rules.bubustack.dag import Interruption
from runwright.rules.shapes import is_object
from runwright.rules.templates import INPUTS
from runwright.rules.wording import listed

DEEPEST: Final = 32
"""Runs within each other, where the Story that is executed says nothing else."""
MOST_START: Final = 2 * 1024 * 1024 - 64 * 1024
"""Bytes that the start of a run may take: Temporal takes 2 MiB of one thing."""
_MOST_GATES: Final = 10
"""Of a run and of those within it, that the outer one hears of."""
Key = tuple[str, str]
"""Namespace and name of a Story."""


class Execution(NamedTuple):
    """What a step asks for that executes a Story."""

    story: Story
    inputs: dict[str, Any]
    waits: bool


def story_keys(story: Story) -> Iterator[tuple[Step, Key]]:
    """Yield the steps of a Story that execute another one, and which."""
    for _, step in all_steps(story):
        if step.type is StepType.EXECUTE_STORY:
            reference = (step.with_ or {}).get("storyRef")
            if is_object(reference):
                home = story.metadata.namespace
                yield step, (str(reference.get("namespace") or home), str(reference.get("name")))


def version_of(step: Step) -> str | None:
    """Return the version that a step asks for of the Story that it executes; None: any."""
    reference = (step.with_ or {}).get("storyRef")
    version = reference.get("version") if is_object(reference) else None
    return None if version is None else str(version)


def executed_stories(
    story: Story, lookup: Callable[[Key], Story | None]
) -> tuple[tuple[Story, ...], tuple[Key, ...]]:
    """Return the Stories that the run of one may execute, and the keys of those not found.

    Directly or not; that Story itself is not among them.
    """
    found: dict[Key, Story] = {key_of(story): story}
    missing: dict[Key, None] = {}
    pending = [story]
    while pending:
        for _, key in story_keys(pending.pop()):
            if key in found or key in missing:
                continue
            if (one := lookup(key)) is None:
                missing[key] = None
            else:
                found[key] = one
                pending.append(one)
    return tuple(found.values())[1:], tuple(missing)


def key_of(story: Story) -> Key:
    """Return the namespace and the name of a Story."""
    return story.metadata.namespace, story.metadata.name


def execution_of(
    start: StartStoryRun, step: Step, scope: Mapping[str, Any], now: datetime, random: Random
) -> Execution:
    """Return what a step asks for that executes a Story.

    Its inputs are those that the Story's policy has for such a run, overridden by the step's own;
    both are resolved over the run that the step belongs to, the policy's over its inputs alone.

    Raises:
        TemplateError: a template comes to nothing of use, or the runs lie too deep in each other.
        NotFoundError: the run has not taken the Story along.

    Source: BubuStack, executeStory primitive; there it waits for the child only where it is told
    to, and then for ever. Ours: it waits unless it is told not to.
    """
    arguments = step.with_ or {}
    story = _story_of(start, step)
    _must_not_be_too_deep(start, story)
    policy = story.spec.policy
    usual: Mapping[str, Any] = (policy and policy.with_) or {}
    usual = templates.evaluate_object(
        usual, {INPUTS: scope[INPUTS]}, "policy.with", now=now, random=random
    )
    own: Mapping[str, Any] = arguments.get("with") or {}
    own = templates.evaluate_object(own, scope, "with.with", now=now, random=random)
    waits = arguments.get("waitForCompletion")
    return Execution(story, {**usual, **own}, waits is not False)


def _story_of(start: StartStoryRun, step: Step) -> Story:
    wanted = {one.name: key for one, key in story_keys(start.story)}.get(step.name)
    found = known_stories(start).get(wanted) if wanted else None
    if found is None:
        message = f"step {step.name}: the Story that it executes is not in the snapshot"
        raise NotFoundError(message)
    return found


def known_stories(start: StartStoryRun) -> dict[Key, Story]:
    """Return the Stories that a run has taken along, its own first."""
    return {key_of(one): one for one in (start.story, *start.stories)}


def _must_not_be_too_deep(start: StartStoryRun, story: Story) -> None:
    policy = story.spec.policy.execution if story.spec.policy else None
    deepest = (policy.max_recursion_depth if policy else None) or DEEPEST
    if start.depth + 1 > deepest:
        message = (
            f"{start.depth + 1} runs would lie within each other; story {story.metadata.name} "
            f"allows {deepest}"
        )
        raise TemplateError(message)


def child_start(
    start: StartStoryRun, step: Step, asked: Execution, parent_id: str
) -> StartStoryRun:
    """Return the input of the run that a step starts; `parent_id` is its own workflow's id.

    Source: BubuStack, names and executeStory primitive.
    """
    stories, _ = executed_stories(asked.story, known_stories(start).get)
    return StartStoryRun(
        namespace=start.namespace,
        name=step_run_name(start.name, step.name),
        story=asked.story,
        stories=stories,
        engrams=start.engrams,
        templates=start.templates,
        patience=start.patience,
        defaults=start.defaults,
        inputs=asked.inputs,
        author=start.author,
        backend=start.backend,
        cluster=start.cluster,
        correlation=start.correlation,
        parent=ParentRun(
            name=start.name,
            uid=start.uid,
            step=step.name,
            workflow_id=parent_id,
            activation=highest_activation(start),
        ),
        depth=start.depth + 1,
    )


def highest_activation(start: StartStoryRun) -> int:
    """Return which execution this is, of the run or of one that it lies in.

    After the first, the names of what it executes may be those of its own earlier ones.
    """
    return max(start.activation, start.parent.activation if start.parent else 1)


def placed(child: StartStoryRun, uid: str) -> StartStoryRun:
    """Return the input of a run whose object, just made, has that uid."""
    return child.model_copy(update={"uid": uid, "generation": 1})


def size_of_message(child: StartStoryRun) -> int:
    """Return about how many bytes the start of a run takes in a message to Temporal."""
    return len(child.model_dump_json(exclude_none=True).encode())


def too_large(child: StartStoryRun) -> str:
    """Return why a run cannot be started: it takes too much in a message; empty if it can.

    What a workflow cannot send would not fail its step, but hold it up for ever.
    """
    if (size := progress.size_of(child.inputs)) > progress.MOST_STATE:
        return (
            f"with.with: the inputs of run {child.name} take {size} bytes; a run may hold "
            f"{progress.MOST_STATE}, with its outputs"
        )
    if (size := size_of_message(child)) > MOST_START:
        return (
            f"the start of run {child.name} takes {size} bytes with its inputs and all that it "
            f"executes; it may take {MOST_START}"
        )
    return ""


def id_of(child: StartStoryRun) -> str:
    """Return the id of the workflow of a child."""
    return workflow_id(child.namespace, child.name, child.uid)


def executing(step: StepProgress, child: StartStoryRun) -> StepProgress:
    """Return the step as running another run."""
    run = ChildRun(name=child.name, uid=child.uid, workflow_id=id_of(child))
    message = f"Running sub-story run {child.name}"
    return progress.under_way(step, message).model_copy(update={"child": run})


def noted(step: StepProgress, note: ChildNote) -> StepProgress:
    """Return the step with the gates at which its run waits; as it is, if it waits for no such run.

    Whoever sees the step wait has to know that somebody is to decide, and where.
    """
    child = step.child
    if child is None or not step.is_running or child.workflow_id != note.workflow_id:
        return step
    gates = listed(
        one.gate if one.run == child.name else f"{one.gate} of run {one.run}" for one in note.gates
    )
    waits = f", which waits for a decision at {gates}" if gates else ""
    update = {
        "child": child.model_copy(update={"gates": note.gates}),
        "message": f"Running sub-story run {child.name}{waits}",
    }
    return step.model_copy(update=update)


def open_gates(state: StoryRunState) -> tuple[OpenGate, ...]:
    """Return the gates at which a run waits, then those of the runs within it; not all of many."""
    own = (OpenGate(run=state.name, gate=name) for name in state.pending_gates)
    running = (step.child for step in state.steps.values() if step.is_running and step.child)
    within = (gate for child in running for gate in child.gates)
    return (*own, *within)[:_MOST_GATES]


def launched(step: StepProgress, now: datetime) -> StepProgress:
    """Return the step as over: nobody waits for what it has started.

    Source: BubuStack, executeStory primitive.
    """
    return progress.ended(step, Phase.SUCCEEDED, "Launched sub-story run", now)


def child_ended(
    step: StepProgress, state: StoryRunState, sizes: Mapping[str, int], now: datetime
) -> StepProgress:
    """Return the step as the end of the run that it waited for leaves it: in the same phase.

    It failed if its run's output is more than this one can hold besides what has `sizes`.

    Source: BubuStack, executeStory primitive.
    """
    if state.phase is not Phase.SUCCEEDED:
        reason = StepReason.EXECUTION_FAILED
        return progress.ended(step, state.phase, state.message, now, reason)
    if message := progress.excess(step.name, state.output, sizes):
        return progress.ended(step, Phase.FAILED, message, now, StepReason.EXECUTION_FAILED)
    ended = progress.ended(step, state.phase, state.message, now)
    return ended.model_copy(update={"output": state.output})


def cancel_of(
    start: StartStoryRun, cancelled: Cancelled | None, why: Interruption | None
) -> CancelRun:
    """Return how the run of a step is told to end with this one, or because of what ended the step.

    A grace that somebody asked for is for all that runs; else each Story has its own.
    """
    said = cancelled.reason if cancelled else why.message if why else ""
    reason = ": ".join(filter(None, (f"run {start.name} ended its step", said)))
    if cancelled is None:
        return CancelRun(reason=reason)
    is_usual = cancelled.grace == progress.stop_grace(start.story)
    return CancelRun(
        by=cancelled.by,
        reason=reason[:LONGEST_REASON],
        grace=None if is_usual else cancelled.grace,
        run_hooks=cancelled.run_hooks,
    )
