"""EngramTemplate, the reusable component that an Engram configures.

What a template recommends counts last, where neither step nor Story nor Engram says otherwise; so
None is "not said" here too.

Source: bobrapet, group `catalog.bubustack.io/v1alpha1`.
"""

from typing import Literal

from pydantic import Field, StrictBool, StrictInt

from runwright.models.base import WireModel
from runwright.models.bubustack.policies import RBACPolicy, StoragePolicy
from runwright.models.bubustack.shared import (
    BackoffStrategy,
    SecretMountType,
    ValidationStatus,
    WorkloadMode,
)
from runwright.models.durations import GoDuration
from runwright.models.metadata import Condition, ObjectMeta
from runwright.models.values import Int32, Int64, JsonObject


class SecretDefinition(WireModel):
    """A secret that the component expects."""

    required: StrictBool = False
    description: str | None = None
    mount_type: SecretMountType | None = None
    env_prefix: str | None = None
    mount_path: str | None = None
    expected_keys: tuple[str, ...] = ()


class TemplateImagePolicy(WireModel):
    """How the image is pulled."""

    pull_policy: str | None = None


class TemplateResourcePolicy(WireModel):
    """Requests and limits as Kubernetes quantities."""

    recommended_cpu_request: str | None = None
    recommended_cpu_limit: str | None = None
    recommended_memory_request: str | None = None
    recommended_memory_limit: str | None = None
    min_cpu_request: str | None = None
    min_memory_request: str | None = None


class TemplateSecurityPolicy(WireModel):
    """What the component needs of its security context."""

    requires_non_root: StrictBool | None = None
    requires_read_only_root: StrictBool | None = None
    requires_no_privilege_escalation: StrictBool | None = None
    recommended_run_as_user: Int64 | None = None


class TemplateJobPolicy(WireModel):
    """How the component's Jobs should behave."""

    recommended_backoff_limit: Int32 | None = None
    recommended_ttl_seconds_after_finished: Int32 | None = None
    recommended_restart_policy: str | None = None


class TemplateRetryPolicy(WireModel):
    """How the component should be retried."""

    recommended_max_retries: StrictInt | None = None
    recommended_backoff: BackoffStrategy | None = None
    recommended_base_delay: GoDuration | None = None
    recommended_max_delay: GoDuration | None = None


class TemplateServicePort(WireModel):
    """A port of the Service, and the container's port behind it."""

    port: Int32
    target_port: Int32
    name: str | None = None
    protocol: str | None = None


class TemplateServicePolicy(WireModel):
    """How a long-running component is exposed."""

    ports: tuple[TemplateServicePort, ...] = ()


class TemplateProbePolicy(WireModel):
    """The probes, each a Kubernetes `Probe`."""

    liveness: JsonObject | None = None
    readiness: JsonObject | None = None
    startup: JsonObject | None = None


class TemplateExecutionPolicy(WireModel):
    """How the component should be executed."""

    images: TemplateImagePolicy | None = None
    resources: TemplateResourcePolicy | None = None
    security: TemplateSecurityPolicy | None = None
    job: TemplateJobPolicy | None = None
    retry: TemplateRetryPolicy | None = None
    timeout: GoDuration | None = None
    service: TemplateServicePolicy | None = None
    probes: TemplateProbePolicy | None = None
    storage: StoragePolicy | None = None
    rbac: RBACPolicy | None = None


class EngramTemplateSpec(WireModel):
    """What a component is, takes and gives."""

    version: str
    supported_modes: tuple[WorkloadMode, ...] = Field(min_length=1, max_length=3)
    description: str | None = None
    image: str | None = Field(default=None, max_length=512)
    config_schema: JsonObject | None = None
    """JSON Schema of an Engram's `with`."""
    input_schema: JsonObject | None = None
    output_schema: JsonObject | None = None
    declared_output_keys: tuple[str, ...] = ()
    secret_schema: dict[str, SecretDefinition] | None = None
    execution: TemplateExecutionPolicy | None = None


class EngramTemplateStatus(WireModel):
    """Whether a template is valid, and how many Engrams use it."""

    observed_generation: Int64 | None = None
    conditions: tuple[Condition, ...] = ()
    usage_count: Int32 | None = None
    validation_status: ValidationStatus | None = None
    validation_errors: tuple[str, ...] = ()


class EngramTemplate(WireModel):
    """A reusable component; cluster-scoped."""

    api_version: Literal["catalog.bubustack.io/v1alpha1"] = "catalog.bubustack.io/v1alpha1"
    kind: Literal["EngramTemplate"] = "EngramTemplate"
    metadata: ObjectMeta
    spec: EngramTemplateSpec
    status: EngramTemplateStatus | None = None
