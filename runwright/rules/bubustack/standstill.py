"""Waits for what can never come: nothing of the run goes on that could make them end."""

from collections.abc import Collection, Mapping
from datetime import datetime

from runwright.models.bubustack import Phase, Step
from runwright.models.story_run import StepProgress, StepReason
from runwright.rules.bubustack import progress
from runwright.rules.bubustack.primitives import Look
from runwright.rules.bubustack.scope import lacking

Steps = Mapping[str, StepProgress]


def stands_still(steps: Steps, waits: Collection[str]) -> bool:
    """Return whether no step of a run will ever end by itself any more.

    `waits` are those that look at their condition only when a step ends, and have looked at all
    that has. What else runs must be blocks of such waits, or steps that want a place which these
    hold.
    """
    running = [step for step in steps.values() if step.is_running]
    blocks = {step.block for step in running}
    return bool(waits) and all(
        step.name in waits or step.name in blocks or step.phase is Phase.SCHEDULING
        for step in running
    )


def first(steps: Steps, waits: Collection[str]) -> str:
    """Return which of the waits comes first in the Story.

    One at a time is given up: what its failure lets run may be what another one waits for.
    """
    return next(name for name in steps if name in waits)


def given_up(step: Step, look: Look, steps: Steps, now: datetime) -> StepProgress:
    """Return a wait as failed that waits for what can never come.

    Source: BubuStack, wait primitive (which waits for ever, or for the Story's timeout).
    """
    told = [
        "the condition does not hold, and nothing of the run goes on that could change that",
        f"it cannot be evaluated: {look.trouble}" if look.trouble else "",
        lacking((step.with_ or {}).get("until"), steps, step.name),
    ]
    message = "; ".join(filter(None, told))
    return progress.ended(steps[step.name], Phase.FAILED, message, now, StepReason.WAITS_IN_VAIN)
