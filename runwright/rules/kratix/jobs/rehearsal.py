"""The Jobs that the pipelines of a Promise would be, before there is a request for it.

Source: Kratix, Promise webhook.
"""

from collections.abc import Iterator
from itertools import product
from typing import Final, NamedTuple

from runwright.models.kratix import (
    SYSTEM_NAMESPACE,
    Parent,
    Pipeline,
    PipelineRun,
    Promise,
    WorkflowAction,
    WorkflowType,
)
from runwright.models.objects import Manifest
from runwright.rules.kratix.jobs.pod import Platform
from runwright.rules.kratix.jobs.template import job_template
from runwright.rules.kratix.names import job_name
from runwright.rules.kratix.parents import pipeline_namespace, promise_parent
from runwright.rules.kratix.pipelines import pipelines_of

_EXAMPLE: Final = "dry-run"
_PLATFORM: Final = Platform(image=_EXAMPLE)


class Rehearsal(NamedTuple):
    """A Job that a pipeline would be, and the path of the pipeline in its Promise."""

    path: str
    job: Manifest


def rehearsals(promise: Promise) -> Iterator[Rehearsal]:
    """Yield a Job for each pipeline that may be run, of an example request where it is for one.

    Raises:
        InvalidManifestError: a pipeline cannot be read.
    """
    for type_, action in product(WorkflowType, WorkflowAction):
        for index, pipeline in enumerate(pipelines_of(promise.spec, type_, action)):
            path = f"spec.workflows.{type_}.{action}[{index}]"
            yield Rehearsal(path, _job(_parent(promise, type_), action, pipeline))


def _parent(promise: Promise, type_: WorkflowType) -> Parent:
    if type_ is WorkflowType.PROMISE:
        return promise_parent(promise)
    names = promise.spec.api.spec.names if promise.spec.api else None
    return Parent(
        type=type_,
        promise=promise.metadata.name,
        api_version="example.org/v1",
        kind=names.kind if names else _EXAMPLE,
        plural=names.plural if names else _EXAMPLE,
        name=_EXAMPLE,
        namespace=SYSTEM_NAMESPACE,
        pipeline_namespace=pipeline_namespace(promise.spec),
    )


def _job(parent: Parent, action: WorkflowAction, pipeline: Pipeline) -> Manifest:
    run = PipelineRun(
        parent=parent, action=action, pipeline=pipeline, hash="", is_last=True, number=_EXAMPLE
    )
    template = job_template(run, _PLATFORM)
    pod = template.spec["template"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(run),
            "namespace": parent.home,
            "labels": template.labels,
            "annotations": template.annotations,
        },
        "spec": {
            **template.spec,
            "template": {**pod, "metadata": {**pod["metadata"], "labels": template.labels}},
        },
    }
