"""What every Kubernetes object carries: its metadata, its owners, its conditions."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import AwareDatetime, Field, StrictBool, StrictInt

from runwright.models.base import WireModel

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which `kubectl apply` keeps a second copy of the whole object."""

ObjectName = Annotated[
    str,
    Field(
        max_length=253,
        pattern=r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$",
    ),
]
"""A DNS subdomain, or empty where the API server fills it in later."""

NamespaceName = Annotated[str, Field(max_length=63, pattern=r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$")]
"""A DNS label, or empty for a cluster-scoped object and for one that is not placed yet."""


class OwnerReference(WireModel):
    """The object on whose life another one depends."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: StrictBool | None = None
    block_owner_deletion: StrictBool | None = None


class ObjectMeta(WireModel):
    """The metadata of an object; empty texts and 0 stand for "not set", as in Go."""

    name: ObjectName = ""
    generate_name: str = Field(default="", max_length=253)
    """The prefix from which the API server makes a name, where `name` is empty."""
    namespace: NamespaceName = ""
    uid: str = ""
    resource_version: str = ""
    """Opaque: good for comparing with itself and for writing back, nothing else."""
    generation: StrictInt = 0
    """Counts the changes of the spec."""
    creation_timestamp: AwareDatetime | None = None
    deletion_timestamp: AwareDatetime | None = None
    """Set once deletion was asked for; the object goes when its last finalizer has."""
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    finalizers: tuple[str, ...] = ()
    owner_references: tuple[OwnerReference, ...] = ()


class ConditionStatus(StrEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(WireModel):
    """One aspect of an object's state.

    BubuStack's kinds allow a reason of 64 and a message of 2,048 characters. That binds who
    writes a condition: one that somebody else wrote is read whatever its length.
    """

    type: str
    status: ConditionStatus
    reason: str = ""
    message: str = ""
    observed_generation: StrictInt | None = None
    last_transition_time: AwareDatetime | None = None
    """When `status` last changed; a new reason or message does not move it."""
