"""Steps and what does them in a cluster, in a few words."""

from typing import Any

from runwright.models.bubustack import Engram
from runwright.models.story_run import StartStoryRun
from runwright.models.tasks import Backend, TaskKey
from runwright.rules.bubustack.jobs import Work
from tests.unit.rules.states import start_of, template
from tests.unit.rules.stories import engram, story

Fields = dict[str, Any]


def cluster_run(*steps: Fields, worker: Fields | None = None, **fields: Any) -> StartStoryRun:
    """Return the run `release-1` of these steps in a cluster; `worker` is the Engram's spec.

    `image` is the template's spec, `spec` the rest of the Story's.
    """
    spec, image = fields.pop("spec", {}), fields.pop("image", {})
    one = Engram.model_validate(
        {
            "metadata": {"name": "worker", "namespace": fields.get("namespace", "default")},
            "spec": {"templateRef": {"name": "image"}, **(worker or {})},
        }
    )
    given = {
        "uid": "7f3a",
        "engrams": (one,),
        "templates": (template(**{"image": "worker:1", **image}),),
        "backend": Backend.KUBERNETES,
    }
    return start_of(story(*(steps or (engram("build"),)), **spec), **{**given, **fields})


def work(step: Fields | None = None, /, **fields: Any) -> Work:
    """Return the first step of such a run, with these fields beside its name."""
    start = cluster_run(engram("build", **(step or {})), **fields)
    return Work(start, start.story.spec.steps[0], start.engrams[0], start.templates[0])


def key_of(one: Work, try_number: int = 1) -> TaskKey:
    """Return the identity of a try."""
    return TaskKey(
        backend=Backend.KUBERNETES,
        namespace=one.start.namespace,
        name=one.name,
        workflow_id="storyrun/x",
        activation=1,
        try_number=try_number,
    )
