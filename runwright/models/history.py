"""What happened to a run: each change with its time, its cause, and who did it."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import Field

from runwright.models.base import Message
from runwright.models.gates import Identity

OPEN: Final = "Open"
"""What a gate is called that was reached and is not decided; else it is called by its outcome."""


class Subject(StrEnum):
    """What a transition is about."""

    RUN = "run"
    STEP = "step"
    GATE = "gate"


class Cause(StrEnum):
    """The reason of a transition that neither a step nor the end of a run has a word for."""

    CREATED = "Created"
    """The object of a run is there, and nothing has started."""
    STARTED = "Started"
    RETRIED = "Retried"
    """An execution goes on where an earlier one ended."""
    PAUSED = "Paused"
    RESUMED = "Resumed"
    CANCEL_REQUESTED = "CancelRequested"
    DEADLINE_PASSED = "DeadlinePassed"
    """Of the Story as a whole; a step's and a gate's are told by the step and the gate."""
    APPROVE = "Approve"
    REJECT = "Reject"
    DECIDED_BEFORE = "DecidedBefore"
    """A gate was reached that had all the decisions it needs."""
    DECISION_REFUSED = "DecisionRefused"
    DECISION_VOID = "DecisionVoid"
    """It was made before its gate was reached, about something else than the gate asks."""
    STALLED = "Stalled"
    """A task runs, or should, and does not get on."""
    GETS_ON = "GetsOn"
    """It was stalled, and is no longer."""


class Transition(Message):
    """One change of a run, a step or a gate, or what a person did to it."""

    at: datetime
    activation: int = Field(ge=0)
    """In which execution of the run; 0: before the first."""
    subject: Subject
    name: str | None = None
    """Of the step, which a gate has too; None: it is about the run."""
    before: str | None = None
    """The phase, or a gate's outcome, or Open; None: it had none yet, or it did not change."""
    after: str | None = None
    """None: it did not change."""
    try_number: int | None = None
    """The try of the step that the change is about."""
    reason: str | None = None
    """A Cause, a StepReason, or the reason with which the run ended."""
    message: str | None = None
    """On one line, and cut."""
    by: str | None = None
    """None: nobody in person; empty: somebody who did not say who it was."""
    identity: Identity | None = None
    """How it is known who it was; None: it is not known who."""


class History(Message):
    """The newest transitions of a run, in the order in which they happened."""

    transitions: tuple[Transition, ...] = ()
    dropped: int = Field(default=0, ge=0)
    """How many happened before these, and are no longer kept."""
