"""Turns: how many runs of one Promise's requests may be under way, and who is next."""

from datetime import datetime

from runwright.models.base import Message
from runwright.models.kratix.triggers import Trigger


class AskTurn(Message):
    """A request that wants to run its pipelines, as it tells its Promise."""

    id: str
    """Of its entity workflow."""
    trigger: Trigger
    """Why it wants to run."""
    is_own: bool = False
    """Whether its own spec changed since it was settled last."""
    promise_version: str = ""
    """The resource version of the Promise that it was decided by."""


class EndTurn(Message):
    """A request that wants no turn, or no longer."""

    id: str
    ran: bool = True
    """Whether a run of it came to its end; else it gives its turn back."""


class TurnPlace(Message):
    """Where a request stands that waits for its turn."""

    under_way: int
    """How many runs of the Promise's requests are."""
    before: int
    """How many requests wait in front of it."""
    most: int
    """How many may be under way."""
    is_held: bool = False
    """Whether it waits for the Promise's own workflow rather than for room."""


class Turn(Message):
    """The turn of a request, from when it asks to when it gives it back."""

    since: datetime
    """When it asked first."""
    asked_at: datetime
    """When it asked last."""
    trigger: Trigger
    """For what."""
    is_taken: bool = False
    place: TurnPlace | None = None
    """What it was told last; None: nothing yet."""
    asks: int = 1
    """How often it asked."""


class Turns(Message):
    """Those under way and those that wait, each in the order in which they asked."""

    under_way: tuple[AskTurn, ...] = ()
    waiting: tuple[AskTurn, ...] = ()


class FanOut(Message):
    """How far the requests are that a Promise asked to run anew."""

    since: datetime
    generation: int
    """Of the Promise."""
    asked: int
    """How many requests there were."""
    done: int = 0
    """How many runs of requests have ended since, at most as many as were asked."""
