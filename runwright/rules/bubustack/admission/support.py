"""What this version does not do yet: refused where ignoring it would be a lie, else warned of."""

from collections.abc import Iterator
from typing import Final

from runwright.errors import Problem
from runwright.models.bubustack import Step, StepType, StoryPattern
from runwright.models.gates import Approval
from runwright.models.tasks import Backend
from runwright.rules.bubustack.admission.arguments import approval_problems
from runwright.rules.bubustack.admission.placed import Outline, Placed

_COMFORTS: Final = {
    "concurrency": "concurrency",
    "queue": "queue",
    "priority": "priority",
    "storage": "storage",
}
"""Fields of a Story's policy without which a run only waits, or stores, differently."""
_OF_STREAMS: Final = ("runtime", "transport")
"""Fields of a step that say something of realtime Stories alone."""
_OF_STORES: Final = {"cache": "cache", "max_inline_size": "maxInlineSize", "storage": "storage"}
"""Fields of a step's execution that say something of stores."""


def unsupported(outline: Outline, backend: Backend) -> Iterator[Problem]:
    """Yield what a Story asks for that this version cannot do there, so that it does not run it."""
    if outline.spec.pattern is StoryPattern.REALTIME:
        yield Problem("spec.pattern", "this version does not run realtime Stories")
    for placed in outline.steps:
        yield from _promised(placed, backend)


def _promised(placed: Placed, backend: Backend) -> Iterator[Problem]:
    if placed.step.secrets and backend is not Backend.KUBERNETES:
        message = "a step gets its secrets in a cluster only, and is not run without them"
        yield Problem(placed.field("secrets"), message)


def without_effect(outline: Outline) -> Iterator[Problem]:
    """Yield what a Story asks for that changes nothing in this version."""
    policy = outline.spec.policy
    for field, wire_name in _COMFORTS.items():
        if policy is not None and getattr(policy, field):
            yield Problem(f"spec.policy.{wire_name}", "has no effect in this version")
    for placed in outline.steps:
        yield from _of_step(placed)


def _of_step(placed: Placed) -> Iterator[Problem]:
    step = placed.step
    for field in _OF_STREAMS:
        if getattr(step, field):
            yield Problem(placed.field(field), "has no effect in this version")
    for field, wire_name in _OF_STORES.items():
        if step.execution and getattr(step.execution, field):
            yield Problem(placed.field(f"execution.{wire_name}"), "has no effect in this version")
    if _asks_for_what_nobody_has(step):
        message = (
            "only verified identities may decide, and this version verifies none: nobody can; "
            "`identity: claimed` believes the name that is given"
        )
        yield Problem(placed.field("with.approval"), message)


def _asks_for_what_nobody_has(step: Step) -> bool:
    given = (step.with_ or {}).get("approval")
    if step.type is not StepType.GATE or not given or approval_problems(given, ""):
        return False
    approval = Approval.model_validate(given)
    return approval.demands_verified or bool(approval.groups and not approval.users)
