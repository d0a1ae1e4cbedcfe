"""Deleting a run: what has to end, and what has to go, before its object may."""

from datetime import timedelta

from pydantic import Field

from runwright.models.base import Message
from runwright.models.objects import ObjectKey


class DeleteRun(Message):
    """The input of the workflow Deletion: a run whose object was deleted."""

    object: ObjectKey
    """The custom resource; it may be gone already."""
    finalizer: str
    """What is taken from the object when all is done."""
    workflow_id: str
    """Of the run."""
    grace: timedelta = Field(default=timedelta(minutes=10), gt=timedelta(0))
    """What the run gets to end, hooks included; then it is terminated."""


class Deleted(Message):
    """How a deletion went."""

    was_open: bool
    """Whether the run had to be ended first."""
    was_terminated: bool
    """Whether it did not end within its grace."""
