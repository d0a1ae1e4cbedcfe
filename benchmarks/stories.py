"""The Stories that are run, as small as they can be."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from runwright.models.bubustack import Engram, EngramTemplate, Story
from runwright.models.story_run import StartStoryRun
from runwright.models.tasks import Backend

STEPS: Final = ("fetch", "build", "test", "publish", "announce")
"""The names of five steps that run one after the other."""

FIVE_STEPS: Final[Mapping[str, Any]] = {
    "steps": [
        {"name": name, "ref": {"name": "worker"}, "needs": list(STEPS[:number][-1:])}
        for number, name in enumerate(STEPS)
    ]
}
GATED: Final[Mapping[str, Any]] = {
    "steps": [
        {"name": "release", "type": "gate"},
        {"name": "deploy", "ref": {"name": "worker"}, "needs": ["release"]},
    ]
}
ONE_STEP: Final[Mapping[str, Any]] = {"steps": [{"name": "wait", "ref": {"name": "worker"}}]}

HUNDRED: Final = 100
LANES: Final = 20
"""How many of those hundred steps run at a time, each after one of the twenty before it."""


def hundred_steps(output: int = 0) -> Mapping[str, Any]:
    """Return a Story of a hundred steps in lanes, each of which puts out so many bytes."""
    given = {"with": {"bytes": output}} if output else {}
    return {
        "steps": [
            {
                "name": f"step-{number}",
                "ref": {"name": "worker"},
                "needs": [f"step-{number - LANES}"] if number >= LANES else [],
                **given,
            }
            for number in range(HUNDRED)
        ]
    }


_ENGRAM: Final = Engram.model_validate(
    {"metadata": {"name": "worker"}, "spec": {"templateRef": {"name": "image"}}}
)


def start_of(
    spec: Mapping[str, Any], backend: Backend = Backend.MEMORY, command: str = "true"
) -> StartStoryRun:
    """Return the input of a run of that Story, under a name of its own."""
    template = {
        "metadata": {"name": "image", "annotations": {"runwright.dev/local-command": command}},
        "spec": {"version": "1", "supportedModes": ["job"]},
    }
    return StartStoryRun(
        name=f"run-{uuid.uuid4().hex[:8]}",
        story=Story.model_validate({"metadata": {"name": "release"}, "spec": spec}),
        engrams=(_ENGRAM,),
        templates=(EngramTemplate.model_validate(template),),
        backend=backend,
    )
