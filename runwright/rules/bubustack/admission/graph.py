"""Whether the steps of a Story make a graph that can be walked to its end."""

from collections.abc import Iterator, Sequence

from runwright.errors import Problem
from runwright.models.bubustack import StepType
from runwright.models.story_run import BRANCH, Section
from runwright.rules.bubustack.admission.placed import Outline, Placed
from runwright.rules.bubustack.branches import block_of, own_name, step_run_name
from runwright.rules.bubustack.dependencies import (
    dependencies,
    transitive_dependents,
    transitive_needs,
)
from runwright.rules.bubustack.references import references_of, steps_named_in
from runwright.rules.circles import circles
from runwright.rules.wording import child, quoted, suggestion


def repeated_names(outline: Outline) -> Iterator[Problem]:
    """Yield the steps whose name another one has, in whichever list.

    Source: bobrapet, Story webhook.
    """
    first: dict[str, str] = {}
    for placed in outline.steps:
        if placed.name in first:
            message = f"{quoted(placed.name)} is already the name of {first[placed.name]}"
            yield Problem(placed.field("name"), message)
        first.setdefault(placed.name, placed.path)


def shared_objects(outline: Outline) -> Iterator[Problem]:
    """Yield the branches whose tasks would have the same name as those of another step.

    Source: BubuStack, names (upstream mixes up their states).
    """
    first: dict[str, str] = {}
    for placed in outline.steps:
        known = first.setdefault(step_run_name("run", placed.name), placed.name)
        if known != placed.name and (placed.block or BRANCH in known):
            message = f"its task would have the same name as that of {quoted(known)}"
            yield Problem(placed.field("name"), message)


def unclear_kinds(outline: Outline) -> Iterator[Problem]:
    """Yield the steps that are not exactly one of an Engram and a primitive.

    Source: bobrapet, Story CRD.
    """
    for placed in outline.steps:
        if placed.step.ref is not None and placed.step.type is not None:
            yield Problem(placed.path, 'has both "ref" and "type", must have one of them')
        elif placed.step.ref is None and placed.step.type is None:
            yield Problem(placed.path, 'has neither "ref" nor "type", must have one of them')


def impossible_needs(outline: Outline) -> Iterator[Problem]:
    """Yield the needs that are no step, the step itself, or a step that comes later by its list.

    Source: bobrapet, Story webhook.
    """
    for placed in outline.steps:
        for index, need in enumerate(_own_needs(placed)):
            if trouble := why_out_of_reach(outline, placed, need):
                yield Problem(child(placed.field("needs"), index), trouble)


def _own_needs(placed: Placed) -> Sequence[str]:
    """Return what a step says that it needs; for a branch not what else it refers to."""
    if not placed.block:
        return placed.step.needs
    referred = references_of(placed.step)
    return [name for name in placed.step.needs if placed.as_written(name) not in referred]


def why_out_of_reach(outline: Outline, placed: Placed, name: str) -> str:
    """Return why a step cannot wait for the step of that full name; empty if it can."""
    if name == placed.name:
        return "a step cannot wait for itself"
    if name == placed.block:
        return "a branch cannot wait for its own block"
    if outline.reaches(placed, name) or name in outline.unreadable:
        return ""
    section = outline.section_of(name)
    if block := block_of(name) if section else outline.block_with(name):
        branch = own_name(name)
        output = quoted(f"steps.{block}.output.{branch}")
        said = f"{quoted(branch)} is a branch of {quoted(block)}, which stands for it outside"
        return f"{said}: what it puts out is {output}"
    if section is None:
        known = [placed.as_written(one) for one in outline.within_reach(placed)]
        return f"no step is called {quoted(name)}{suggestion(name, known)}"
    return f"{quoted(name)} is one of {section}, for which one of {placed.section} cannot wait"


def cycles(outline: Outline) -> Iterator[Problem]:
    """Yield the circles of steps that wait for each other, by `needs` or by their templates.

    Each list is a graph of its own. A step in several circles is reported once.

    Source: bobrapet, Story webhook and DAG.
    """
    for section in Section:
        steps = outline.in_section(section)
        names = {placed.name for placed in steps}
        graph = {
            placed.name: [
                name for name in dependencies(placed.step) if name in names and name != placed.name
            ]
            for placed in steps
        }
        for circle in circles(graph):
            first = next(placed for placed in steps if placed.name == circle[0])
            message = f"steps wait for each other: {' -> '.join((*circle, circle[0]))}"
            yield Problem(first.field("needs"), message)


def hopeless_waits(outline: Outline) -> Iterator[Problem]:
    """Yield what conditions look at and is never there: it comes after the wait that they hold up.

    Source: ours; upstream waits for it like for anything else.
    """
    steps = [placed.step for placed in outline.steps]
    for placed in outline.steps:
        if placed.step.type is StepType.WAIT:
            own = [name for name in (placed.name, placed.block) if name]
            held_up = {
                *own,
                *(later for name in own for later in transitive_dependents(steps, name)),
            }
            for name in steps_named_in((placed.step.with_ or {}).get("until")):
                if outline.named_by(placed, name) in held_up:
                    message = f"{quoted(name)} is not over before this wait is"
                    yield Problem(placed.field("with.until"), message)


def unusable_requirements(outline: Outline) -> Iterator[Problem]:
    """Yield the `requires` that are no path into the output of a step further up.

    Source: bobrapet, Story webhook.
    """
    steps = [placed.step for placed in outline.steps]
    for placed in outline.steps:
        if placed.step.requires:
            above = transitive_needs(steps, placed.name) | transitive_needs(steps, placed.block)
            for index, path in enumerate(placed.step.requires):
                if trouble := _trouble_with_requirement(outline, placed, above, path):
                    yield Problem(child(placed.field("requires"), index), trouble)


def _trouble_with_requirement(
    outline: Outline, placed: Placed, above: frozenset[str], path: str
) -> str:
    segments = path.split(".")
    if segments[0] != "steps" or len(segments) < 3 or not all(segments):
        return f"must be a path such as steps.build.output.url, not {quoted(path)}"
    name = outline.named_by(placed, segments[1].replace("_", "-"))
    if name in above or name in outline.unreadable:
        return ""
    if not outline.knows(name):
        return f"no step is called {quoted(name)}{suggestion(name, above)}"
    return f"{quoted(name)} is not among the steps that this one needs, directly or not"


def undeclared_transports(outline: Outline) -> Iterator[Problem]:
    """Yield transports declared twice, and those that steps use and nobody declares.

    Source: bobrapet, Story webhook.
    """
    declared: set[str] = set()
    for index, transport in enumerate(outline.spec.transports):
        if transport.name in declared:
            message = f"there is already a transport called {quoted(transport.name)}"
            yield Problem(f"spec.transports[{index}].name", message)
        declared.add(transport.name)
    for placed in outline.steps:
        used = placed.step.transport
        if used is not None and used not in declared:
            message = f"no transport is called {quoted(used)}{suggestion(used, declared)}"
            yield Problem(placed.field("transport"), message)
