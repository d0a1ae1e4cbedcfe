"""The pods that bare Jobs have: those of a step, and of a pipeline."""

from typing import Any, Final

from benchmarks.cluster.stand import SMALL
from runwright.models.bubustack import Engram, EngramTemplate, Story
from runwright.models.kratix import KratixConfig, Parent, Pipeline, PipelineRun, WorkflowAction
from runwright.models.kratix.shared import WorkflowType
from runwright.models.story_run import StartStoryRun
from runwright.models.tasks import Backend
from runwright.rules.bubustack.jobs import Work
from runwright.rules.bubustack.jobs.pod import pod_of as pod_of_step
from runwright.rules.kratix.jobs import Platform
from runwright.rules.kratix.jobs.pod import pod_of as pod_of_pipeline
from testbed.images.contents import BUSYBOX

_NOBODY: Final = 65532
"""The user of our containers, which may not be root; busybox names none."""


def of_step(namespace: str) -> dict[str, Any]:
    """Return the spec of the pod that a step of an Engram has which does nothing."""
    here = {"namespace": namespace}
    story = Story.model_validate(
        {
            "metadata": {"name": "s", **here},
            "spec": {"steps": [{"name": "a", "ref": {"name": "e"}}]},
        }
    )
    template = EngramTemplate.model_validate(
        {
            "metadata": {
                "name": "t",
                "annotations": {"runwright.dev/command": '["/bin/true"]'},
            },
            "spec": {"version": "v1", "supportedModes": ["job"], "image": BUSYBOX},
        }
    )
    engram = Engram.model_validate(
        {
            "metadata": {"name": "e", **here},
            "spec": {"templateRef": {"name": "t"}, "executionPolicy": {"resources": SMALL}},
        }
    )
    start = StartStoryRun(
        name="s", story=story, engrams=(engram,), templates=(template,), backend=Backend.KUBERNETES
    )
    return pod_of_step(Work(start, story.spec.steps[0], engram, template))


def of_pipeline(pipeline: Pipeline, config: KratixConfig) -> dict[str, Any]:
    """Return the spec of the pod of a pipeline, with `true` in the place of all its containers."""
    parent = Parent(
        type=WorkflowType.RESOURCE,
        promise="p",
        api_version="example.org/v1",
        kind="Demo",
        plural="demos",
        name="r",
        namespace="n",
    )
    run = PipelineRun(
        parent=parent,
        action=WorkflowAction.CONFIGURE,
        pipeline=pipeline,
        hash="0",
        is_last=False,
        number="1",
    )
    pod = pod_of_pipeline(run, Platform(BUSYBOX, config=config))
    volumes = [one for one in pod["volumes"] if "emptyDir" in one]
    names = {one["name"] for one in volumes}
    return {
        **pod,
        "initContainers": [_idle(one, names) for one in pod["initContainers"]],
        "containers": [_idle(one, names) for one in pod["containers"]],
        "volumes": volumes,
    }


def _idle(container: dict[str, Any], volumes: set[str]) -> dict[str, Any]:
    """Return a container that does nothing, and needs nothing that is not there."""
    context = container.get("securityContext") or {}
    user = {"runAsUser": _NOBODY} if context.get("runAsNonRoot") else {}
    mounts = container.get("volumeMounts") or []
    return {
        **{key: value for key, value in container.items() if key != "args"},
        "image": BUSYBOX,
        "command": ["/bin/true"],
        "volumeMounts": [one for one in mounts if one["name"] in volumes],
        "securityContext": {**context, **user},
    }
