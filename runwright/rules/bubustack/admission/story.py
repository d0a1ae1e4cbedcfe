"""Whether a Story may be run."""

import itertools
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from typing import Final

from runwright.errors import Problem
from runwright.models.bubustack import RetryPolicy, Story
from runwright.models.durations import format_duration
from runwright.models.tasks import Backend
from runwright.rules.bubustack.admission import arguments, expressions, graph, sizes, support
from runwright.rules.bubustack.admission.placed import Outline
from runwright.rules.schemas import schema_problems

_Rule = Callable[[Outline], Iterator[Problem]]


def story_problems(story: Story, unreadable: Collection[str] = ()) -> list[Problem]:
    """Return every reason for which a Story is refused.

    `unreadable` are names of steps that the document has and the model could not take.

    Source: bobrapet, Story CRD and webhook.
    """
    outline = Outline(story, unreadable)
    found = itertools.chain.from_iterable(rule(outline) for rule in _RULES)
    return [*sizes.object_size_problem(story), *found]


def graph_problems(story: Story) -> list[Problem]:
    """Return why the steps of a Story cannot be put in an order."""
    outline = Outline(story)
    return [*graph.impossible_needs(outline), *graph.cycles(outline)]


def story_warnings(story: Story, unreadable: Collection[str] = ()) -> list[Problem]:
    """Return what a Story is not refused for, and what its author should see all the same."""
    outline = Outline(story, unreadable)
    return [*arguments.unknown_arguments(outline), *expressions.template_warnings(outline)]


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
    policy = outline.spec.policy
    if policy and policy.timeouts:
        timeouts = policy.timeouts
        yield from _negative(timeouts.story, "spec.policy.timeouts.story")
        yield from _negative(timeouts.step, "spec.policy.timeouts.step")
        grace = "spec.policy.timeouts.gracefulShutdownTimeout"
        yield from _negative(timeouts.graceful_shutdown_timeout, grace)
    if policy and policy.retries:
        retries = policy.retries.step_retry_policy
        yield from _negative_delays(retries, "spec.policy.retries.stepRetryPolicy")
    for placed in outline.steps:
        if placed.step.execution:
            yield from _negative(placed.step.execution.timeout, placed.field("execution.timeout"))
            yield from _negative_delays(
                placed.step.execution.retry, placed.field("execution.retry")
            )


def _negative_delays(policy: RetryPolicy | None, path: str) -> Iterator[Problem]:
    if policy is not None:
        yield from _negative(policy.delay, f"{path}.delay")
        yield from _negative(policy.max_delay, f"{path}.maxDelay")


def _negative(duration: timedelta | None, path: str) -> Iterator[Problem]:
    if duration is not None and duration < timedelta(0):
        yield Problem(path, f'must not be less than 0, is "{format_duration(duration)}"')


_RULES: Final[tuple[_Rule, ...]] = (
    sizes.block_size_problems,
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
