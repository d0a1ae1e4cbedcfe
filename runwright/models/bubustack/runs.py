"""StoryRun, one execution of a Story, and StepRun, one execution of a step.

Source: bobrapet, group `runs.bubustack.io/v1alpha1`.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StrictBool

from runwright.models.base import WireModel
from runwright.models.bubustack.policies import CachePolicy, PlacementPolicy, RetryPolicy
from runwright.models.bubustack.shared import (
    DnsLabel,
    EngramReference,
    ExitClass,
    ImpulseReference,
    Phase,
    SchemaReference,
    StopMode,
    StoryReference,
    StoryRunReference,
    StructuredError,
    TraceInfo,
)
from runwright.models.bubustack.streaming import UpgradeStrategy
from runwright.models.durations import GoDuration
from runwright.models.metadata import Condition, ObjectMeta
from runwright.models.values import Int32, Int64, JsonObject


class StoryRunSpec(WireModel):
    """What to run, with which inputs; immutable but for the request to cancel."""

    story_ref: StoryReference
    impulse_ref: ImpulseReference | None = None
    inputs: JsonObject | None = None
    cancel_requested: StrictBool | None = None


class StepState(WireModel):
    """Where a step of a run is."""

    phase: Phase
    message: str = ""
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    sub_story_run_name: str | None = None
    """The StoryRun that an executeStory step started."""


class GateDecisionState(StrEnum):
    """What was decided at a gate."""

    PENDING = "Pending"
    APPROVED = "Approved"
    REJECTED = "Rejected"


class GateStatus(WireModel):
    """A gate's decision as the resource shows it, and as people write it there."""

    state: GateDecisionState = GateDecisionState.PENDING
    message: str = ""
    updated_at: AwareDatetime | None = None
    updated_by: str | None = None
    """Claimed by whoever wrote it, verified by nobody."""


class TriggerToken(StrEnum):
    """What a run was already counted as, so that it is counted once."""

    IMPULSE = "impulse"
    IMPULSE_SUCCESS = "impulse-success"
    IMPULSE_FAILED = "impulse-failed"
    STORY = "story"


class StoryRunStatus(WireModel):
    """How a run is going, or went."""

    observed_generation: Int64 | None = None
    phase: Phase | None = None
    message: str = ""
    conditions: tuple[Condition, ...] = ()
    active: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()
    steps_total: Int32 | None = None
    steps_complete: Int32 | None = None
    """How many steps have the phase Succeeded."""
    steps_failed: Int32 | None = None
    """How many steps have the phase Failed: a timeout is not counted."""
    steps_skipped: Int32 | None = None
    primitive_children: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """From a parallel step to the StepRuns of its branches."""
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    children_cleaned_at: AwareDatetime | None = None
    duration: GoDuration | None = None
    """In whole seconds."""
    attempts: Int32 | None = None
    trace: TraceInfo | None = None
    input_schema_ref: SchemaReference | None = None
    output_schema_ref: SchemaReference | None = None
    output: JsonObject | None = None
    error: JsonObject | None = None
    step_states: dict[str, StepState] = Field(default_factory=dict)
    """By the name of the step."""
    gates: dict[str, GateStatus] = Field(default_factory=dict)
    """By the name of the step."""
    allowed_failures: tuple[str, ...] = ()
    """The steps that failed and were allowed to, sorted."""
    trigger_tokens: tuple[TriggerToken, ...] = ()


class StoryRun(WireModel):
    """One execution of a Story."""

    api_version: Literal["runs.bubustack.io/v1alpha1"] = "runs.bubustack.io/v1alpha1"
    kind: Literal["StoryRun"] = "StoryRun"
    metadata: ObjectMeta
    spec: StoryRunSpec
    status: StoryRunStatus | None = None


class StepExecutionOverrides(WireModel):
    """The last word on how one StepRun is executed."""

    cpu_request: str | None = None
    cpu_limit: str | None = None
    memory_request: str | None = None
    memory_limit: str | None = None
    placement: PlacementPolicy | None = None
    cache: CachePolicy | None = None
    debug: StrictBool | None = None
    backoff_limit: Int32 | None = None
    ttl_seconds_after_finished: Int32 | None = None
    restart_policy: str | None = None


class GRPCTarget(WireModel):
    """A peer that a step streams its output to."""

    endpoint: str
    """`HOST:PORT`."""


class TerminateTarget(WireModel):
    """The end of a stream, and how it ends the run."""

    stop_mode: StopMode


class DownstreamTarget(WireModel):
    """Where a step's output goes: one of a peer and the end."""

    grpc: GRPCTarget | None = None
    terminate: TerminateTarget | None = None


class StepRunSpec(WireModel):
    """Which step of which run to execute, and with what."""

    story_run_ref: StoryRunReference
    step_id: DnsLabel
    """The step's name in its Story."""
    engram_ref: EngramReference | None = None
    idempotency_key: Annotated[str, Field(max_length=256)] | None = None
    template_generation: Int64 | None = None
    input: JsonObject | None = None
    """Not yet evaluated: secrets stay out of the resource."""
    timeout: GoDuration | None = None
    retry: RetryPolicy | None = None
    execution_overrides: StepExecutionOverrides | None = None
    downstream_targets: tuple[DownstreamTarget, ...] = ()


class HandoffPhase(StrEnum):
    """How far a streaming step is in taking a new version."""

    PENDING = "pending"
    DRAINING = "draining"
    CUTOVER = "cutover"
    READY = "ready"


class HandoffStatus(WireModel):
    """How a streaming step is taking a new version."""

    strategy: UpgradeStrategy | None = None
    phase: HandoffPhase | None = None
    message: str = ""
    updated_at: AwareDatetime | None = None


class SignalEvent(WireModel):
    """One signal that a running step emitted."""

    seq: Int64
    key: str
    emitted_at: AwareDatetime | None = None
    payload: Any = None


class EffectRecord(WireModel):
    """One effect on the outside that a step did, or tried."""

    seq: Int64
    key: str
    status: str | None = None
    emitted_at: AwareDatetime | None = None
    details: Any = None


class StepRunStatus(WireModel):
    """How a step is going, or went."""

    observed_generation: Int64 | None = None
    phase: Phase | None = None
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    duration: GoDuration | None = None
    last_output_at: AwareDatetime | None = None
    trace: TraceInfo | None = None
    conditions: tuple[Condition, ...] = ()
    exit_code: Int32 | None = None
    exit_class: ExitClass | None = None
    pod_name: str | None = None
    retries: Int32
    """The one field that the API server insists on: no status can be written without it."""
    next_retry_at: AwareDatetime | None = None
    last_failure_msg: str = ""
    input_schema_ref: SchemaReference | None = None
    output_schema_ref: SchemaReference | None = None
    output: JsonObject | None = None
    logs: JsonObject | None = None
    error: StructuredError | None = None
    handoff: HandoffStatus | None = None
    needs: tuple[str, ...] = ()
    """The StepRuns that this one waited for."""
    signals: dict[str, Any] = Field(default_factory=dict)
    """The latest payload by key."""
    signal_events: tuple[SignalEvent, ...] = Field(default=(), max_length=256)
    effects: tuple[EffectRecord, ...] = Field(default=(), max_length=256)


class StepRun(WireModel):
    """One execution of a step that an Engram does."""

    api_version: Literal["runs.bubustack.io/v1alpha1"] = "runs.bubustack.io/v1alpha1"
    kind: Literal["StepRun"] = "StepRun"
    metadata: ObjectMeta
    spec: StepRunSpec
    status: StepRunStatus | None = None
