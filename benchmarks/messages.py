"""What the bare workflows say to their activities, and what a worker process is told to be."""

from enum import StrEnum
from pathlib import Path

from runwright.models.base import Message


class Side(StrEnum):
    """Whose runs are measured."""

    RUNWRIGHT = "runwright"
    BARE = "bare"
    """Hand-written Temporal workflows that do the same and nothing besides."""


class Ending(StrEnum):
    """How tasks and activities end."""

    AT_ONCE = "at once"
    OUTSIDE = "outside"
    """Completed by code that is not the activity's."""
    LOCAL = "local"
    """As local processes do; for Runwright alone."""


class WorkerPlan(Message):
    """What a worker process serves, as JSON on its command line."""

    side: Side
    address: str
    task_queue: str
    ending: Ending = Ending.AT_ONCE
    cached: int = 1000
    """Runs that the worker keeps in memory."""
    state: Path | None = None
    """The folder of local tasks."""


class Step(Message):
    """The input of a no-op activity."""

    name: str


class Done(Message):
    """The result of a no-op activity."""

    at: float
    """Seconds since the epoch."""


class Approved(Message):
    """The input of the bare gate's update."""

    by: str
