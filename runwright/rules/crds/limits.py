"""What the API server must be told of a schema, and the models do not say.

A rule in CEL is refused by what it could cost at worst, so whatever rules go through is bounded,
also where upstream has no bound: no Story that could run is beyond these. (What a rule does cost
is limited too: of the 200 steps that a Story may have, most can wait for all those before them.)

Source: BubuStack, CRDs; Kubernetes, "Resource use by validation functions".
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from runwright.rules.crds import kratix
from runwright.rules.crds.conditions import ANY_CONDITION, CONDITION
from runwright.rules.crds.kinds import Kind, Limits

STEP_LISTS: Final = ("spec.steps", "spec.compensations", "spec.finally")

_MOST_STEPS: Final = 100 + 50 + 50
_LONGEST_NAME: Final = 63
_REQUIREMENT: Final = r"^steps(\.[^.]+){2,}$"
"""A path into a step's output; which steps it may lead to, the rules of a Story know."""

_CONDITION_OF_A_RUN: Final[Limits] = {
    **ANY_CONDITION,
    "status.conditions[].reason": {"maxLength": 64},
    "status.conditions[].message": {"maxLength": 2048},
}


def _of_a_story() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for steps in STEP_LISTS:
        yield f"{steps}[].needs", {"maxItems": _MOST_STEPS}
        yield f"{steps}[].needs[]", {"maxLength": _LONGEST_NAME}
        yield f"{steps}[].requires[]", {"pattern": _REQUIREMENT}
        yield f"{steps}[].transport", {"maxLength": _LONGEST_NAME}
    yield "spec.transports", {"maxItems": _MOST_STEPS}
    yield "spec.transports[].name", {"maxLength": _LONGEST_NAME}


LIMITS: Final[Mapping[Kind, Limits]] = {
    Kind.STORY: {**CONDITION, **dict(_of_a_story())},
    Kind.ENGRAM: CONDITION,
    Kind.ENGRAM_TEMPLATE: CONDITION,
    Kind.STORY_RUN: _CONDITION_OF_A_RUN,
    Kind.STEP_RUN: _CONDITION_OF_A_RUN,
    **kratix.LIMITS,
}
