"""Story, the template of a run, and Engram, what a step executes.

What holds between fields (exactly one of `ref` and `type`, unique names, needs that exist) is left
to the rules, which report every problem of a document at once.

Source: bobrapet, group `bubustack.io/v1alpha1`.
"""

from collections.abc import Iterator, Sized
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self, cast

from pydantic import AwareDatetime, Field, StrictBool, model_validator

from runwright.models.base import WireModel
from runwright.models.bubustack.policies import (
    ExecutionOverrides,
    ExecutionPolicy,
    RetryPolicy,
    StoragePolicy,
)
from runwright.models.bubustack.shared import (
    DnsLabel,
    DnsText,
    EngramReference,
    EngramTemplateReference,
    LocalObjectReference,
    Phase,
    StepType,
    TransportMode,
    ValidationStatus,
    Version,
    WorkloadMode,
)
from runwright.models.bubustack.streaming import StreamingSettings
from runwright.models.durations import GoDuration
from runwright.models.metadata import Condition, ObjectMeta
from runwright.models.templates import between_braces
from runwright.models.values import Int32, Int64, JsonObject, Natural32

MOST_TEMPLATES: Final = 64 * 1024
"""Characters between the double braces of one Story: to read more would hold up other runs."""
MOST_BRANCHES: Final = 1000
"""Of all parallel steps of one Story: no run has more steps."""


class StoryPattern(StrEnum):
    """Whether a run is a walk through steps or a topology of streams."""

    BATCH = "batch"
    REALTIME = "realtime"


class ConcurrencyMode(StrEnum):
    """What the hub does with a packet while another is being worked on."""

    SERIAL = "serial"
    CANCEL_PREVIOUS = "cancelPrevious"
    PARALLEL = "parallel"


class ConcurrencyScope(StrEnum):
    """Among which packets a concurrency mode counts."""

    STORY_RUN = "storyrun"
    PARTICIPANT = "participant"


class StoryConcurrency(WireModel):
    """How the streaming hub orders packets; batch runs ignore it."""

    mode: ConcurrencyMode = ConcurrencyMode.PARALLEL
    scope: ConcurrencyScope = ConcurrencyScope.STORY_RUN


class PostExecutionCheck(WireModel):
    """A condition on a step's own output, without which its success is a failure."""

    condition: str = Field(min_length=1)
    failure_message: str | None = None


class Step(WireModel):
    """One node of a Story's graph: an Engram (`ref`) or a primitive (`type`)."""

    name: DnsLabel
    id: DnsLabel | None = None
    """Kept, and used by nobody."""
    needs: tuple[str, ...] = ()
    """The names of the steps that must be over before."""
    type: StepType | None = None
    if_: str | None = Field(default=None, validation_alias="if", serialization_alias="if")
    """A template; the step is skipped where it is false."""
    allow_failure: StrictBool | None = None
    side_effects: StrictBool | None = None
    """Not to be repeated lightly: no retries, unless the step sets its own."""
    requires: tuple[str, ...] = ()
    """Paths into other steps' outputs, as `steps.fetch.output.url`, that must be there."""
    idempotency_key_template: Annotated[str, Field(max_length=512)] | None = None
    ref: EngramReference | None = None
    with_: JsonObject | None = Field(
        default=None, validation_alias="with", serialization_alias="with"
    )
    """Input of an Engram, arguments of a primitive; values may be templates."""
    runtime: JsonObject | None = None
    """Evaluated per packet by the streaming hub."""
    transport: DnsText | None = None
    secrets: dict[str, str] | None = None
    """From the template's name of a secret to the name of a Secret."""
    execution: ExecutionOverrides | None = None
    post_execution: PostExecutionCheck | None = None

    @property
    def templates(self) -> Iterator[Any]:
        """All that may be a template, or hold some."""
        yield from (self.if_, self.with_, self.runtime, self.idempotency_key_template)
        yield self.post_execution.condition if self.post_execution else None

    @property
    def branch_count(self) -> int:
        """How many branches there are, if it is a parallel step."""
        branches = (self.with_ or {}).get("steps") if self.type is StepType.PARALLEL else None
        return len(cast("Sized", branches)) if isinstance(branches, list) else 0


class StoryTimeouts(WireModel):
    """How long the run, each step, and a graceful cancel may take."""

    story: GoDuration | None = None
    step: GoDuration | None = None
    graceful_shutdown_timeout: GoDuration | None = None


class StoryRetries(WireModel):
    """What follows a failed step."""

    step_retry_policy: RetryPolicy | None = None
    continue_on_step_failure: StrictBool = False
    """False: fail fast, no new main step starts after a failure."""


class StoryPolicy(WireModel):
    """What holds for all steps of a Story."""

    timeouts: StoryTimeouts | None = None
    with_: JsonObject | None = Field(
        default=None, validation_alias="with", serialization_alias="with"
    )
    """Inputs of this Story when another runs it and does not give them."""
    retries: StoryRetries | None = None
    concurrency: Int32 | None = None
    """How many steps of one run may run at once."""
    queue: DnsLabel | None = None
    priority: Natural32 | None = None
    storage: StoragePolicy | None = None
    execution: ExecutionPolicy | None = None


class StoryTransport(WireModel):
    """A transport under the name by which steps use it."""

    name: DnsText
    transport_ref: str = Field(min_length=1)
    """The name of a cluster-scoped Transport."""
    description: str | None = None
    streaming: StreamingSettings | None = None
    settings: JsonObject | None = None


class StorySpec(WireModel):
    """The graph, its schemas and its policy."""

    version: Version | None = None
    pattern: StoryPattern = StoryPattern.BATCH
    concurrency: StoryConcurrency | None = None
    inputs_schema: JsonObject | None = None
    outputs_schema: JsonObject | None = None
    output: JsonObject | None = None
    """A template of the run's output over inputs and steps."""
    steps: tuple[Step, ...] = Field(min_length=1, max_length=100)
    compensations: tuple[Step, ...] = Field(default=(), max_length=50)
    """Run only after a main step failed."""
    finally_: tuple[Step, ...] = Field(
        default=(), max_length=50, validation_alias="finally", serialization_alias="finally"
    )
    """Run at the end of every run."""
    policy: StoryPolicy | None = None
    transports: tuple[StoryTransport, ...] = ()

    @property
    def templates(self) -> Iterator[Any]:
        """All that may be a template, or hold some."""
        for step in (*self.steps, *self.compensations, *self.finally_):
            yield from step.templates
        yield from (self.output, self.policy.with_ if self.policy else None)

    @model_validator(mode="after")
    def _can_be_looked_through(self) -> Self:
        """Refuse what is too much for whoever has to judge and to run it.

        Source: ours; upstream bounds single fields, and the document as a whole.
        """
        if (size := between_braces(tuple(self.templates))) > MOST_TEMPLATES:
            message = f"its templates take {size} characters, and may take {MOST_TEMPLATES}"
            raise ValueError(message)
        steps = (*self.steps, *self.compensations, *self.finally_)
        if (count := sum(step.branch_count for step in steps)) > MOST_BRANCHES:
            message = f"its parallel steps have {count} branches, and may have {MOST_BRANCHES}"
            raise ValueError(message)
        return self


class StoryTransportStatus(WireModel):
    """Which mode a declared transport is in, and why."""

    name: str
    transport_ref: str
    mode: TransportMode | None = None
    mode_reason: str | None = None


class StoryStatus(WireModel):
    """Whether a Story is valid, and how much it is used."""

    observed_generation: Int64 | None = None
    conditions: tuple[Condition, ...] = ()
    steps_total: Int32 | None = None
    """Steps, compensations and finally together."""
    transports: tuple[StoryTransportStatus, ...] = ()
    validation_status: ValidationStatus | None = None
    validation_errors: tuple[str, ...] = ()
    validation_warnings: tuple[str, ...] = ()
    usage_count: Int32 | None = None
    """How many Impulses refer to it."""
    triggers: Int64 | None = None
    """How many StoryRuns refer to it."""


class Story(WireModel):
    """A graph of steps, to be run any number of times."""

    api_version: Literal["bubustack.io/v1alpha1"] = "bubustack.io/v1alpha1"
    kind: Literal["Story"] = "Story"
    metadata: ObjectMeta
    spec: StorySpec
    status: StoryStatus | None = None


class EngramTLSSpec(WireModel):
    """Which TLS secret an Engram's transport uses."""

    secret_ref: LocalObjectReference | None = None
    use_default_tls: StrictBool | None = Field(
        default=None, validation_alias="useDefaultTLS", serialization_alias="useDefaultTLS"
    )


class EngramTransportSpec(WireModel):
    """What an Engram changes on its transport."""

    tls: EngramTLSSpec | None = None


class EngramSpec(WireModel):
    """A template, configured."""

    version: Version | None = None
    template_ref: EngramTemplateReference
    mode: WorkloadMode | None = None
    """Not said is a Job."""
    with_: JsonObject | None = Field(
        default=None, validation_alias="with", serialization_alias="with"
    )
    """The configuration, by the template's schema; a step's own `with` is laid over it."""
    secrets: dict[str, str] | None = None
    execution_policy: ExecutionPolicy | None = None
    overrides: ExecutionOverrides | None = None
    transport: EngramTransportSpec | None = None


class EngramStatus(WireModel):
    """Whether an Engram is valid, and how much it is used."""

    observed_generation: Int64 | None = None
    conditions: tuple[Condition, ...] = ()
    replicas: Int32 | None = None
    ready_replicas: Int32 | None = None
    phase: Phase | None = None
    validation_status: ValidationStatus | None = None
    validation_errors: tuple[str, ...] = ()
    usage_count: Int32 | None = None
    """How many Stories refer to it."""
    triggers: Int64 | None = None
    """How many StepRuns refer to it."""
    last_execution_time: AwareDatetime | None = None
    total_executions: Int32 | None = None
    failed_executions: Int32 | None = None


class Engram(WireModel):
    """A configured component, that steps execute."""

    api_version: Literal["bubustack.io/v1alpha1"] = "bubustack.io/v1alpha1"
    kind: Literal["Engram"] = "Engram"
    metadata: ObjectMeta
    spec: EngramSpec
    status: EngramStatus | None = None
