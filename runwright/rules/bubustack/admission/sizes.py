"""How large documents and their free parts may be."""

import json
from collections.abc import Iterator
from typing import Any, Final

from runwright.errors import Problem
from runwright.models.base import WireModel
from runwright.rules.bubustack.admission.placed import Outline

LARGEST_OBJECT: Final = 1024 * 1024
"""Bytes of JSON."""
LARGEST_BLOCK: Final = 64 * 1024
"""Bytes of JSON of one `with`, an `output` or a run's `inputs`."""

MOST_STEPS: Final = 1000
"""Of one Story, branches included: what is known of all of them is one message to Temporal."""


def size_problem(value: Any, largest: int, path: str) -> list[Problem]:
    """Return the problem of a JSON value that takes more than `largest` bytes."""
    size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode())
    if size <= largest:
        return []
    return [Problem(path, f"must be at most {largest} bytes of JSON, is {size}")]


def object_size_problem(document: WireModel) -> list[Problem]:
    """Return the problem of a whole object that is too large.

    Source: bobrapet, webhooks.
    """
    return size_problem(document.model_dump(exclude_unset=True), LARGEST_OBJECT, "")


def too_many_steps(outline: Outline) -> Iterator[Problem]:
    """Yield that a Story has more steps, with all branches, than one run can show."""
    if (count := len(outline.steps)) > MOST_STEPS:
        message = f"{count} steps, branches of parallel steps included; a run has {MOST_STEPS}"
        yield Problem("spec", message)


def block_size_problems(outline: Outline) -> Iterator[Problem]:
    """Yield the free parts of a Story that are too large.

    Source: bobrapet, Story webhook.
    """
    for placed in outline.steps:
        yield from size_problem(placed.step.with_, LARGEST_BLOCK, placed.field("with"))
    yield from size_problem(outline.spec.output, LARGEST_BLOCK, "spec.output")
    policy = outline.spec.policy
    yield from size_problem(policy and policy.with_, LARGEST_BLOCK, "spec.policy.with")
