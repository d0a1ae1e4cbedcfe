"""A unit of outside work, the claim that looks after it, and how it ended."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from pydantic import Field

from runwright.models.base import Message

TIMED_OUT_CODE: Final = 124
"""The exit code of what took too long, as a shell's `timeout` has it."""


class Backend(StrEnum):
    """Where tasks run."""

    LOCAL = "local"
    KUBERNETES = "kubernetes"
    MEMORY = "memory"


class TaskKey(Message):
    """Which try of which step: the identity of one object on a backend."""

    backend: Backend
    namespace: str
    name: str
    """The object's name, made of the run's and the step's names alone."""
    workflow_id: str
    execution: str = ""
    """Which execution of the workflow: its first run id. An id may be used anew."""
    activation: int = Field(ge=1)
    """Which execution of the run it belongs to, from 1; a retry of the run is the next."""
    try_number: int = Field(ge=1)
    """Which try of the step within this activation, from 1."""

    @property
    def order(self) -> tuple[int, int]:
        """The position among the tries that share one object name: later tries are greater."""
        return self.activation, self.try_number

    @property
    def activities(self) -> str:
        """How the ids of all activities begin that claim this try; a number follows."""
        return f"{self.name}/{self.activation}/{self.try_number}/"


class TaskRecord(Message):
    """The object of its system that stands for a step, beside the Job that executes it.

    It is made before the Job and owns it. A pod may write there how it ended, by the system's
    contract; so it is brought back to a state without an end before a later try begins.
    """

    manifest: dict[str, Any]
    """As it is created; its owner among the metadata."""
    renewed: dict[str, Any] = {}
    """What of its spec may be different in another execution of the run."""
    running: dict[str, Any]
    """The status that says that this try was started."""
    cleared: tuple[str, ...] = ()
    """The fields of the status that a try may write, and the next one must not find."""


class JobTemplate(Message):
    """The Kubernetes Job of a task, as far as its system decides it.

    The backend adds the name, the identity, the claim, the finalizers and the environment.
    """

    labels: dict[str, str] = {}
    """Of the Job and of its pod."""
    annotations: dict[str, str] = {}
    """Of both, too."""
    spec: dict[str, Any]
    """A `batch/v1` JobSpec; the first container of its pod is the task's."""
    record: TaskRecord | None = None
    owners: tuple[dict[str, Any], ...] = ()
    """References to the objects with which the Job goes; where there is a record, that is it."""


class Task(Message):
    """One try of a step, with all that its backend needs to run it."""

    key: TaskKey
    command: tuple[str, ...]
    """Words, without a shell; empty only where the backend needs none."""
    environment: dict[str, str] = {}
    """The variables of the system's contract; the backend adds those that it alone knows."""
    input: dict[str, Any] = {}
    """What the task works on; it finds it as JSON in a file."""
    input_variables: tuple[str, ...] = ()
    """Variables that carry the input too, as JSON, where the system takes one as long as that."""
    timeout: timedelta
    """From the start of the process; the backend enforces it even when no worker is there."""
    grace: timedelta
    """Between TERM and KILL."""
    max_output: int = Field(ge=0)
    """Bytes of JSON."""
    job: JobTemplate | None = None
    """What Kubernetes runs; None for any other backend."""


class Claim(Message):
    """One Temporal attempt to look after a try: who is to be told how it ended.

    It names the activity and not the attempt: how a try ended is true for whichever attempt looks
    after it by then. Names can be held against the try's own, which an opaque token cannot.
    """

    workflow_id: str
    run_id: str
    """Empty: of the latest execution."""
    activity_id: str
    since: datetime
    """When Temporal scheduled the attempt: of two claims on one try the later one holds."""
    attempt: int = Field(default=1, ge=1)
    """Of the activity, from 1."""

    @classmethod
    def unread(cls, key: TaskKey) -> "Claim":
        """Return the claim that somebody may have on a try, where none can be read."""
        return cls(
            workflow_id=key.workflow_id,
            run_id=key.execution,
            activity_id=key.activities,
            since=datetime.min.replace(tzinfo=UTC),
        )

    @property
    def is_exact(self) -> bool:
        """Whether it names one activity, not all that may claim the try."""
        return not self.activity_id.endswith("/")

    @property
    def is_first(self) -> bool:
        """Whether nobody had a claim on the try before."""
        return self.attempt == 1 and self.activity_id.endswith("/1")

    def is_on(self, key: TaskKey) -> bool:
        """Return whether it is a claim on that very try."""
        return self.workflow_id == key.workflow_id and self.activity_id.startswith(key.activities)


class OutcomeReason(StrEnum):
    """Why a task ended as it did."""

    COMPLETED = "Completed"
    EXITED = "Exited"
    """The process ended with a code other than 0, or by a signal that nobody of ours sent."""
    TIMED_OUT = "TimedOut"
    STOPPED = "Stopped"
    LOST = "Lost"
    """Nobody can say how it ended: its evidence is gone."""
    COMMAND_NOT_STARTED = "CommandNotStarted"
    """The command does not exist, may not be executed, or is too long for the system."""
    REFUSED = "Refused"
    """The backend will not have it: an object of that name is somebody else's."""
    OUTPUT_INVALID = "OutputInvalid"
    OUTPUT_SCHEMA_FAILED = "OutputSchemaFailed"
    """It succeeded, and its output is not what its template promises."""
    OUTPUT_TOO_LARGE = "OutputTooLarge"


class Diagnosis(Message):
    """What went wrong in a person's words, and what would mend it."""

    category: str
    summary: str
    detail: str = ""
    resolution: str = ""


class TaskOutcome(Message):
    """How a task ended; a failure too is a value."""

    succeeded: bool
    reason: OutcomeReason
    message: str = ""
    exit_code: int | None = None
    """As a shell reports it: 128 + n for signal n. None where no process ended."""
    output: dict[str, Any] | None = None
    """Only of a task that succeeded; {} when it wrote none."""
    exit_class: str | None = None
    """What the task itself said about trying again, in the words of its system."""
    error: dict[str, Any] | None = None
    """What the task itself said went wrong, in the form of its system."""
    pod: str | None = None
    """The name of the pod that ran it, where one did."""
    record_version: str | None = None
    """Which version the object had that stands for it in its system, when its end was read."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    diagnosis: Diagnosis | None = None


class TaskNote(Message):
    """Why a running task does not get on, as a run is told it."""

    key: TaskKey
    diagnosis: Diagnosis | None = None
    """None: what was wrong is over."""
