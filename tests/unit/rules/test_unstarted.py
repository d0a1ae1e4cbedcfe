"""What is shown of a run whose workflow is not there."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runwright.models.bubustack import Phase, StoryRun
from runwright.models.story_run import StoryRunState
from runwright.rules.bubustack.intake import AUTHOR, RUN_ID, Refuse, Waits
from runwright.rules.bubustack.outside import (
    cancelled_status,
    lost_history_status,
    refused_status,
    waiting_status,
)
from runwright.rules.bubustack.unstarted import NOT_TAKEN_IN, unstarted_state
from tests.unit.rules.resources import run_of

CREATED = datetime(2026, 5, 4, 10, 0, 0, tzinfo=UTC)
SOON = CREATED + timedelta(seconds=2)
MISSING = 'there is no Story "release" in the namespace "team"'


def created(status: Any = None, **metadata: Any) -> StoryRun:
    return run_of(status=status, metadata={"creationTimestamp": CREATED, **metadata})


def shown(run: StoryRun, after: timedelta = timedelta(seconds=2)) -> StoryRunState:
    return unstarted_state(run, CREATED + after)


def told(state: StoryRunState) -> list[tuple[datetime, str | None, str | None, str | None]]:
    """Return the history of a run: when, into which phase, why, and how that is explained."""
    return [(one.at, one.after, one.reason, one.message) for one in state.history.transitions]


def test_a_run_that_was_just_created_waits_for_nothing_yet() -> None:
    state = shown(created(annotations={AUTHOR: "ada"}))

    assert (state.namespace, state.name, state.story, state.author) == (
        *("team", "release-1", "release", "ada"),
    )
    assert (state.phase, state.reason, state.message) == (Phase.PENDING, NOT_TAKEN_IN, "")
    assert (state.has_started, state.started_at) == (False, CREATED)


def test_a_run_that_nobody_takes_in_says_what_would_help() -> None:
    state = shown(created(), after=timedelta(seconds=11))

    assert state.reason == NOT_TAKEN_IN
    assert "`RUNWRIGHT_BACKEND=kubernetes runwright worker` starts one" in state.message


def test_a_run_that_waits_says_for_what() -> None:
    """However long it waits: somebody has looked at it."""
    status = waiting_status(created(), Waits("StoryNotFound", MISSING), SOON)

    state = shown(created(status), after=timedelta(hours=1))

    assert (state.phase, state.reason, state.message) == (Phase.PENDING, "StoryNotFound", MISSING)
    assert not state.has_started


@pytest.mark.parametrize(
    ("status", "phase", "reason"),
    [
        (
            refused_status(created(), Refuse("InvalidConfiguration", "bad"), SOON),
            Phase.FAILED,
            "InvalidConfiguration",
        ),
        (cancelled_status(created(), SOON), Phase.FINISHED, "Canceled"),
    ],
    ids=["refused", "cancelled"],
)
def test_a_run_that_ended_before_it_started_is_over(status: Any, phase: Phase, reason: str) -> None:
    state = shown(created(status))

    assert (state.phase, state.reason, state.finished_at) == (phase, reason, SOON)
    assert not state.has_started


def test_a_refused_run_has_its_error() -> None:
    status = refused_status(created(), Refuse("InvalidConfiguration", "bad"), SOON)

    error = shown(created(status)).error

    assert error is not None
    assert (error.type, error.message) == ("InvalidConfiguration", "bad")


def test_a_run_that_is_being_deleted_does_not_start_any_more() -> None:
    gone = created(deletionTimestamp=SOON)

    assert shown(gone).message == "it is being deleted, and is not started any more"


def test_a_run_that_temporal_lost_is_as_its_object_was_left() -> None:
    marked = {"annotations": {RUN_ID: "r-1"}}
    steps = {"build": {"phase": "Succeeded", "finishedAt": SOON}}
    running = {"phase": "Running", "attempts": 2, "startedAt": SOON, "stepStates": steps}
    lost = lost_history_status(created(running, **marked), SOON)

    state = shown(created({**running, **lost}, **marked))

    assert (state.phase, state.reason, state.activation) == (Phase.RUNNING, "HistoryLost", 2)
    assert state.message.startswith("Temporal knows nothing of run r-1")
    assert state.steps["build"].succeeded


def test_a_run_that_temporal_lost_says_so_before_anybody_noticed() -> None:
    state = shown(created({"phase": "Running"}, annotations={RUN_ID: "r-1"}))

    assert state.message == "Temporal knows nothing of this run, which was started"
    assert state.has_started


def test_the_history_of_a_run_that_waits_is_its_creation_and_what_it_waits_for() -> None:
    by_ada = {"annotations": {AUTHOR: "ada"}}
    status = waiting_status(created(**by_ada), Waits("StoryNotFound", MISSING), SOON)

    state = shown(created(status, **by_ada))

    assert told(state) == [
        (CREATED, "Pending", "Created", None),
        (SOON, None, "StoryNotFound", MISSING),
    ]
    first = state.history.transitions[0]
    assert (first.by, first.identity, first.activation) == ("ada", "claimed", 0)


def test_the_history_of_a_run_that_nobody_took_in_is_its_creation() -> None:
    assert told(shown(created())) == [(CREATED, "Pending", "Created", None)]


def test_the_history_of_a_run_that_was_refused_ends_with_why() -> None:
    status = refused_status(created(), Refuse("InvalidConfiguration", "bad"), SOON)

    state = shown(created(status))

    assert told(state)[1:] == [(SOON, "Failed", "InvalidConfiguration", "bad")]
    assert state.history.transitions[1].before == "Pending"


def test_the_history_of_a_run_that_temporal_lost_is_what_its_object_shows() -> None:
    running = {"phase": "Running", "attempts": 2, "startedAt": SOON}

    state = shown(created(running, annotations={RUN_ID: "r-1"}))

    assert told(state)[1:] == [(SOON, "Running", None, None)]
    assert state.history.transitions[1].activation == 2
