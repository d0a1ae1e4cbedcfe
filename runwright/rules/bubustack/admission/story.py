"""Whether a Story may be run."""

import itertools
from collections.abc import Callable, Collection, Iterator
from typing import Final

from runwright.errors import Problem
from runwright.models.bubustack import Story, StoryPolicy
from runwright.models.tasks import Backend
from runwright.rules.bubustack.admission import arguments, expressions, graph, sizes, support
from runwright.rules.bubustack.admission.durations import (
    negative,
    negative_delays,
    negative_in_execution,
)
from runwright.rules.bubustack.admission.placed import Outline
from runwright.rules.schemas import schema_problems

_Rule = Callable[[Outline], Iterator[Problem]]
_MOST_PROBLEMS: Final = 100
"""Nobody reads more of them at once, and to word each takes time."""


def story_problems(
    story: Story, unreadable: Collection[str] = (), *, is_older: bool = False
) -> list[Problem]:
    """Return the reasons for which a Story is refused, a hundred of them at most.

    `unreadable` are names of steps that the document has and the model could not take. `is_older`:
    a run of it may have begun before there was what `_LATER_RULES` says.

    Source: bobrapet, Story CRD and webhook.
    """
    outline = Outline(story, unreadable)
    rules = _RULES if is_older else (*_RULES, *_LATER_RULES)
    found = itertools.chain.from_iterable(rule(outline) for rule in rules)
    return [*sizes.object_size_problem(story), *itertools.islice(found, _MOST_PROBLEMS)]


def graph_problems(story: Story) -> list[Problem]:
    """Return why the steps of a Story cannot be put in an order."""
    outline = Outline(story)
    found = itertools.chain(graph.impossible_needs(outline), graph.cycles(outline))
    return list(itertools.islice(found, _MOST_PROBLEMS))


def story_warnings(story: Story, unreadable: Collection[str] = ()) -> list[Problem]:
    """Return what a Story is not refused for, and what its author should see all the same."""
    outline = Outline(story, unreadable)
    return [
        *arguments.unknown_arguments(outline),
        *expressions.template_warnings(outline),
        *graph.hopeless_waits(outline),
    ]


def limitations(story: Story, backend: Backend = Backend.LOCAL) -> list[Problem]:
    """Return what a Story asks for that this version does not do there, refused or not."""
    outline = Outline(story)
    return [*support.unsupported(outline, backend), *support.without_effect(outline)]


def unsupported_problems(story: Story, backend: Backend = Backend.LOCAL) -> list[Problem]:
    """Return what a Story asks for that this version cannot do there, so that it does not run it.

    Where it is to run nobody knows before it is started: then the least is taken.
    """
    return list(support.unsupported(Outline(story), backend))


def unusable_schemas(outline: Outline) -> Iterator[Problem]:
    """Yield what is wrong with the schemas of inputs and outputs.

    Source: bobrapet, Story webhook.
    """
    spec = outline.spec
    if spec.inputs_schema is not None:
        yield from schema_problems(spec.inputs_schema, "spec.inputsSchema")
    if spec.outputs_schema is not None:
        yield from schema_problems(spec.outputs_schema, "spec.outputsSchema")


def negative_durations(outline: Outline) -> Iterator[Problem]:
    """Yield the timeouts and delays below 0."""
    policy = outline.spec.policy or StoryPolicy()
    if timeouts := policy.timeouts:
        path = "spec.policy.timeouts"
        yield from negative(timeouts.story, f"{path}.story")
        yield from negative(timeouts.step, f"{path}.step")
        grace = timeouts.graceful_shutdown_timeout
        yield from negative(grace, f"{path}.gracefulShutdownTimeout")
    if policy.retries:
        path = "spec.policy.retries.stepRetryPolicy"
        yield from negative_delays(policy.retries.step_retry_policy, path)
    yield from negative_in_execution(policy.execution, "spec.policy.execution")
    for placed in outline.steps:
        yield from negative_in_execution(placed.step.execution, placed.field("execution"))


_RULES: Final[tuple[_Rule, ...]] = (
    sizes.block_size_problems,
    sizes.too_many_steps,
    graph.repeated_names,
    graph.shared_objects,
    graph.unclear_kinds,
    graph.impossible_needs,
    graph.cycles,
    arguments.forbidden_kinds,
    arguments.argument_problems,
    graph.unusable_requirements,
    graph.undeclared_transports,
    expressions.template_problems,
    negative_durations,
    unusable_schemas,
)
_LATER_RULES: Final[tuple[_Rule, ...]] = (arguments.unknown_gate_arguments,)
"""What open runs of earlier versions go on without."""
