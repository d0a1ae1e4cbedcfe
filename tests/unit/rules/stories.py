"""Stories in a few words, and what the rules say of them."""

from typing import Any

from runwright.models.bubustack import Story
from runwright.rules.bubustack.admission import story_problems, story_warnings

ENGRAM = {"ref": {"name": "worker"}}


def condition(name: str, *needs: str, **fields: Any) -> dict[str, Any]:
    """Return a step that does nothing."""
    return {"name": name, "type": "condition", "needs": list(needs), **fields}


def engram(name: str, **fields: Any) -> dict[str, Any]:
    """Return a step that an Engram does."""
    return {"name": name, **ENGRAM, **fields}


def block(name: str, *branches: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a parallel step."""
    return {"name": name, "type": "parallel", "with": {"steps": list(branches)}, **fields}


def executes(name: str, story: str, **reference: Any) -> dict[str, Any]:
    """Return a step that executes that Story."""
    return {
        "name": name,
        "type": "executeStory",
        "with": {"storyRef": {"name": story, **reference}},
    }


def primitive(kind: str, /, **arguments: Any) -> dict[str, Any]:
    """Return a primitive called `own`."""
    return {"name": "own", "type": kind, "with": arguments}


def story(*steps: dict[str, Any], **spec: Any) -> Story:
    """Return the Story `release` of the main steps given."""
    return Story.model_validate(
        {"metadata": {"name": "release"}, "spec": {"steps": list(steps), **spec}}
    )


def refusals(*steps: dict[str, Any], **spec: Any) -> list[str]:
    """Return what such a Story is refused for."""
    return [str(problem) for problem in story_problems(story(*steps, **spec))]


def warnings(*steps: dict[str, Any], **spec: Any) -> list[str]:
    """Return what such a Story is warned of."""
    return [str(problem) for problem in story_warnings(story(*steps, **spec))]
