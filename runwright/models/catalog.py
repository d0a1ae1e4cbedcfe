"""What is asked of a cluster about Engrams and their templates, and what it answers."""

from runwright.models.base import Message
from runwright.models.bubustack import Engram, EngramTemplate


class FindWorkers(Message):
    """Which Engrams of a namespace are looked for, each with its template."""

    namespace: str
    engrams: tuple[str, ...]
    """Their names."""


class UnreadableWorker(Message):
    """An Engram that is there, and that cannot be read, or its template cannot."""

    engram: str
    message: str
    """Every reason, with the kind and the name of the object."""


class FoundWorkers(Message):
    """What there is now; an Engram that is in none of the lists is not there."""

    engrams: tuple[Engram, ...] = ()
    templates: tuple[EngramTemplate, ...] = ()
    unreadable: tuple[UnreadableWorker, ...] = ()
    left: tuple[str, ...] = ()
    """The names that had no room in the answer: to be asked for again."""
