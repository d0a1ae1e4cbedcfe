"""The Job of a pipeline, as far as Kratix decides it."""

from typing import Any

from runwright.models.kratix import Parent, PipelineRun, WorkflowType
from runwright.models.tasks import JobTemplate
from runwright.rules.kratix.jobs.labels import annotations_of_job, labels_of_job
from runwright.rules.kratix.jobs.pod import Platform, pod_of


def job_template(run: PipelineRun, platform: Platform) -> JobTemplate:
    """Return the Job of one attempt at a pipeline.

    Nothing is said of deadlines, and of retries only what the author or the platform says: the
    kubelet and the Job retry a step.

    Source: Kratix, Job construction.
    """
    limit = run.pipeline.spec.job_options.backoff_limit
    if limit is None:
        limit = platform.config.workflows.job_options.default_backoff_limit
    metadata = {"annotations": dict(run.pipeline.metadata.annotations)}
    return JobTemplate(
        labels=labels_of_job(run),
        annotations=annotations_of_job(run.parent),
        owners=tuple(owners_of(run.parent)),
        spec={
            **({} if limit is None else {"backoffLimit": limit}),
            "template": {"metadata": metadata, "spec": pod_of(run, platform)},
        },
    )


def owners_of(parent: Parent) -> list[dict[str, Any]]:
    """Return whose the Job of a parent is: the parent's, unless they are in two namespaces.

    Source: Kratix, owner references.
    """
    is_promise = parent.type is WorkflowType.PROMISE
    if not is_promise and parent.home != parent.namespace:
        return []
    owner = {
        "apiVersion": parent.api_version,
        "kind": parent.kind,
        "name": parent.name,
        "uid": parent.uid,
    }
    return [{**owner, "controller": True, "blockOwnerDeletion": True} if is_promise else owner]
