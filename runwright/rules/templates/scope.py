"""The values that a template may refer to."""

from collections.abc import Mapping
from typing import Any, Final

INPUTS: Final = "inputs"
STEPS: Final = "steps"
PACKET: Final = "packet"
OUTPUTS: Final = ("output", "outputs")
"""Under which names a step has what it put out."""


def step_scope(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scope of a run: its inputs, and the output of each step that has one by name.

    An output is reachable as `output` and `outputs`, a step with hyphens under underscores too,
    unless another step has that name.

    Source: BubuStack core, package templating, and bobrapet, step context.
    """
    steps = {name: dict.fromkeys(OUTPUTS, output) for name, output in outputs.items()}
    aliases = {name.replace("-", "_"): entry for name, entry in steps.items()}
    return {INPUTS: inputs, STEPS: {**aliases, **steps}}
