"""Which steps the templates of a step refer to."""

from typing import Any

from runwright.models.bubustack import Step, StepType
from runwright.rules import templates


def references_of(step: Step) -> tuple[str, ...]:
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


def _passes_input_on(step: Step) -> bool:
    return step.type is None or step.type is StepType.EXECUTE_STORY
