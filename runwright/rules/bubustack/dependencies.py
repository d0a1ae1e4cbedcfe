"""Which steps a step waits for."""

from collections.abc import Sequence
from typing import Any

from runwright.models.bubustack import Step, StepType
from runwright.rules import templates


def implicit_dependencies(step: Step) -> tuple[str, ...]:
    """Return the names of the steps that a step's templates refer to, in order of appearance.

    Only its `if` counts, and its `with` where that is the input of an Engram or of another Story.

    Source: BubuStack, DAG, dependency graphs.
    """
    return steps_named_in([step.if_, step.with_ if _passes_input_on(step) else None])


def steps_named_in(value: Any) -> tuple[str, ...]:
    """Return the names of the steps that the templates in a JSON value refer to, each once.

    A step's name has no underscores: where a template writes them, the name has hyphens.
    """
    paths = (path for path in templates.references(value) if path[0] == templates.STEPS)
    return tuple(dict.fromkeys(path[1].replace("_", "-") for path in paths if len(path) > 1))


def dependencies(step: Step) -> tuple[str, ...]:
    """Return the names of the steps that must be over before a step: `needs`, then implicit ones.

    Source: BubuStack, DAG, dependency graphs.
    """
    return tuple(dict.fromkeys((*step.needs, *implicit_dependencies(step))))


def transitive_dependents(steps: Sequence[Step], name: str) -> tuple[str, ...]:
    """Return the names of the steps that wait for a step, directly or not, in the order given."""
    waiting = {step.name: set(dependencies(step)) for step in steps}
    found = {name}
    while more := {step for step, needed in waiting.items() if needed & found} - found:
        found |= more
    return tuple(step for step in waiting if step in found and step != name)


def transitive_needs(steps: Sequence[Step], name: str) -> frozenset[str]:
    """Return the names of the steps that come before a step by `needs` alone."""
    needs = {step.name: step.needs for step in steps}
    found: set[str] = set()
    pending = [name]
    while pending:
        new = set(needs.get(pending.pop(), ())) - found
        found |= new
        pending.extend(sorted(new))
    return frozenset(found)


def _passes_input_on(step: Step) -> bool:
    return step.type is None or step.type is StepType.EXECUTE_STORY
