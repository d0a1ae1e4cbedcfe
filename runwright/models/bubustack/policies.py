"""How steps are executed, retried, cached and stored, at every level that may say so.

A step, its Story, its Engram and the Engram's template may each set the same thing, and the
nearest that does wins. So nothing here has a default: None is "not said at this level". What holds
when nobody says anything is up to the rules.

Source: bobrapet, the shared API types of `v1alpha1`.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from runwright.models.base import WireModel
from runwright.models.bubustack.shared import BackoffStrategy, DnsName, LocalObjectReference
from runwright.models.durations import GoDuration
from runwright.models.rbac import PolicyRule
from runwright.models.values import Int32, Int64, JsonObject, Percent, Positive32


class RetryPolicy(WireModel):
    """How often and after which delays a failed step is tried again.

    Upstream's CRD fills in 3 retries and a delay of 1 s as soon as there is a policy at all, which
    hides what its author said. Here the rules do it, after inheritance.
    """

    max_retries: Annotated[int, Field(strict=True, ge=0, le=10)] | None = None
    delay: GoDuration | None = None
    """Before the first retry; `backoff` makes the others of it."""
    max_delay: GoDuration | None = None
    jitter: Percent | None = None
    backoff: BackoffStrategy | None = None


class CacheMode(StrEnum):
    """Which halves of the cache a step uses."""

    READ = "read"
    WRITE = "write"
    READ_WRITE = "readWrite"


class CachePolicy(WireModel):
    """Whether and how a step's output is reused."""

    enabled: StrictBool | None = None
    """Not said counts as true: a policy is there to be applied."""
    key: str | None = None
    """A template; without it the key is made of engram, version, step and input."""
    salt: str | None = None
    mode: CacheMode | None = None
    ttl_seconds: Int32 | None = None


class S3Authentication(WireModel):
    """How a pod proves itself to S3: by its ServiceAccount or by a Secret."""

    service_account_annotations: dict[str, str] | None = None
    secret_ref: LocalObjectReference | None = None


class S3StorageProvider(WireModel):
    """A bucket of S3 or of what speaks its protocol."""

    bucket: str
    region: str | None = None
    endpoint: str | None = None
    use_path_style: StrictBool | None = None
    authentication: S3Authentication


class FileStorageProvider(WireModel):
    """A folder in the pod, on a claimed or an ephemeral volume."""

    path: str | None = None
    volume_claim_name: str | None = None
    empty_dir: JsonObject | None = None
    """The `emptyDir` of a Kubernetes volume."""


class StoragePolicy(WireModel):
    """Where values too large for a resource are kept."""

    s3: S3StorageProvider | None = None
    file: FileStorageProvider | None = None
    timeout_seconds: StrictInt | None = None


class SecurityPolicy(WireModel):
    """The security context of a pod."""

    run_as_non_root: StrictBool | None = None
    allow_privilege_escalation: StrictBool | None = None
    read_only_root_filesystem: StrictBool | None = None
    run_as_user: Int64 | None = None


class WorkloadSecurity(SecurityPolicy):
    """A security context, and the Secrets that must exist."""

    required_secrets: tuple[str, ...] | None = None


class PlacementPolicy(WireModel):
    """Which nodes a pod may run on, in Kubernetes' own terms."""

    node_selector: dict[str, str] | None = None
    tolerations: tuple[JsonObject, ...] | None = None
    affinity: JsonObject | None = None


class ProbeOverrides(WireModel):
    """Which of the template's probes are switched off."""

    disable_liveness: StrictBool | None = None
    disable_readiness: StrictBool | None = None
    disable_startup: StrictBool | None = None


class RBACPolicy(WireModel):
    """What a step's ServiceAccount may do besides reporting."""

    rules: tuple[PolicyRule, ...] | None = None


class ExecutionOverrides(WireModel):
    """What a step or an Engram changes in how it is executed."""

    timeout: GoDuration | None = None
    retry: RetryPolicy | None = None
    debug: StrictBool | None = None
    security: WorkloadSecurity | None = None
    placement: PlacementPolicy | None = None
    image_pull_policy: str | None = None
    max_inline_size: StrictInt | None = None
    """Bytes; larger values go to storage, with 0 every one."""
    service_account_name: DnsName | None = None
    automount_service_account_token: StrictBool | None = None
    probes: ProbeOverrides | None = None
    storage: StoragePolicy | None = None
    cache: CachePolicy | None = None
    rbac: RBACPolicy | None = None


class ResourcePolicy(WireModel):
    """Requests and limits as Kubernetes quantities: `100m`, `128Mi`."""

    cpu_request: str | None = None
    cpu_limit: str | None = None
    memory_request: str | None = None
    memory_limit: str | None = None


class JobPolicy(WireModel):
    """How Jobs behave, and how long finished runs are kept."""

    backoff_limit: Int32 | None = None
    ttl_seconds_after_finished: Int32 | None = None
    """How long the children of a finished run stay."""
    story_run_retention_seconds: Int32 | None = None
    """How long the run itself stays after its end; -1 removes it with its children."""
    restart_policy: str | None = None


class RealtimePolicy(WireModel):
    """How long the workloads of a finished topology stay; negative keeps them."""

    ttl_seconds_after_finished: Int32 | None = None


class ExecutionPolicy(WireModel):
    """How the steps of a Story, or the runs of an Engram, are executed by default."""

    resources: ResourcePolicy | None = None
    security: SecurityPolicy | None = None
    placement: PlacementPolicy | None = None
    job: JobPolicy | None = None
    retry: RetryPolicy | None = None
    timeout: GoDuration | None = None
    max_recursion_depth: Positive32 | None = None
    service_account_name: DnsName | None = None
    storage: StoragePolicy | None = None
    cache: CachePolicy | None = None
    realtime: RealtimePolicy | None = None
