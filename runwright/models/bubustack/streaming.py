"""The streaming settings of a transport.

Nothing has a default here: a Story's settings are laid over the Transport's, so None is "not said".

Source: bobrapet, the transport settings of `v1alpha1`.
"""

from enum import StrEnum

from pydantic import StrictBool

from runwright.models.base import WireModel
from runwright.models.bubustack.shared import DnsText
from runwright.models.durations import GoDuration
from runwright.models.values import Natural32, Percent, Positive32


class DropPolicy(StrEnum):
    """Which message a full buffer loses."""

    DROP_NEWEST = "drop_newest"
    DROP_OLDEST = "drop_oldest"


class BufferSettings(WireModel):
    """How much may wait."""

    max_messages: Natural32 | None = None
    max_bytes: Natural32 | None = None
    max_age_seconds: Natural32 | None = None
    drop_policy: DropPolicy | None = None


class BackpressureSettings(WireModel):
    """What happens when a downstream is slow."""

    buffer: BufferSettings | None = None


class FlowControlMode(StrEnum):
    """How an upstream is held back."""

    NONE = "none"
    CREDITS = "credits"
    WINDOW = "window"


class FlowCredits(WireModel):
    """What may be sent before the first acknowledgement."""

    messages: Natural32 | None = None
    bytes: Natural32 | None = None


class FlowAckSettings(WireModel):
    """After how much, or how long, an acknowledgement is due."""

    messages: Natural32 | None = None
    bytes: Natural32 | None = None
    max_delay: GoDuration | None = None


class FlowThreshold(WireModel):
    """How full a buffer is."""

    buffer_pct: Percent | None = None


class FlowControlSettings(WireModel):
    """Credits, acknowledgements, and when to pause and resume."""

    mode: FlowControlMode | None = None
    initial_credits: FlowCredits | None = None
    ack_every: FlowAckSettings | None = None
    pause_threshold: FlowThreshold | None = None
    resume_threshold: FlowThreshold | None = None


class OrderingMode(StrEnum):
    """Within what messages keep their order."""

    NONE = "none"
    PER_STREAM = "per_stream"
    PER_PARTITION = "per_partition"


class DeliverySemantics(StrEnum):
    """How often a message arrives."""

    BEST_EFFORT = "best_effort"
    AT_LEAST_ONCE = "at_least_once"


class ReplayMode(StrEnum):
    """Where messages are kept for a replay."""

    NONE = "none"
    MEMORY = "memory"
    DURABLE = "durable"


class ReplaySettings(WireModel):
    """What can be replayed."""

    mode: ReplayMode | None = None
    retention_seconds: Natural32 | None = None
    checkpoint_interval: GoDuration | None = None


class DeliverySettings(WireModel):
    """Order, guarantee and replay."""

    ordering: OrderingMode | None = None
    semantics: DeliverySemantics | None = None
    replay: ReplaySettings | None = None


class RoutingMode(StrEnum):
    """Whether steps talk through the hub or to each other."""

    AUTO = "auto"
    HUB = "hub"
    P2P = "p2p"


class FanOutMode(StrEnum):
    """How a message reaches several downstreams."""

    SEQUENTIAL = "sequential"
    PARALLEL = "parallel"


class RoutingRuleAction(StrEnum):
    """What a matching routing rule does."""

    ALLOW = "allow"
    DENY = "deny"


class RoutingRuleTarget(WireModel):
    """The downstream steps that a rule is about; none named is all of them."""

    steps: tuple[str, ...] | None = None


class RoutingRule(WireModel):
    """Lets packets through to some downstreams, or not."""

    name: str | None = None
    when: str | None = None
    """A template over inputs, steps and packet, evaluated per packet by the hub."""
    action: RoutingRuleAction | None = None
    target: RoutingRuleTarget | None = None


class RoutingSettings(WireModel):
    """Which way packets take."""

    mode: RoutingMode | None = None
    fan_out: FanOutMode | None = None
    max_downstreams: Positive32 | None = None
    rules: tuple[RoutingRule, ...] | None = None


class LaneKind(StrEnum):
    """What a lane carries."""

    AUDIO = "audio"
    VIDEO = "video"
    BINARY = "binary"
    PAYLOAD = "payload"
    CONTROL = "control"


class LaneDirection(StrEnum):
    """Which way a lane runs, seen from the step."""

    PUBLISH = "publish"
    SUBSCRIBE = "subscribe"
    BIDIRECTIONAL = "bidirectional"


class Lane(WireModel):
    """A named part of a stream with limits of its own, per downstream."""

    name: DnsText
    kind: LaneKind
    direction: LaneDirection | None = None
    description: str | None = None
    max_messages: Natural32 | None = None
    max_bytes: Natural32 | None = None


class FanInMode(StrEnum):
    """How many upstreams a join waits for."""

    ALL = "all"
    ANY = "any"
    QUORUM = "quorum"


class FanInSettings(WireModel):
    """How several upstreams are joined."""

    mode: FanInMode | None = None
    quorum: Positive32 | None = None
    timeout_seconds: Natural32 | None = None
    max_entries: Positive32 | None = None


class PartitionMode(StrEnum):
    """Where a message's partition comes from."""

    NONE = "none"
    PRESERVE = "preserve"
    HASH = "hash"


class PartitioningSettings(WireModel):
    """How messages are spread over partitions."""

    mode: PartitionMode | None = None
    key: str | None = None
    partitions: Positive32 | None = None
    sticky: StrictBool | None = None


class UpgradeStrategy(StrEnum):
    """How a running topology takes a new version of a step."""

    ROLLING = "rolling"
    DRAIN_CUTOVER = "drain_cutover"
    BLUE_GREEN = "blue_green"


class LifecycleSettings(WireModel):
    """How a step is drained and replaced."""

    strategy: UpgradeStrategy | None = None
    drain_timeout_seconds: Natural32 | None = None
    max_in_flight: Natural32 | None = None


class MetricsSettings(WireModel):
    """Whether metrics are emitted."""

    enabled: StrictBool | None = None


class SamplePolicy(StrEnum):
    """How traces are sampled."""

    RATE = "rate"
    RANDOM = "random"
    ALWAYS = "always"
    NEVER = "never"


class TracingSettings(WireModel):
    """Whether and how often packets are traced."""

    enabled: StrictBool | None = None
    sample_rate: Percent | None = None
    sample_policy: SamplePolicy | None = None


class WatermarkSettings(WireModel):
    """Whether event time is followed, and where it is read."""

    enabled: StrictBool | None = None
    timestamp_source: str | None = None


class ObservabilitySettings(WireModel):
    """Metrics, traces and watermarks."""

    metrics: MetricsSettings | None = None
    tracing: TracingSettings | None = None
    watermark: WatermarkSettings | None = None


class RecordingMode(StrEnum):
    """What of a stream is recorded."""

    OFF = "off"
    METADATA = "metadata"
    PAYLOAD = "payload"


class RecordingSettings(WireModel):
    """What is recorded, how much of it, and for how long."""

    mode: RecordingMode | None = None
    sample_rate: Percent | None = None
    retention_seconds: Natural32 | None = None
    redact_fields: tuple[str, ...] | None = None


class StreamingSettings(WireModel):
    """Everything that can be said about a stream."""

    backpressure: BackpressureSettings | None = None
    flow_control: FlowControlSettings | None = None
    delivery: DeliverySettings | None = None
    routing: RoutingSettings | None = None
    lanes: tuple[Lane, ...] | None = None
    fan_in: FanInSettings | None = None
    partitioning: PartitioningSettings | None = None
    lifecycle: LifecycleSettings | None = None
    observability: ObservabilitySettings | None = None
    recording: RecordingSettings | None = None
