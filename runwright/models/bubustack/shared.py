"""The words that BubuStack's kinds share: names, phases, modes, references.

Source: bobrapet, the API types and enums of `v1alpha1`.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StrictBool

from runwright.models.base import WireModel
from runwright.models.values import JsonObject, Natural32

_DNS = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"

DnsText = Annotated[str, Field(pattern=_DNS)]
"""Lower case letters, digits and inner hyphens, of any length."""
DnsLabel = Annotated[str, Field(min_length=1, max_length=63, pattern=_DNS)]
"""A DNS label: the name of a step, a queue, a namespace."""
DnsName = Annotated[str, Field(min_length=1, max_length=253, pattern=_DNS)]
"""The name of an object to refer to; unlike Kubernetes itself, BubuStack allows no dots here."""
Version = Annotated[str, Field(max_length=64)]


class Phase(StrEnum):
    """Where a run or a step is in its life."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    FINISHED = "Finished"
    """Ended by a graceful cancel."""
    CANCELED = "Canceled"
    COMPENSATED = "Compensated"
    PAUSED = "Paused"
    BLOCKED = "Blocked"
    SCHEDULING = "Scheduling"
    TIMEOUT = "Timeout"
    ABORTED = "Aborted"
    SKIPPED = "Skipped"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing follows, short of a redrive."""
        return self in _TERMINAL


_TERMINAL = frozenset(
    {
        Phase.SUCCEEDED,
        Phase.FAILED,
        Phase.FINISHED,
        Phase.CANCELED,
        Phase.COMPENSATED,
        Phase.TIMEOUT,
        Phase.ABORTED,
        Phase.SKIPPED,
    }
)


class StepType(StrEnum):
    """The primitives: what a step without an Engram does."""

    CONDITION = "condition"
    PARALLEL = "parallel"
    SLEEP = "sleep"
    STOP = "stop"
    WAIT = "wait"
    EXECUTE_STORY = "executeStory"
    GATE = "gate"


class StopMode(StrEnum):
    """How a stop step ends its run."""

    SUCCESS = "success"
    FAILURE = "failure"
    CANCEL = "cancel"


class WorkloadMode(StrEnum):
    """Which Kubernetes workload an Engram runs as."""

    JOB = "job"
    DEPLOYMENT = "deployment"
    STATEFUL_SET = "statefulset"


class BackoffStrategy(StrEnum):
    """How the delay grows from one retry to the next."""

    EXPONENTIAL = "exponential"
    LINEAR = "linear"
    CONSTANT = "constant"


class ExitClass(StrEnum):
    """What an exit code means for the retries."""

    SUCCESS = "success"
    RETRY = "retry"
    TERMINAL = "terminal"
    RATE_LIMITED = "rateLimited"
    UNKNOWN = "unknown"


class ValidationStatus(StrEnum):
    """What became of the validation of a Story, an Engram or a template."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    PENDING = "pending"


class TransportMode(StrEnum):
    """Whether payloads stay on the transport or go through storage."""

    HOT = "hot"
    FALLBACK = "fallback"


class SecretMountType(StrEnum):
    """How a secret reaches the container."""

    ENV = "env"
    FILE = "file"
    BOTH = "both"


class ObjectReference(WireModel):
    """An object by name; without a namespace in the namespace of who refers to it."""

    name: DnsName
    namespace: DnsLabel | None = None


class StoryReference(ObjectReference):
    """A Story; a version, when given, must be the Story's own."""

    version: Version | None = None
    uid: str | None = None


class EngramReference(ObjectReference):
    """An Engram; a version, when given, must be the Engram's own."""

    version: Version | None = None
    uid: str | None = None


class ImpulseReference(ObjectReference):
    """The Impulse that caused a run."""

    version: Version | None = None
    uid: str | None = None


class StoryRunReference(ObjectReference):
    """The StoryRun that something belongs to."""

    uid: str | None = None


class StepRunReference(ObjectReference):
    """The StepRun that something belongs to."""

    uid: str | None = None


class EngramTemplateReference(WireModel):
    """A cluster-scoped EngramTemplate; its name is not held to the DNS form."""

    name: str = Field(min_length=1, max_length=253)
    version: Version | None = None
    uid: str | None = None


class LocalObjectReference(WireModel):
    """An object of the same namespace, of a kind that the context knows."""

    name: str = ""


class TraceInfo(WireModel):
    """The distributed trace that a run is part of."""

    trace_id: str | None = None
    span_id: str | None = None
    sampled: StrictBool | None = None


class SchemaReference(WireModel):
    """The schema against which inputs or outputs were checked."""

    ref: str | None = None
    """A URI, as `bubu://story/NAMESPACE/NAME/inputs`."""
    version: str | None = None


class StructuredErrorType(StrEnum):
    """What kind of trouble ended a step."""

    TIMEOUT = "timeout"
    STORAGE_ERROR = "storage_error"
    SERIALIZATION_ERROR = "serialization_error"
    VALIDATION_ERROR = "validation_error"
    INITIALIZATION_ERROR = "initialization_error"
    EXECUTION_ERROR = "execution_error"
    UNKNOWN = "unknown"


class StructuredError(WireModel):
    """Why a step failed, as an SDK or the engine reports it."""

    version: str = "v1"
    type: StructuredErrorType
    message: str
    retryable: StrictBool | None = None
    exit_code: Natural32 | None = None
    exit_class: ExitClass | None = None
    code: str | None = None
    details: JsonObject | None = None
