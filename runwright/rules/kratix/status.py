"""What a parent shows of its workflows, in the layout that the Kratix followed has.

Source: Kratix, status of a resource request; Promise status.
"""

from datetime import datetime
from typing import Any, Final

from runwright.models.kratix import (
    Compat,
    ParentState,
    PipelineProgress,
    PipelineStatus,
    RequestKratixStatus,
    ResourceRequestStatus,
    WorkflowCounts,
    WorkflowProgress,
    WorkflowsStatus,
    WorkflowStatus,
    WorkflowType,
)
from runwright.models.metadata import Condition

OF_A_PROMISE: Final = frozenset(
    {
        "message",
        "observedGeneration",
        "conditions",
        "workflows",
        "workflowsSucceeded",
        "workflowsFailed",
        "kratix",
    }
)
"""The fields in the status of a Promise that tell of its workflows."""
OF_A_REQUEST: Final = frozenset(
    one.serialization_alias or one.alias or name
    for name, one in ResourceRequestStatus.model_fields.items()
)
"""The fields in the status of a request that are not for pipelines to write, but for two."""


def request_status(state: ParentState, compat: Compat) -> ResourceRequestStatus:
    """Return the status of a request, with what its pipelines wrote there.

    What is Kratix's own is not what a pipeline wrote into a field of that name. The counts and the
    time of the last success stay in both layouts: whatever reads them goes on.
    """
    own = ResourceRequestStatus(
        message=state.message or None,
        observed_generation=state.observed_generation or None,
        conditions=_conditions(state),
        last_successful_configure_workflow_time=_whole(state.last_successful_time),
        kratix=RequestKratixStatus(workflows=workflows_status(state, compat)),
        promise_version=state.promise_version or None,
        resource_binding_version=state.binding_version or None,
    )
    own = own.model_copy(update=dict(_counts(state)))
    extra = {name: one for name, one in state.extra.items() if name not in OF_A_REQUEST}
    return ResourceRequestStatus.model_validate({**extra, **_said(own)})


def shown_fields(type_: WorkflowType, state: ParentState, compat: Compat) -> dict[str, Any]:
    """Return what a parent shows of its workflows, as JSON without what is not there.

    Of a Promise that is not all: whether it is available, and what it requires, is nothing that
    its workflows decide.
    """
    fields = _said(request_status(state, compat))
    workflows: dict[str, Any] = fields["kratix"]["workflows"]
    fields["kratix"] = {"workflows": {key: one for key, one in workflows.items() if one != []}}
    if type_ is WorkflowType.RESOURCE:
        return fields
    return {key: value for key, value in fields.items() if key in OF_A_PROMISE}


def workflows_status(state: ParentState, compat: Compat) -> WorkflowsStatus:
    """Return how the workflows of a parent are going: of each action, or of the last alone."""
    if not compat.is_keyed:
        shown = _workflow_status(state.workflow)
        return WorkflowsStatus(
            pipelines=shown.pipelines,
            suspended_generation=shown.suspended_generation,
            last_successful_configure_workflow_time=_whole(state.last_successful_time),
        )
    since = {"last_successful_time": _whole(state.last_successful_time)}
    configure, delete = _workflow_status(state.configure), _workflow_status(state.delete)
    return WorkflowsStatus(
        configure=configure.model_copy(update=since) if state.configure.pipelines else None,
        delete=delete if state.delete.pipelines else None,
    )


def _workflow_status(workflow: WorkflowProgress) -> WorkflowStatus:
    return WorkflowStatus(
        pipelines=tuple(map(_pipeline_status, workflow.pipelines)),
        suspended_generation=workflow.suspended_generation or None,
    )


def _pipeline_status(pipeline: PipelineProgress) -> PipelineStatus:
    return PipelineStatus(
        name=pipeline.name,
        phase=pipeline.phase,
        last_transition_time=_whole(pipeline.last_transition_time),
        message=pipeline.message or None,
        next_retry_at=_whole(pipeline.next_retry_at),
        attempts=pipeline.attempts or None,
        hash=pipeline.hash or None,
        job_name=pipeline.job_name or None,
    )


def _counts(state: ParentState) -> WorkflowCounts:
    return WorkflowCounts(
        workflows=len(state.configure.pipelines),
        workflows_succeeded=state.configure.succeeded,
        workflows_failed=state.workflows_failed,
    )


def _conditions(state: ParentState) -> tuple[Condition, ...]:
    return tuple(
        one.model_copy(update={"last_transition_time": _whole(one.last_transition_time)})
        for one in state.conditions
    )


def _whole(moment: datetime | None) -> datetime | None:
    """Return a moment in whole seconds, as Kubernetes keeps it."""
    return moment.replace(microsecond=0) if moment else None


def _said(status: ResourceRequestStatus) -> dict[str, Any]:
    return status.model_dump(mode="json", exclude_none=True)
