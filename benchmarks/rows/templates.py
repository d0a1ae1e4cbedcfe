"""How many templates are evaluated in a second."""

import time
from typing import Any, Final

from benchmarks.figures import Goal, Row, row
from benchmarks.size import Size
from runwright.rules import templates

_SCOPE: Final = templates.step_scope(
    {
        "version": "1.4.2",
        "env": "prod",
        "replicas": 3,
        "tags": ["a", "b", "c"],
        "owner": {"name": "ops", "mail": "ops@example.org"},
    },
    {
        "build": {"image": "registry/app@sha256:abc", "digest": "sha256:abc", "size": 123456},
        "fetch-feed": {"items": [{"id": number} for number in range(20)]},
    },
)
_BLOCK: Final[dict[str, Any]] = {
    "image": "{{ steps.build.output.image }}",
    "name": 'app-{{ inputs.env }}-{{ inputs.version | replace "." "-" }}',
    "replicas": "{{ inputs.replicas }}",
    "notify": '{{ default "none" inputs.owner.mail }}',
    "count": "{{ len steps['fetch-feed'].output.items }}",
    "literal": "x",
    "nested": {"labels": {"tag": "{{ index inputs.tags 0 }}"}},
}
"""What a step is given: three paths, two calls, and a text with both."""
_TIMES: Final = 1000
_GOAL: Final = Goal(bar=5000, aim=10_000, at_least=True)


async def measure(size: Size) -> list[Row]:
    """Measure in this process; what was read once is remembered, as in a worker."""
    templates.evaluate(_BLOCK, _SCOPE)
    blocks = [_per_second() for _ in range(3 * size.rounds)]
    return [row("Evaluations of a `with` of six templates", "/s", blocks, goal=_GOAL)]


def _per_second() -> float:
    begun = time.perf_counter()
    for _ in range(_TIMES):
        templates.evaluate(_BLOCK, _SCOPE)
    return _TIMES / (time.perf_counter() - begun)
