"""How long a finished StoryRun and its children are kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

from pydantic import Field, ValidationError

from runwright.models.base import Message
from runwright.models.bubustack import JobPolicy, Story, StoryRunStatus

ANNOTATION: Final = "runwright.dev/retention"
"""The annotation of a StoryRun with its retention, as JSON: its Story may be gone by then."""


Kept = Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=36500))]
"""No longer than a date can tell."""


class Retention(Message):
    """From the end of a run on; None: kept until somebody deletes it."""

    children: Kept | None = timedelta(hours=1)
    """Its StepRuns, and the StoryRuns that it started."""
    run: Kept | None = timedelta(hours=24)
    """The StoryRun itself, which never goes before its children."""


class Removal(StrEnum):
    """What of a run is to go."""

    NOTHING = "nothing"
    CHILDREN = "children"
    RUN = "run"


class Due(NamedTuple):
    """What is to go now, and when to look again."""

    removal: Removal
    look_at: datetime | None = None
    """None: not for want of time."""


_NOTHING: Final = Due(Removal.NOTHING)


def retention_of(story: Story) -> Retention:
    """Return how long the runs of a Story are kept.

    Source: BubuStack, cleanup. Retention 0 keeps the run, as upstream's documentation says and its
    code does not; a negative time to live keeps the children.
    """
    execution = story.spec.policy.execution if story.spec.policy else None
    job = (execution.job if execution else None) or JobPolicy()
    return Retention(
        children=_children(job.ttl_seconds_after_finished),
        run=_run(job.story_run_retention_seconds),
    )


def _children(seconds: int | None) -> timedelta | None:
    if not seconds:
        return Retention().children
    return timedelta(seconds=seconds) if seconds > 0 else None


def _run(seconds: int | None) -> timedelta | None:
    if seconds is None:
        return Retention().run
    return None if seconds == 0 else timedelta(seconds=max(0, seconds))


def noted_retention(annotations: Mapping[str, str]) -> Retention:
    """Return the retention that was written down at a run's start; the usual one if none was.

    What cannot be read keeps everything: nothing is removed on a guess.
    """
    try:
        return Retention.model_validate_json(annotations.get(ANNOTATION, "{}"))
    except ValidationError:
        return Retention(children=None, run=None)


def due(status: StoryRunStatus, retention: Retention, now: datetime) -> Due:
    """Return what of a run is to go now, its children first, or when something will be.

    Cancelled runs are no exception, which upstream never cleans up.

    Source: BubuStack, cleanup.
    """
    ended_at = status.finished_at
    if ended_at is None or status.phase is None or not status.phase.is_terminal:
        return _NOTHING
    if status.children_cleaned_at is None:
        return _due(Removal.CHILDREN, ended_at, retention.children, now)
    return _due(Removal.RUN, ended_at, retention.run, now)


def _due(removal: Removal, ended_at: datetime, kept: timedelta | None, now: datetime) -> Due:
    if kept is None:
        return _NOTHING
    at = ended_at + kept
    return Due(removal) if at <= now else Due(Removal.NOTHING, at)
