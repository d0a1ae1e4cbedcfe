"""Pipeline, the steps that a workflow runs as one Job.

It is no kind of a cluster: a Promise carries it, and nothing in it may be unknown.

Source: Kratix, Pipeline.
"""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from runwright.models.base import StrictWireModel
from runwright.models.kratix.pods import (
    EnvFromSource,
    EnvVar,
    LocalObjectReference,
    ResourceRequirements,
    SecurityContext,
    Toleration,
    Volume,
    VolumeMount,
)
from runwright.models.metadata import ObjectMeta, ObjectName
from runwright.models.rbac import PolicyRule
from runwright.models.values import Int32


class RestartPolicy(StrEnum):
    """What the kubelet does with a step that failed."""

    ON_FAILURE = "OnFailure"
    NEVER = "Never"


class PullPolicy(StrEnum):
    """When an image is pulled."""

    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


class Container(StrictWireModel):
    """One step."""

    name: str = ""
    image: str = ""
    command: tuple[str, ...] | None = None
    args: tuple[str, ...] | None = None
    env: tuple[EnvVar, ...] = ()
    """After Kratix's own variables, so that of two of the same name the step's wins."""
    env_from: tuple[EnvFromSource, ...] | None = None
    volume_mounts: tuple[VolumeMount, ...] = ()
    image_pull_policy: PullPolicy | None = None
    security_context: SecurityContext | None = None
    resources: ResourceRequirements | None = None


class JobOptions(StrictWireModel):
    """How the Job behaves."""

    backoff_limit: Int32 | None = Field(default=None, ge=0)


class Permission(PolicyRule, extra="forbid"):
    """What the steps may do in the cluster besides what every pipeline may."""

    resource_namespace: str = ""
    """Empty: the pipeline's own; `*`: every one."""


class PipelineAccess(StrictWireModel):
    """As whom the steps act, and what they may do."""

    service_account: str = ""
    """Empty: one of the pipeline's own."""
    permissions: tuple[Permission, ...] = ()


class PipelineSpec(StrictWireModel):
    """The steps, and the pod that they share."""

    containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    image_pull_secrets: tuple[LocalObjectReference, ...] = ()
    node_selector: dict[str, str] | None = None
    tolerations: tuple[Toleration, ...] | None = None
    restart_policy: RestartPolicy = RestartPolicy.ON_FAILURE
    job_options: JobOptions = JobOptions()
    rbac: PipelineAccess = PipelineAccess()


class PipelineMetadata(ObjectMeta, extra="forbid"):
    """The metadata of a pipeline, of which Kratix heeds name, labels and annotations."""

    name: ObjectName = Field(min_length=1)


class Pipeline(StrictWireModel):
    """Steps that run one after the other, as one Job."""

    api_version: Literal["platform.kratix.io/v1alpha1"]
    kind: Literal["Pipeline"]
    metadata: PipelineMetadata
    spec: PipelineSpec = PipelineSpec()

    @property
    def name(self) -> str:
        """The name that is unique among the pipelines of its workflow."""
        return self.metadata.name
