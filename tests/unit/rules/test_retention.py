"""How long finished runs and their children are kept."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.bubustack import Phase, StoryRunStatus
from runwright.rules.bubustack.retention import (
    ANNOTATION,
    Due,
    Removal,
    Retention,
    due,
    noted_retention,
    retention_of,
)
from tests.unit.rules.states import NOW
from tests.unit.rules.stories import engram, story

HOUR = timedelta(hours=1)


def of_job(**job: Any) -> Retention:
    """Return the retention of a Story that says so of its Jobs."""
    return retention_of(story(engram("a"), policy={"execution": {"job": job}}))


def ended(phase: Phase = Phase.SUCCEEDED, **fields: Any) -> StoryRunStatus:
    """Return the status of a run that ended."""
    return StoryRunStatus(phase=phase, finished_at=NOW, **fields)


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [(None, HOUR), (0, HOUR), (60, timedelta(minutes=1)), (-1, None)],
    ids=["not said", "zero is not said", "as said", "for ever"],
)
def test_how_long_children_are_kept(seconds: int | None, kept: timedelta | None) -> None:
    assert of_job(ttlSecondsAfterFinished=seconds).children == kept


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [(None, 24 * HOUR), (0, None), (60, timedelta(minutes=1)), (-1, timedelta(0))],
    ids=["not said", "for ever, as documented", "as said", "not at all"],
)
def test_how_long_a_run_is_kept(seconds: int | None, kept: timedelta | None) -> None:
    assert of_job(storyRunRetentionSeconds=seconds).run == kept


@pytest.mark.parametrize("policy", [None, {}, {"execution": {}}])
def test_a_story_that_says_nothing_has_the_usual_retention(policy: Any) -> None:
    assert retention_of(story(engram("a"), policy=policy)) == Retention(
        children=HOUR, run=24 * HOUR
    )


@pytest.mark.parametrize("phase", [None, Phase.PENDING, Phase.RUNNING])
def test_of_a_run_that_is_not_over_nothing_goes(phase: Phase | None) -> None:
    status = StoryRunStatus(phase=phase, finished_at=NOW)

    assert due(status, Retention(), NOW + 48 * HOUR) == Due(Removal.NOTHING)


def test_of_a_run_without_an_end_nothing_goes() -> None:
    assert due(StoryRunStatus(phase=Phase.FAILED), Retention(), NOW) == Due(Removal.NOTHING)


def test_children_go_first() -> None:
    """Also where the run's own time is up."""
    assert due(ended(), Retention(), NOW) == Due(Removal.NOTHING, NOW + HOUR)
    assert due(ended(), Retention(), NOW + HOUR) == Due(Removal.CHILDREN)
    assert due(ended(), Retention(), NOW + 48 * HOUR) == Due(Removal.CHILDREN)


def test_the_run_goes_once_its_children_are_gone_counted_from_its_end() -> None:
    cleaned = ended(children_cleaned_at=NOW + 5 * HOUR)

    assert due(cleaned, Retention(), NOW + 6 * HOUR) == Due(Removal.NOTHING, NOW + 24 * HOUR)
    assert due(cleaned, Retention(), NOW + 24 * HOUR) == Due(Removal.RUN)


def test_a_cancelled_run_is_cleaned_up_like_any_other() -> None:
    assert due(ended(Phase.FINISHED), Retention(), NOW + HOUR) == Due(Removal.CHILDREN)


def test_what_is_kept_is_not_looked_at_again() -> None:
    cleaned = ended(children_cleaned_at=NOW)

    assert due(ended(), Retention(children=None), NOW + 48 * HOUR) == Due(Removal.NOTHING)
    assert due(cleaned, Retention(run=None), NOW + 48 * HOUR) == Due(Removal.NOTHING)


def test_a_retention_is_noted_as_json() -> None:
    """The Story may have changed, or be gone, when the run has ended."""
    retention = Retention(children=timedelta(minutes=1), run=None)

    assert noted_retention({ANNOTATION: retention.model_dump_json()}) == retention
    assert noted_retention({}) == Retention()


@pytest.mark.parametrize("text", ["", "soon", '{"run":"soon"}', '{"steps":"PT1H"}'])
def test_what_cannot_be_read_removes_nothing(text: str) -> None:
    assert noted_retention({ANNOTATION: text}) == Retention(children=None, run=None)
