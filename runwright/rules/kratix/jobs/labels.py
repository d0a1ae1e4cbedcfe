"""How the objects of a pipeline are labelled.

Source: Kratix, Job metadata.
"""

from runwright.models.kratix import Parent, PipelineRun, WorkflowType, keys


def labels_of_job(run: PipelineRun) -> dict[str, str]:
    """Return the labels of a Job and of its pod; those of the pipeline itself win."""
    return {
        **labels_of_pipeline(run),
        keys.MANAGED_BY: keys.KRATIX,
        keys.HASH: run.hash,
        **_of_request(run.parent),
        **run.pipeline.metadata.labels,
    }


def labels_of_pipeline(run: PipelineRun) -> dict[str, str]:
    """Return the labels of what belongs to a pipeline of a Promise, whoever it is run for."""
    return {
        keys.PROMISE_NAME: run.parent.promise,
        keys.WORKFLOW_TYPE: run.parent.type,
        keys.WORKFLOW_ACTION: run.action,
        keys.PIPELINE_NAME: run.pipeline.name,
    }


def labels_of_work(run: PipelineRun) -> dict[str, str]:
    """Return the labels of a Work.

    Source: Kratix, Work.
    """
    return {
        keys.PROMISE_NAME: run.parent.promise,
        keys.WORK_TYPE: run.parent.type,
        keys.PIPELINE_NAME: run.pipeline.name,
        **_of_request(run.parent),
    }


def annotations_of_job(parent: Parent) -> dict[str, str]:
    """Return the annotations that lead from a Job to its parent."""
    return {
        keys.JOB_RESOURCE_NAMESPACE: parent.namespace,
        keys.JOB_RESOURCE_NAME: parent.name,
        keys.JOB_RESOURCE_KIND: parent.kind,
        keys.JOB_RESOURCE_API_VERSION: parent.api_version,
    }


def _of_request(parent: Parent) -> dict[str, str]:
    if parent.type is WorkflowType.PROMISE:
        return {}
    apart = {keys.RESOURCE_NAMESPACE: parent.namespace} if parent.is_apart else {}
    return {keys.RESOURCE_NAME: parent.name, **apart}
