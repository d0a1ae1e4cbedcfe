"""The key by which whoever does the work of a step tells a repetition from new work."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any, Final

from runwright.errors import TemplateError
from runwright.models.bubustack import Step
from runwright.models.story_run import StartStoryRun
from runwright.rules import templates

VARIABLE: Final = "BUBU_IDEMPOTENCY_KEY"
"""Where a task finds the key; upstream has it in the StepRun alone."""
LONGEST: Final = 256
"""Characters of a key."""
_MISSING: Final = "<no value>"
"""What a template writes for what is not there: the keys of two runs would be the same."""


def key_of(start: StartStoryRun, step: Step, scope: Mapping[str, Any], now: datetime) -> str:
    """Return the key of a step that starts `now`: what its template comes to, else the usual one.

    It is asked for once per execution of the run, and all tries have it. Another execution asks
    again: over the same inputs and outputs it gets the same, for what is drawn by chance depends on
    run and step alone. A template that fails, comes to nothing, lacks a value, or comes to a text
    that no header of a request can carry, leaves the usual key.

    Source: BubuStack, idempotency key of a StepRun; there every text is a key.
    """
    if not step.idempotency_key_template:
        return default_key(start, step)
    identity = f"{start.namespace}/{start.name}/{start.uid}/{step.name}"
    random = Random(identity)  # noqa: S311 - it names work, and must name it alike again
    key = _rendered(step.idempotency_key_template, scope, now, random).strip()[:LONGEST]
    is_usable = key.isprintable() and _MISSING not in key
    return key if key and is_usable else default_key(start, step)


def _rendered(template: str, scope: Mapping[str, Any], now: datetime, random: Random) -> str:
    """Return what a template comes to; nothing where it fails, for no step must fail of its key."""
    dialect = templates.BUBUSTACK
    try:
        return templates.render(template, scope, dialect=dialect, now=now, random=random)
    except TemplateError:
        return ""


def default_key(start: StartStoryRun, step: Step) -> str:
    """Return the key of a step that has no template for one: the same in all executions.

    Source: BubuStack, idempotency key of a StepRun.
    """
    key = f"ns/{start.namespace}/storyrun/{start.name}/step/{step.name}"
    if len(key) <= LONGEST:
        return key
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
