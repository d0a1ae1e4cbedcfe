"""Pipelines as they are run, for the tests."""

from typing import Any

from runwright.models.kratix import Parent, Pipeline, PipelineRun, WorkflowAction, WorkflowType
from tests.unit.rules.kratix.documents import pipeline
from tests.unit.rules.kratix.states import HASH

REQUEST = Parent(
    type=WorkflowType.RESOURCE,
    promise="database",
    api_version="example.org/v1",
    kind="Database",
    plural="databases",
    name="orders",
    namespace="shop",
    uid="r-1",
)
APART = REQUEST.model_copy(update={"pipeline_namespace": "pipelines"})
"""The same where the Promise wants its pipelines in a namespace of their own."""
PROMISE = Parent(
    type=WorkflowType.PROMISE,
    promise="database",
    api_version="platform.kratix.io/v1alpha1",
    kind="Promise",
    plural="promises",
    name="database",
    uid="p-1",
)


def run_of(
    parent: Parent = REQUEST,
    action: WorkflowAction = WorkflowAction.CONFIGURE,
    one: Pipeline | None = None,
    **update: Any,
) -> PipelineRun:
    """Return the last pipeline of a workflow as it is run."""
    fields = {"hash": HASH, "is_last": True, "number": "1", **update}
    return PipelineRun(parent=parent, action=action, pipeline=one or pipeline(), **fields)
