"""StoryRun objects in a few words, and a cluster to look others up in."""

from typing import Any, Final

from runwright.models.bubustack import Engram, EngramTemplate, Story, StoryRun
from runwright.rules.bubustack.intake import Lookups, Meaning, meaning_of
from tests.unit.rules.states import template
from tests.unit.rules.stories import engram, story


def run_of(*, status: Any = None, metadata: Any = None, **spec: Any) -> StoryRun:
    """Return the StoryRun `team/release-1` of the Story `release`."""
    given = {"name": "release-1", "namespace": "team", "uid": "7f3a", "generation": 1}
    return StoryRun.model_validate(
        {
            "metadata": {**given, **(metadata or {})},
            "spec": {"storyRef": {"name": "release"}, **spec},
            "status": status,
        }
    )


def placed_story(*steps: dict[str, Any], **spec: Any) -> Story:
    """Return the Story `team/release`."""
    return story_named("release", *steps, **spec)


def story_named(name: str, *steps: dict[str, Any], **spec: Any) -> Story:
    """Return the Story `team/NAME`."""
    one = story(*(steps or (engram("build"),)), **spec)
    metadata = {"name": name, "namespace": "team", "uid": "1", "generation": 4}
    return Story.model_validate({**one.model_dump(), "metadata": metadata})


def placed_engram(name: str = "worker", image: str = "image", **spec: Any) -> Engram:
    """Return the Engram `team/NAME`."""
    return Engram.model_validate(
        {
            "metadata": {"name": name, "namespace": "team"},
            "spec": {"templateRef": {"name": image}, **spec},
        }
    )


WORKER: Final = placed_engram()


def lookups(
    story: Story | None = None,
    engrams: tuple[Engram, ...] = (WORKER,),
    templates: tuple[EngramTemplate, ...] = (template(image="worker:1"),),
    executed: tuple[Story, ...] = (),
) -> Lookups:
    """Return a cluster that holds these objects."""
    stories = {("team", one.metadata.name): one for one in (story, *executed) if one}
    found = {("team", one.metadata.name): one for one in engrams}
    images = {one.metadata.name: one for one in templates}
    return Lookups(
        story=lambda namespace, name: stories.get((namespace, name)),
        engram=lambda namespace, name: found.get((namespace, name)),
        template=images.get,
    )


def meaning(run: StoryRun, there: Lookups) -> Meaning:
    """Return what a StoryRun means in the cluster `prod`."""
    return meaning_of(run, there, "prod")
