"""What a StoryRun starts from, and what is known of it at any moment."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from runwright.models.base import Message
from runwright.models.bubustack import Engram, EngramTemplate, ExitClass, Phase, Story
from runwright.models.gates import Gate, RefusedDecision
from runwright.models.history import History
from runwright.models.metadata import NamespaceName, ObjectName
from runwright.models.runs import Cancelled, Paused
from runwright.models.tasks import Backend, Diagnosis

_KIND: Final = "storyrun"
BRANCH: Final = "/"
"""Between the name of a parallel step and that of one of its branches."""
PATIENCE: Final = timedelta(hours=24)
"""How long runs wait for what is not there, where nobody said otherwise."""
MOST_RETRIES: Final = 10
"""What a retry policy takes."""
NO_RESOURCE: Final = "local"
"""In the place of a uid: the run is not a resource of any cluster."""


class Section(StrEnum):
    """The lists of steps of a Story, in the order they run."""

    MAIN = "steps"
    COMPENSATIONS = "compensations"
    FINALLY = "finally"


class StepReason(StrEnum):
    """Why a step is in its phase, where the phase alone does not say."""

    CONDITION = "Condition"
    """Skipped: its `if` is false."""
    FAIL_FAST = "FailFast"
    DEPENDENCY_FAILED = "DependencyFailed"
    STORY_SUCCEEDED = "StorySucceeded"
    """Skipped: a compensation that was not needed."""
    EXPRESSION_FAILED = "ExpressionFailed"
    INVALID_CONFIGURATION = "InvalidConfiguration"
    REFERENCE_NOT_FOUND = "ReferenceNotFound"
    """There is no Engram of that name; it may come."""
    TEMPLATE_NOT_FOUND = "TemplateNotFound"
    ENGRAM_REFERENCE_INVALID = "EngramReferenceInvalid"
    TEMPLATE_RESOLUTION_FAILED = "TemplateResolutionFailed"
    RETRY_SCHEDULED = "RetryScheduled"
    TIMED_OUT = "TimedOut"
    WAITS_IN_VAIN = "WaitsInVain"
    """Failed: a wait without a timeout, when nothing could make its condition hold any more."""
    REJECTED = "Rejected"
    EXECUTION_FAILED = "ExecutionFailed"
    INPUT_SCHEMA_FAILED = "InputSchemaFailed"
    OUTPUT_SCHEMA_FAILED = "OutputSchemaFailed"
    CANCELED = "Canceled"
    STORY_TIMED_OUT = "StoryTimedOut"
    STOPPED = "Stopped"
    """A stop step ended the run before it."""
    KEPT = "Kept"
    """Finished in an earlier execution of the run, and not repeated."""


class OpenGate(Message):
    """A gate that waits for a decision."""

    run: str
    """The name of the run that has it."""
    gate: str


class ChildNote(Message):
    """What the run of a step tells the run that waits for it."""

    workflow_id: str
    """Its own."""
    gates: tuple[OpenGate, ...] = ()
    """Those of it that are open, and of the runs that it waits for itself."""


class ChildRun(Message):
    """The run that a step executes."""

    name: str
    """It is in the namespace of the run that the step belongs to."""
    uid: str = NO_RESOURCE
    workflow_id: str
    gates: tuple[OpenGate, ...] = ()
    """Those that are open in it, or in a run within it, while the step waits for its end."""


class ParentRun(Message):
    """The run that executes this one as one of its steps."""

    name: str
    uid: str = NO_RESOURCE
    step: str
    workflow_id: str
    activation: int = Field(default=1, ge=1)
    """Of that execution of it, or of the run that it lies in itself: the highest of them."""


class StepProgress(Message):
    """How far one step is, or one branch of a parallel step."""

    name: str
    """Of a branch with that of its block before it, as `build/linux`."""
    section: Section
    type: str
    """`engram`, or the primitive's name."""
    allow_failure: bool = False
    """Whether the Story goes on when it fails."""
    phase: Phase | None = None
    """None: not started."""
    reason: StepReason | None = None
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    activation: int = 0
    """In which execution of the run it was last executed; 0: in none."""
    tries: int = 0
    max_tries: int = 0
    next_retry_at: datetime | None = None
    deadline: datetime | None = None
    """Of a gate or a sleep: fixed when the step starts. Of one that is Blocked: when it fails."""
    task: str = ""
    """The name of the task's object."""
    idempotency_key: str | None = None
    """What tells its tries from other work: they share it. None where no Engram does the step."""
    output: dict[str, Any] | None = None
    exit_code: int | None = None
    exit_class: ExitClass | None = None
    error: dict[str, Any] | None = None
    """What the task itself reported, as a StructuredError."""
    pod: str | None = None
    """The name of the last try's pod, in a cluster."""
    record_version: str | None = None
    """The version of its StepRun when the end of its last try was read, in a cluster."""
    child: ChildRun | None = None
    """Of a step that executes a Story: its run."""
    diagnosis: Diagnosis | None = None
    """Of its last try, or of the one that runs and does not get on."""

    @property
    def block(self) -> str:
        """The parallel step that it is a branch of; empty: of none."""
        return self.name.rpartition(BRANCH)[0]

    @property
    def own_name(self) -> str:
        """Its name without that of its block."""
        return self.name.rpartition(BRANCH)[2]

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.phase is not None and self.phase.is_terminal

    @property
    def is_running(self) -> bool:
        """Whether it has started and is not over."""
        return self.phase is not None and not self.phase.is_terminal

    @property
    def succeeded(self) -> bool:
        """Whether it is over and did not fail: Skipped counts."""
        return self.phase in {Phase.SUCCEEDED, Phase.SKIPPED}

    @property
    def failed(self) -> bool:
        """Whether it is over, failed, and the Story does not allow that."""
        return self.is_over and not self.succeeded and not self.allow_failure

    @property
    def failed_as_allowed(self) -> bool:
        """Whether it is over, failed, and the Story goes on all the same."""
        return self.is_over and not self.succeeded and self.allow_failure


class FailedStep(Message):
    """A step that a run failed of."""

    name: str
    phase: Phase
    message: str = ""


class RunError(Message):
    """Why a run failed, with every failed step."""

    type: str
    """The reason, such as DependencyFailed."""
    message: str
    failed_steps: tuple[FailedStep, ...] = ()


class StoryRunState(Message):
    """Everything about a run: the query `state` answers with it, and the run closes with it."""

    namespace: str
    name: str
    story: str
    activation: int
    """Which execution of the run, from 1; 0: it has not started."""
    author: str = ""
    parent: ParentRun | None = None
    """The run that this one is a step of."""
    phase: Phase = Phase.RUNNING
    reason: str = ""
    message: str = ""
    started_at: datetime
    finished_at: datetime | None = None
    deadline: datetime | None = None
    """Of the story as a whole."""
    inputs: dict[str, Any] = {}
    steps: dict[str, StepProgress] = {}
    """By name, in the order of the Story; the branches of a block follow it once it has started."""
    gates: dict[str, Gate] = {}
    refused_decisions: tuple[RefusedDecision, ...] = ()
    paused: Paused | None = None
    cancelled: Cancelled | None = None
    output: dict[str, Any] | None = None
    allowed_failures: tuple[str, ...] = ()
    error: RunError | None = None
    history: History = History()
    """Of all executions of the run."""

    @property
    def has_started(self) -> bool:
        """Whether it was ever executed: in a cluster it may wait for what is not there."""
        return self.activation > 0

    @property
    def listed_steps(self) -> tuple[StepProgress, ...]:
        """The steps that stand in a list of the Story: all but the branches of parallel steps."""
        return tuple(step for step in self.steps.values() if not step.block)

    @property
    def pending_gates(self) -> tuple[str, ...]:
        """The gates that are open and undecided, in the order of the Story."""
        gates = (self.gates.get(name) for name in self.steps)
        return tuple(gate.name for gate in gates if gate and gate.opened_at and not gate.outcome)


class ResumeFrom(Message):
    """What a new execution of a run takes over from the one before."""

    activation: int = Field(ge=2)
    """Of the new execution."""
    kept: dict[str, StepProgress] = {}
    """The steps that are not repeated, with their outputs."""
    gates: dict[str, Gate] = {}
    """The decided gates among them: who approved what is not forgotten."""
    step: str = ""
    """The step that a person asked to start from; empty: what failed or never ran."""
    everything: bool = False
    """Whether nothing counts that the executions before did, neither here nor in runs within."""
    by: str = ""
    changed_inputs: tuple[str, ...] = ()
    """Their names."""
    history: History = History()
    """Of the executions before."""


class StepDefaults(Message):
    """How steps are executed where nobody says it: neither they nor what they belong to."""

    timeout: timedelta = Field(default=timedelta(minutes=30), gt=timedelta(0))
    """Of one try."""
    max_retries: int = Field(default=3, ge=0, le=MOST_RETRIES)


class StartStoryRun(Message):
    """The input of the workflow StoryRun: a complete snapshot of what it executes."""

    api_version: Literal["runwright.dev/v1"] = "runwright.dev/v1"
    namespace: Annotated[NamespaceName, Field(min_length=1)] = "default"
    name: Annotated[ObjectName, Field(min_length=1)]
    uid: str = Field(default=NO_RESOURCE, pattern=r"^[-A-Za-z0-9]{1,64}$")
    """Of the StoryRun object; `local` where there is no cluster."""
    generation: int = Field(default=0, ge=0)
    """Of the StoryRun object's spec, as it was read."""
    story: Story
    stories: tuple[Story, ...] = ()
    """The Stories that its steps execute, and theirs."""
    engrams: tuple[Engram, ...] = ()
    """In a cluster some may be missing, or their templates: the steps that need them wait."""
    templates: tuple[EngramTemplate, ...] = ()
    patience: timedelta = Field(default=PATIENCE, gt=timedelta(0))
    """How long a step waits for an Engram or a template that is not there."""
    defaults: StepDefaults | None = None
    """None: the usual ones."""
    inputs: dict[str, Any] = {}
    author: str = Field(default="", max_length=256)
    """Who started the run."""
    backend: Backend = Backend.LOCAL
    cluster: str = Field(default="local", max_length=63)
    """The name of the cluster that the run belongs to."""
    correlation: str = Field(default="", max_length=256)
    """What it is found by among other things than runs; all that it makes is labelled with it."""
    parent: ParentRun | None = None
    depth: int = Field(default=0, ge=0)
    """In how many runs it lies."""
    resume_from: ResumeFrom | None = None
    redrive: str | None = Field(default=None, max_length=64)
    """Which redrive the StoryRun object asked for last, as a digest: none is heeded twice."""

    @property
    def activation(self) -> int:
        """Which execution of the run this is, from 1."""
        return self.resume_from.activation if self.resume_from else 1

    @property
    def has_resource(self) -> bool:
        """Whether a StoryRun object stands for the run, and shows its status."""
        return self.uid != NO_RESOURCE


def workflow_id(namespace: str, name: str, uid: str = NO_RESOURCE) -> str:
    """Return the id of a run's workflow."""
    return f"{_KIND}/{namespace}/{name}/{uid}"


def run_of(workflow: str) -> tuple[str, str, str] | None:
    """Return namespace, name and uid of the run of a workflow id; None if it is that of none."""
    kind, *parts = workflow.split("/")
    if kind != _KIND or len(parts) != 3 or not all(parts):
        return None
    namespace, name, uid = parts
    return namespace, name, uid
