"""The kinds that a cluster learns from Runwright, and what can be said of how it serves them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel

Limits = Mapping[str, Mapping[str, Any]]
"""Keywords of the schema by the path of what they are about; `[]` is each entry of a list."""


class Kind(StrEnum):
    """The kinds that a cluster learns from Runwright."""

    STORY = "Story"
    ENGRAM = "Engram"
    ENGRAM_TEMPLATE = "EngramTemplate"
    STORY_RUN = "StoryRun"
    STEP_RUN = "StepRun"
    PROMISE = "Promise"
    PROMISE_REVISION = "PromiseRevision"
    RESOURCE_BINDING = "ResourceBinding"
    WORK = "Work"


class Column(NamedTuple):
    """One of the columns that `kubectl get` shows."""

    name: str
    path: str
    type: Literal["string", "integer", "boolean", "date"] = "string"
    priority: int = 0
    """Above 0 it is shown by `kubectl get --output=wide` alone."""


class Served(NamedTuple):
    """How the API server serves a kind."""

    model: type[BaseModel]
    plural: str
    short: str
    """Empty: it has no short name."""
    categories: tuple[str, ...]
    columns: tuple[Column, ...]
    selectable: tuple[str, ...] = ()
    """Paths by which a list or a watch can be narrowed, besides name and namespace."""
    scope: Literal["Namespaced", "Cluster"] = "Namespaced"


class Validation(NamedTuple):
    """One rule in CEL: an expression that must be true of what is at a path."""

    at: str
    """As `spec.steps[]`; empty for the whole object."""
    rule: str
    message: str
    detail: str = ""
    """An expression for the message when it is to name what is wrong."""
    reason: Literal["", "FieldValueForbidden", "FieldValueRequired"] = ""
    """For a program; with `FieldValueDuplicate` the API server would not show the message."""

    def as_written(self) -> dict[str, Any]:
        """Return the rule in the form of a schema."""
        written = {"rule": self.rule, "message": self.message}
        if self.detail:
            written["messageExpression"] = self.detail
        if self.reason:
            written["reason"] = self.reason
        return written
