"""What an entity workflow carries from one execution to the next, and what it answers."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field, model_validator

from runwright.models.base import Message
from runwright.models.gates import Gate, RefusedDecision
from runwright.models.history import History
from runwright.models.kratix.installation import Requirers
from runwright.models.kratix.promises import RequiredPromiseStatus
from runwright.models.kratix.runs import Parent, ParentState
from runwright.models.kratix.shared import WorkflowAction
from runwright.models.kratix.triggers import Trigger
from runwright.models.kratix.turns import FanOut, Turn, Turns
from runwright.models.runs import Paused


class RunAgain(Message):
    """Run the pipelines of a parent again, all of them or some."""

    from_pipeline: str = Field(default="", max_length=63)
    """The name of the one to begin with; those before it stay as they are."""
    only: str = Field(default="", max_length=63)
    """The name of the one to run; those after it run only if they have not succeeded."""
    by: str = Field(default="", max_length=256)
    comment: str = Field(default="", max_length=2048)

    @model_validator(mode="after")
    def _asks_for_one_thing(self) -> "RunAgain":
        if self.from_pipeline and self.only:
            message = "fromPipeline and only exclude each other"
            raise ValueError(message)
        return self

    @property
    def pipeline(self) -> str:
        """The name of the pipeline to begin with; empty: the first."""
        return self.from_pipeline or self.only


class AskedAgain(Message):
    """Who asked for a run, and when; it starts as soon as one may."""

    request: RunAgain
    at: datetime


class Ending(StrEnum):
    """How a run of pipelines left its parent."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SUSPENDED = "Suspended"
    INTERRUPTED = "Interrupted"
    """It ended before its last pipeline, for something else was to run."""


class CurrentRun(Message):
    """The run of a parent's pipelines that is under way."""

    workflow_id: str
    number: int
    action: WorkflowAction
    trigger: Trigger
    by: str = ""
    started_at: datetime


class PastRun(Message):
    """A run that is over."""

    number: int
    action: WorkflowAction
    trigger: Trigger
    by: str = ""
    started_at: datetime
    finished_at: datetime
    ending: Ending
    pipelines: tuple[str, ...] = ()
    """The names of those that ran, in their order."""

    @property
    def duration(self) -> timedelta:
        """How long it took."""
        return self.finished_at - self.started_at


class Standing(StrEnum):
    """What an entity is at, in one word."""

    STARTING = "Starting"
    RUNNING = "Running"
    WAITING = "Waiting"
    """For its turn, its Promise, or what it lacks."""
    SUSPENDED = "Suspended"
    PAUSED = "Paused"
    FAILED = "Failed"
    READY = "Ready"
    DELETING = "Deleting"
    GONE = "Gone"


class Carried(Message):
    """What an entity remembers besides the state of its parent."""

    gates: dict[str, Gate] = {}
    """By the names of pipelines."""
    refused: tuple[RefusedDecision, ...] = ()
    paused: Paused | None = None
    asked: AskedAgain | None = None
    """The run that a person asked for and that has not started."""
    past: tuple[PastRun, ...] = ()
    turn: Turn | None = None
    """Of a request."""
    turns: Turns = Turns()
    """Those that a Promise gives."""
    fan_out: FanOut | None = None
    deleted_at: datetime | None = None
    """When it was first seen that the parent is to go."""
    delete_tries: int = 0
    """How often its delete pipeline was tried again by itself."""
    started_generation: int = 0
    """Of the parent, for which its pipelines were last started; 0: for none."""
    wishes: dict[str, bool] = {}
    """Labels that messages asked for, or to be without, and that are not written yet."""
    is_to_be_seen: bool = False
    """Whether the parent itself is to be looked at."""
    requirers: Requirers | None = None
    """Of a Promise; None: nobody said."""
    is_untidy: bool = False
    """Whether a run ended after which nothing was tidied."""
    was_shown: bool = False
    """Whether the cluster shows the state that comes with this."""


class ParentReport(Message):
    """All that is known of a parent: what the query `state` answers."""

    parent: Parent
    cluster: str
    standing: Standing
    message: str = ""
    """Why it stands so."""
    state: ParentState
    """While a run is under way, as it was before."""
    runs: int
    run: CurrentRun | None = None
    past: tuple[PastRun, ...] = ()
    """The newest last."""
    gates: dict[str, Gate] = {}
    refused_decisions: tuple[RefusedDecision, ...] = ()
    paused: Paused | None = None
    asked: AskedAgain | None = None
    turn: Turn | None = None
    turns: Turns = Turns()
    fan_out: FanOut | None = None
    required: tuple[RequiredPromiseStatus, ...] = ()
    requirers: Requirers | None = None
    problems: tuple[str, ...] = ()
    history: History = History()

    @property
    def pending_gates(self) -> tuple[str, ...]:
        """The names of the gates that wait for somebody."""
        return tuple(name for name, gate in self.gates.items() if gate.outcome is None)


class ParentGone(Message):
    """How an entity ends: its parent is gone, or nothing of ours holds it."""

    runs: int
    past: tuple[PastRun, ...] = ()
