"""A request for a Promise, and ResourceBinding, the version of the Promise that it gets.

Source: Kratix, status of a resource request; group `platform.kratix.io/v1alpha1`.
"""

from typing import Literal

from pydantic import AwareDatetime, Field

from runwright.models.base import WireModel
from runwright.models.kratix.shared import PromiseRef, WorkflowCounts, WorkflowsStatus
from runwright.models.metadata import Condition, ObjectMeta
from runwright.models.values import Int64, JsonObject


class RequestKratixStatus(WireModel):
    """What Kratix keeps apart from whatever a pipeline may write."""

    workflows: WorkflowsStatus | None = None


class ResourceRequestStatus(WorkflowCounts, extra="allow"):
    """How a request is going; pipelines may write any other field, and `message`."""

    message: str | None = None
    observed_generation: Int64 | None = None
    """The generation whose workflow ran to its end."""
    conditions: tuple[Condition, ...] = ()
    last_successful_configure_workflow_time: AwareDatetime | None = None
    kratix: RequestKratixStatus | None = None
    promise_version: str | None = None
    """The version of the Promise whose pipelines ran."""
    resource_binding_version: str | None = None


class ResourceRequest(WireModel):
    """An object of the API that a Promise defines."""

    api_version: str
    kind: str
    metadata: ObjectMeta
    spec: JsonObject | None = None
    status: ResourceRequestStatus | None = None


class ResourceRef(WireModel):
    """A request for a Promise."""

    name: str = Field(min_length=1, max_length=253)
    namespace: str = Field(min_length=1, max_length=63)


class ResourceBindingSpec(WireModel):
    """Which version of its Promise a request is to have."""

    version: str
    """`latest` follows the Promise."""
    promise_ref: PromiseRef
    resource_ref: ResourceRef


class ResourceBindingStatus(WireModel):
    """Which version it has."""

    last_applied_version: str | None = None
    failed_version: str | None = None
    """The version whose pipelines failed; they are not run again for it by themselves."""
    conditions: tuple[Condition, ...] = ()


class ResourceBinding(WireModel):
    """Ties a request to a version of its Promise."""

    api_version: Literal["platform.kratix.io/v1alpha1"] = "platform.kratix.io/v1alpha1"
    kind: Literal["ResourceBinding"] = "ResourceBinding"
    metadata: ObjectMeta
    spec: ResourceBindingSpec
    status: ResourceBindingStatus | None = None
