"""A Promise, or a request for one, as the parent of workflows.

Source: Kratix, reconcile order of a resource request.
"""

from runwright.models.kratix import (
    ConditionType,
    Parent,
    Promise,
    PromiseSpec,
    ResourceRequest,
    WorkflowType,
)
from runwright.models.metadata import ConditionStatus
from runwright.models.objects import ObjectKey

_NEEDED = frozenset({ConditionType.AVAILABLE, ConditionType.REQUIREMENTS_FULFILLED})


def promise_parent(promise: Promise) -> Parent:
    """Return a Promise as the parent of its own workflows."""
    return Parent(
        type=WorkflowType.PROMISE,
        promise=promise.metadata.name,
        api_version=promise.api_version,
        kind=promise.kind,
        plural="promises",
        name=promise.metadata.name,
        uid=promise.metadata.uid,
        pipeline_namespace=pipeline_namespace(promise.spec),
    )


def named(parent: Parent) -> str:
    """Return how a parent is called: `Database shop/orders`, `Promise database`."""
    where = f"{parent.namespace}/" if parent.namespace else ""
    return f"{parent.kind} {where}{parent.name}"


def request_parent(promise: str, spec: PromiseSpec, request: ResourceRequest) -> Parent:
    """Return a request as a parent, by the spec that its Promise has in the version it gets."""
    return Parent(
        type=WorkflowType.RESOURCE,
        promise=promise,
        api_version=request.api_version,
        kind=request.kind,
        plural=spec.api.spec.names.plural if spec.api else "",
        name=request.metadata.name,
        namespace=request.metadata.namespace,
        uid=request.metadata.uid,
        pipeline_namespace=pipeline_namespace(spec),
    )


def object_key(parent: Parent) -> ObjectKey:
    """Return a parent as an object of its cluster: that very one, not another of its name."""
    return ObjectKey(
        api_version=parent.api_version,
        kind=parent.kind,
        namespace=parent.namespace,
        name=parent.name,
        uid=parent.uid,
        plural="" if parent.type is WorkflowType.PROMISE else parent.plural,
    )


def pipeline_namespace(spec: PromiseSpec) -> str:
    """Return where a Promise wants everything of its pipelines; empty: where it is by default."""
    config = spec.workflows.config
    return (config.pipeline_namespace if config else None) or ""


def can_fulfil(promise: Promise) -> bool:
    """Return whether requests for a Promise may be worked on: unless it says that they may not.

    It says so also while its own workflow runs.
    """
    conditions = promise.status.conditions if promise.status else ()
    return not any(
        one.type in _NEEDED and one.status is ConditionStatus.FALSE for one in conditions
    )
