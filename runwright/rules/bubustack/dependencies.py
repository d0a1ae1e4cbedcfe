"""Which steps a step waits for."""

from collections.abc import Sequence

from runwright.models.bubustack import Step
from runwright.models.story_run import BRANCH
from runwright.rules.bubustack.branches import branches_of
from runwright.rules.bubustack.references import references_of


def dependencies(step: Step) -> tuple[str, ...]:
    """Return the names of the steps that must be over before a step: `needs`, then implicit ones.

    A parallel step waits for what its branches need of others. The needs of a branch say all.

    Source: BubuStack, DAG, dependency graphs (which does not look into the branches of a parallel
    step: there a branch that refers to a step which is not over never starts).
    """
    if BRANCH in step.name:
        return step.needs
    outer = (name for branch in branches_of(step) for name in branch.needs if BRANCH not in name)
    return tuple(dict.fromkeys((*step.needs, *references_of(step), *outer)))


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
