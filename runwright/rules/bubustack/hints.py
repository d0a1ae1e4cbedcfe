"""When to tell an open run that something may be there that its steps wait for."""

from collections.abc import Iterator

from runwright.errors import InvalidManifestError
from runwright.models.bubustack import (
    Engram,
    EngramReference,
    EngramTemplate,
    Phase,
    Story,
    StoryRun,
    StoryRunStatus,
)
from runwright.models.metadata import ConditionStatus
from runwright.rules.bubustack.branches import all_steps, block_of
from runwright.rules.bubustack.conditions import BLOCKED
from runwright.rules.bubustack.intake import Lookups


def is_blocked(status: StoryRunStatus | None) -> bool:
    """Return whether a run shows that steps of it wait for what is not there."""
    conditions = status.conditions if status else ()
    return any(one.type == BLOCKED and one.status is ConditionStatus.TRUE for one in conditions)


def come(run: StoryRun, lookups: Lookups) -> tuple[str, ...]:
    """Return the versions of what is there now of that which the steps of a run wait for.

    The same ones say nothing new. Which steps wait, the run shows; what they need, their Story says
    as it is now: where it was changed meanwhile, the run finds out by itself, a little later.
    """
    if run.status is None or not is_blocked(run.status):
        return ()
    home = run.metadata.namespace
    story = _story(run, lookups)
    references = _awaited(story, run.status) if story else ()
    return tuple(dict.fromkeys(one for each in references for one in _come(each, home, lookups)))


def _story(run: StoryRun, lookups: Lookups) -> Story | None:
    try:
        return lookups.story(run.metadata.namespace, run.spec.story_ref.name)
    except InvalidManifestError:
        return None


def _awaited(story: Story, status: StoryRunStatus) -> Iterator[EngramReference]:
    """Yield what the steps name that wait; a branch may, as long as its block runs."""
    for _, step in all_steps(story):
        block = block_of(step.name)
        state = status.step_states.get(block or step.name)
        waits = state is not None and state.phase is (Phase.RUNNING if block else Phase.BLOCKED)
        if waits and step.ref is not None:
            yield step.ref


def _come(reference: EngramReference, home: str, lookups: Lookups) -> Iterator[str]:
    try:
        engram = lookups.engram(home, reference.name)
        if engram is not None:
            yield _version(engram)
            template = lookups.template(engram.spec.template_ref.name)
            if template is not None:
                yield _version(template)
    except InvalidManifestError as error:  # the run says so of its step
        yield str(error)


def _version(one: Engram | EngramTemplate) -> str:
    metadata = one.metadata
    return f"{one.kind}/{metadata.name}/{metadata.uid}/{metadata.generation}"
