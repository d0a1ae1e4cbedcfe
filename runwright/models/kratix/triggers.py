"""Why a pipeline starts."""

from enum import StrEnum


class Trigger(StrEnum):
    """Why a pipeline starts."""

    CREATED = "created"
    CHANGED = "changed"
    MANUAL = "manual"
    RUN_FROM_START = "runFromStart"
    INTERVAL = "interval"
    UNPAUSED = "unpaused"
    RESUMED = "resumed"
    RETRIED = "retried"
    """A delete pipeline failed, and is tried again by itself."""
    NEXT = "next"
    """The one before it is over."""
