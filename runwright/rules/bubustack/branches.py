"""The branches of a parallel step: steps of their own, under names such as `build/linux`."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from pydantic import ValidationError

from runwright.models.bubustack import Step, StepType, Story
from runwright.models.story_run import BRANCH, Section
from runwright.rules.bubustack.references import references_of
from runwright.rules.naming import compose
from runwright.rules.shapes import is_list, is_object

STEPS: Final = "steps"
"""The argument of a parallel step that holds its branches."""


def branches_of(step: Step) -> tuple[Step, ...]:
    """Return the branches of a parallel step under their full names; of any other step, none.

    Their `needs` are complete: what their templates refer to is among them, and branches of the
    same block are there by their full names. What is no step is left out; admission says so.
    """
    given = [branch for _, entry in entries_of(step) if (branch := read_branch(entry))]
    names = frozenset(branch.name for branch in given)
    return tuple(_placed(step.name, branch, names) for branch in given)


def read_branch(entry: Any) -> Step | None:
    """Return a branch under its own name; None for what is no step."""
    with suppress(ValidationError):
        return Step.model_validate(said_in(entry))
    return None


def said_in(entry: Any) -> Any:
    """Return a branch without the fields that have nothing behind them.

    Of steps the API server drops those itself; it does not look into the `with` of a step.
    """
    if not is_object(entry):
        return entry
    return {name: value for name, value in entry.items() if value is not None}


def entries_of(step: Step) -> Iterator[tuple[int, Any]]:
    """Yield what stands where the branches of a parallel step belong, with its position."""
    entries = (step.with_ or {}).get(STEPS) if step.type is StepType.PARALLEL else None
    if is_list(entries):
        yield from enumerate(entries)


def _placed(block: str, branch: Step, siblings: frozenset[str]) -> Step:
    needs = dict.fromkeys((*branch.needs, *references_of(branch)))
    return branch.model_copy(
        update={
            "name": f"{block}{BRANCH}{branch.name}",
            "needs": tuple(
                f"{block}{BRANCH}{name}" if name in siblings else name for name in needs
            ),
        }
    )


def steps_of(story: Story, section: Section) -> Sequence[Step]:
    """Return the steps of one section, in the order of the Story."""
    match section:
        case Section.MAIN:
            return story.spec.steps
        case Section.COMPENSATIONS:
            return story.spec.compensations
        case Section.FINALLY:
            return story.spec.finally_


def step_run_name(run: str, step: str) -> str:
    """Return the name of the StepRun of a step of a run, and of its Job.

    Source: BubuStack, names.
    """
    return compose(run, *step.split(BRANCH))


def own_name(step: str) -> str:
    """Return the name of a step as its list, or its block, has it."""
    return step.rpartition(BRANCH)[2]


def block_of(step: str) -> str:
    """Return the name of the parallel step that a step is a branch of; empty: of none."""
    return step.rpartition(BRANCH)[0]


def all_steps(story: Story) -> Iterator[tuple[Section, Step]]:
    """Yield every step of a Story with its section, each block followed by its branches."""
    for section in Section:
        for step in steps_of(story, section):
            yield section, step
            for branch in branches_of(step):
                yield section, branch
