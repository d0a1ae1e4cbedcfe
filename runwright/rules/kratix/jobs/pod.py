"""The pod in which the containers of a pipeline run, one after the other.

Source: Kratix, Job construction.
"""

from typing import Any, NamedTuple

from runwright.models.kratix import KratixConfig, PipelineRun
from runwright.rules.kratix.jobs import containers
from runwright.rules.kratix.jobs.access import account_of, scheduling_name


class Platform(NamedTuple):
    """What the platform adds to every pipeline."""

    image: str
    """Of our containers."""
    pull_secret: str = ""
    """For that image; empty: none is needed."""
    config: KratixConfig = KratixConfig()


def pod_of(run: PipelineRun, platform: Platform) -> dict[str, Any]:
    """Return the pod of a pipeline, as a PodSpec.

    All but the last container are init containers, so that each waits for the one before it.
    """
    spec = run.pipeline.spec
    image, config = platform.image, platform.config
    steps = [containers.step(run, one, config) for one in spec.containers]
    writer = [containers.work_writer(run, image, config)] if run.is_configure else []
    return {
        "serviceAccountName": account_of(run),
        "restartPolicy": spec.restart_policy.value,
        "initContainers": [containers.reader(run, image, config), *steps, *writer],
        "containers": [containers.status_writer(run, image, config)],
        "volumes": _volumes(run),
        "imagePullSecrets": _pull_secrets(run, platform.pull_secret),
        **_placement(run),
    }


def _volumes(run: PipelineRun) -> list[dict[str, Any]]:
    """Return the volumes: where to find the Promise's selectors, the shared ones, the author's."""
    selectors = {
        "name": containers.SCHEDULING,
        "configMap": {
            "name": scheduling_name(run.parent.promise),
            "items": [{"key": "destinationSelectors", "path": "promise-scheduling"}],
        },
    }
    shared = (containers.INPUT, containers.OUTPUT, containers.METADATA)
    return [
        *([selectors] if run.is_configure else ()),
        *({"name": name, "emptyDir": {}} for name in shared),
        *(_said(volume) for volume in run.pipeline.spec.volumes),
    ]


def _pull_secrets(run: PipelineRun, own: str) -> list[dict[str, Any]]:
    given = [_said(one) for one in run.pipeline.spec.image_pull_secrets]
    return [*([{"name": own}] if own else ()), *given]


def _placement(run: PipelineRun) -> dict[str, Any]:
    spec = run.pipeline.spec
    placement: dict[str, Any] = {}
    if spec.node_selector:
        placement["nodeSelector"] = dict(spec.node_selector)
    if spec.tolerations:
        placement["tolerations"] = [_said(one) for one in spec.tolerations]
    return placement


def _said(part: Any) -> dict[str, Any]:
    said: dict[str, Any] = part.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return said
