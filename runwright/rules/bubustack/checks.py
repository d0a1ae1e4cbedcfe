"""What must hold before a step runs, and after it has succeeded."""

from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any

from runwright.errors import TemplateError
from runwright.models.bubustack import Step
from runwright.models.story_run import StepProgress
from runwright.rules import templates
from runwright.rules.bubustack.scope import scope_of
from runwright.rules.shapes import is_object
from runwright.rules.wording import listed, quoted


def unmet_requirement(step: Step, scope: Mapping[str, Any]) -> str:
    """Return what a step requires and is not there, all of it; empty if everything is.

    Source: BubuStack, `requires` (which upstream checks for Engrams alone).
    """
    missing = [quoted(path) for path in step.requires if not _is_there(path, scope)]
    if not missing:
        return ""
    return f"requires {listed(missing)}, which {'is' if len(missing) == 1 else 'are'} not there"


def _is_there(path: str, scope: Mapping[str, Any]) -> bool:
    """Return whether a dotted path leads to something that is not null."""
    value: Any = scope
    for segment in path.split("."):
        if not is_object(value):
            return False
        value = value.get(segment)
    return value is not None


def broken_promise(
    step: Step,
    inputs: Mapping[str, Any],
    steps: Mapping[str, StepProgress],
    now: datetime,
    random: Random,
) -> str:
    """Return why the success of a step is none; empty if it is one.

    `steps` have the step as it ended.

    Source: BubuStack, `postExecution` (which sees nothing but the step's own output there, and is
    not looked at when the pod reported its success itself).
    """
    check = step.post_execution
    if check is None:
        return ""
    try:
        holds = templates.truth(
            check.condition, scope_of(inputs, steps, step.name), now=now, random=random
        )
    except TemplateError as error:
        said = f"postExecution.condition: {error}"
        return f"{check.failure_message}: {said}" if check.failure_message else said
    if holds:
        return ""
    return check.failure_message or f"postExecution: {quoted(check.condition)} does not hold"
