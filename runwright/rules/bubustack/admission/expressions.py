"""The templates of a Story, each judged by what it can see in its place."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from runwright.errors import Problem
from runwright.models.bubustack import Step, StepType, StoryPattern
from runwright.rules import templates
from runwright.rules.bubustack.admission.graph import why_out_of_reach
from runwright.rules.bubustack.admission.placed import Outline, Placed
from runwright.rules.bubustack.branches import STEPS as BRANCHES
from runwright.rules.templates import INPUTS, PACKET, STEPS, Mention
from runwright.rules.wording import excerpt, quoted

_OUTPUTS: Final = ("output", "outputs")
_SIGNALS: Final = "signals"


class Expression(NamedTuple):
    """A value that may hold templates, and what those see."""

    value: Any
    path: str
    roots: tuple[str, ...]
    placed: Placed | None = None
    """The step that it belongs to."""
    waits: bool = False
    """Whether the step waits for the steps that it mentions."""


def template_problems(outline: Outline) -> Iterator[Problem]:
    """Yield the templates that cannot be read, see nothing, or wait for what never comes.

    Source: bobrapet, Story webhook. Ours: a step that waits for an unknown or later step is
    refused, where upstream only warns and then fails the run.
    """
    for expression in expressions(outline):
        yield from templates.check(expression.value, expression.roots, expression.path)
        for mention, name in _steps_mentioned(expression):
            if trouble := _trouble_with_reference(mention):
                yield Problem(mention.place, trouble)
            if expression.waits and expression.placed is not None:
                full = outline.named_by(expression.placed, name)
                trouble = why_out_of_reach(outline, expression.placed, full)
                if trouble:
                    yield Problem(mention.place, trouble)


def template_warnings(outline: Outline) -> Iterator[Problem]:
    """Yield the references to steps that will not be there when they are evaluated."""
    for expression in expressions(outline):
        if not expression.waits:
            for mention, name in _steps_mentioned(expression):
                if not outline.knows(outline.named_by(expression.placed, name)):
                    yield Problem(mention.place, f"no step is called {quoted(name)}")


def expressions(outline: Outline) -> Iterator[Expression]:
    """Yield everything in a Story that is evaluated.

    Source: BubuStack core, templating; bobrapet, DAG.
    """
    for placed in outline.steps:
        yield from _of_step(placed, realtime=outline.spec.pattern is StoryPattern.REALTIME)
    yield Expression(outline.spec.output, "spec.output", (INPUTS, STEPS))
    policy = outline.spec.policy
    yield Expression(policy and policy.with_, "spec.policy.with", (INPUTS,))


def _of_step(placed: Placed, *, realtime: bool) -> Iterator[Expression]:
    step = placed.step
    usual = (INPUTS, STEPS)
    streaming = (INPUTS, STEPS, PACKET)
    passes_on = step.type in {None, StepType.EXECUTE_STORY}
    yield Expression(
        step.if_, placed.field("if"), streaming if realtime else usual, placed, waits=True
    )
    yield Expression(
        _without_branches(step),
        placed.field("with"),
        (INPUTS,) if realtime else usual,
        placed,
        waits=passes_on and not realtime,
    )
    yield Expression(
        step.runtime, placed.field("runtime"), streaming if realtime else usual, placed
    )
    key = placed.field("idempotencyKeyTemplate")
    yield Expression(step.idempotency_key_template, key, usual, placed)
    if step.post_execution is not None:
        condition = placed.field("postExecution.condition")
        yield Expression(step.post_execution.condition, condition, usual, placed)


def _without_branches(step: Step) -> Mapping[str, Any] | None:
    """Return the `with` of a step, without the branches of a parallel one: they are steps."""
    if step.type is not StepType.PARALLEL or step.with_ is None:
        return step.with_
    return {name: value for name, value in step.with_.items() if name != BRANCHES}


def _steps_mentioned(expression: Expression) -> Iterator[tuple[Mention, str]]:
    if STEPS not in expression.roots:
        return
    for mention in templates.mentions(expression.value, expression.path):
        root, *path = mention.reference
        if root == STEPS and path:
            yield mention, path[0].replace("_", "-")


def _trouble_with_reference(mention: Mention) -> str:
    if len(mention.reference) < 3 or mention.reference[2] in (*_OUTPUTS, _SIGNALS):
        return ""
    _, step, field, *_ = mention.reference
    return (
        f"{_written(mention)}: a step has no {quoted(field)};"
        f" what it put out is {excerpt(f'steps.{step}.output.{field}')}"
    )


def _written(mention: Mention) -> str:
    return quoted(f"{{{{ {'.'.join(mention.reference)} }}}}")
