"""Objects of a cluster as messages name them, and what is written about them there."""

from enum import StrEnum
from typing import Any

from runwright.models.base import Message

Manifest = dict[str, Any]
"""A whole object in the form of the API server."""


class ObjectKey(Message):
    """One object of a cluster."""

    api_version: str
    """As `runs.bubustack.io/v1alpha1`; `v1` for the core group."""
    kind: str
    namespace: str = ""
    """Empty for one that belongs to no namespace."""
    name: str
    uid: str = ""
    """Where it is given, only the object with that uid is meant: another of its name is not."""
    plural: str = ""
    """Of the kind, where a Promise defines it; empty: of one that is known."""
    owner: str = ""
    """A uid, too: where it is given, only an object is meant that belongs to that one."""


class StatusPatch(Message):
    """What changed in the status of one object: a JSON merge patch."""

    object: ObjectKey
    status: dict[str, Any]
    brief: dict[str, Any] | None = None
    """A smaller one, to be written in its place where the cluster refuses it for good."""
    version: str = ""
    """The version that the object had when it was read last, where somebody read it."""
    answers_for: tuple[str, ...] = ()
    """The types of the conditions that are the writer's; those of others stay. Empty: all are."""


class EventType(StrEnum):
    """How an Event is to be taken."""

    NORMAL = "Normal"
    WARNING = "Warning"


class ObjectEvent(Message):
    """A Kubernetes Event: what happened to one object, for `kubectl describe`."""

    object: ObjectKey
    type: EventType = EventType.NORMAL
    reason: str
    """In CamelCase, at most 128 characters."""
    message: str
    """At most 1,024 characters are kept."""


class StatusUpdate(Message):
    """What a run has to tell in its cluster at one moment."""

    patches: tuple[StatusPatch, ...] = ()
    events: tuple[ObjectEvent, ...] = ()
