"""What is told of a StoryRun and its steps in the history of the run."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.bubustack import Phase
from runwright.models.gates import Identity
from runwright.models.history import Cause, History, Subject, Transition
from runwright.models.objects import StatusUpdate
from runwright.models.story_run import ResumeFrom, StartStoryRun, StepProgress, StepReason
from runwright.models.tasks import Diagnosis
from runwright.rules.bubustack import history, progress, verdicts
from runwright.rules.bubustack.retries import Retries
from runwright.rules.bubustack.status import update_of
from runwright.rules.history import When
from tests.unit.rules.shown import placed, running
from tests.unit.rules.states import NOW, start_of, state_of
from tests.unit.rules.stories import engram, story

STORY = story(engram("build"), policy={"timeouts": {"story": "90s"}})
START = start_of(STORY, author="ada")
WHEN = When(NOW, 1)
NOT_STARTED = state_of(STORY).steps["build"]
LAUNCHED = progress.launched(NOT_STARTED, 1, NOW)
RETRIES = Retries(max_retries=2)
RUNNING = progress.trying(LAUNCHED, 1, RETRIES, "release-1-build")
PULL = Diagnosis(category="image", summary="the image cannot be pulled", detail="web:1 is busy")
ENDED = Transition(at=NOW, activation=1, subject=Subject.RUN, before="Running", after="Failed")


def told(before: StepProgress, after: StepProgress) -> dict[str, Any]:
    """Return what is told of a step, without what is always the same; empty if nothing is."""
    found = list(history.of_step(before, after, WHEN))
    assert all((one.at, one.activation, one.name) == (NOW, 1, "build") for one in found)
    assert all((one.subject, one.by) == (Subject.STEP, None) for one in found)
    always = {"at", "activation", "subject", "name"}
    return found[0].model_dump(exclude=always, exclude_none=True) if found else {}


def resuming(**fields: Any) -> StartStoryRun:
    """Return the input of a second execution."""
    return start_of(STORY, resume_from=ResumeFrom(activation=2, **fields))


def test_a_run_begins_with_who_started_it() -> None:
    one = history.of_start(START, WHEN)

    assert (one.before, one.after, one.reason) == (None, "Running", Cause.STARTED)
    assert (one.by, one.identity, one.message) == ("ada", Identity.CLAIMED, "story release")


def test_a_run_that_somebody_without_a_name_started_says_so() -> None:
    one = history.of_start(start_of(STORY), WHEN)

    assert (one.by, one.identity) == ("", None)


def test_a_retry_is_told_with_who_wanted_it_from_where_and_what_changes() -> None:
    kept = {"build": NOT_STARTED, "test": NOT_STARTED}
    trail = History(transitions=(ENDED, ENDED.model_copy(update={"after": None})))

    given = {"step": "ship", "kept": kept, "changed_inputs": ("to", "tag")}
    one = history.of_start(resuming(by="bob", history=trail, **given), WHEN)

    assert (one.before, one.after, one.reason) == ("Failed", "Running", Cause.RETRIED)
    assert one.by == "bob"
    assert one.message == "execution 2, from step ship, changes to and tag, keeps build and test"


def test_a_retry_of_a_run_that_kept_no_history_begins_one() -> None:
    """It was started by an earlier version."""
    one = history.of_start(resuming(), WHEN)

    assert (one.before, one.message) == (None, "execution 2")
    assert history.carried(resuming()) == history.carried(START) == History()


def test_a_step_that_is_about_to_start_is_told_by_what_it_does_then() -> None:
    assert told(NOT_STARTED, LAUNCHED) == {}
    assert told(LAUNCHED, RUNNING) == {"after": "Running", "tryNumber": 1}


def test_a_step_that_is_ended_before_it_does_anything_never_ran() -> None:
    ended = progress.ended(LAUNCHED, Phase.CANCELED, "too late", NOW, StepReason.CANCELED)

    assert told(LAUNCHED, ended) == {
        "after": "Canceled",
        "reason": "Canceled",
        "message": "too late",
    }


def test_a_retry_of_a_step_is_told_when_it_is_planned_and_when_it_begins() -> None:
    planned = RUNNING.model_copy(
        update={
            "phase": Phase.PENDING,
            "reason": StepReason.RETRY_SCHEDULED,
            "message": "Retrying in 1s (attempt 1/2): exit code 3",
        }
    )

    assert told(RUNNING, planned) == {
        "before": "Running",
        "after": "Pending",
        "tryNumber": 1,
        "reason": "RetryScheduled",
        "message": "Retrying in 1s (attempt 1/2): exit code 3",
    }
    assert told(planned, progress.trying(planned, 2, RETRIES, "release-1-build")) == {
        "before": "Pending",
        "after": "Running",
        "tryNumber": 2,
    }


@pytest.mark.parametrize(
    ("diagnosis", "message"),
    [
        (None, "exit code 3"),
        (PULL, "exit code 3: the image cannot be pulled"),
        (PULL.model_copy(update={"summary": "exit code 3"}), "exit code 3"),
    ],
    ids=["none", "another", "the same"],
)
def test_a_step_that_failed_says_why_once(diagnosis: Diagnosis | None, message: str) -> None:
    ill = RUNNING.model_copy(update={"diagnosis": diagnosis})
    failed = progress.ended(ill, Phase.FAILED, "exit code 3", NOW, StepReason.EXECUTION_FAILED)

    assert told(RUNNING, failed) == {
        "before": "Running",
        "after": "Failed",
        "tryNumber": 1,
        "reason": "ExecutionFailed",
        "message": message,
    }


def test_a_step_that_waits_says_for_what() -> None:
    waiting = progress.waiting(LAUNCHED, "Sleeping for 5s.", NOW + timedelta(seconds=5))

    assert told(LAUNCHED, waiting) == {"after": "Paused", "message": "Sleeping for 5s."}


def test_trouble_is_told_when_it_comes_changes_and_goes_and_not_for_its_details() -> None:
    stalled = RUNNING.model_copy(update={"diagnosis": PULL})
    busier = RUNNING.model_copy(update={"diagnosis": PULL.model_copy(update={"detail": "later"})})
    other = RUNNING.model_copy(update={"diagnosis": PULL.model_copy(update={"summary": "no room"})})

    assert told(RUNNING, stalled) == {
        "tryNumber": 1,
        "reason": "Stalled",
        "message": "the image cannot be pulled: web:1 is busy",
    }
    assert told(stalled, busier) == {}
    assert told(stalled, other)["message"] == "no room: web:1 is busy"
    assert told(stalled, RUNNING) == {"tryNumber": 1, "reason": "GetsOn"}


def test_what_changes_besides_the_phase_is_not_told() -> None:
    assert told(RUNNING, RUNNING.model_copy(update={"pod": "build-x7k2p"})) == {}


def test_the_time_of_a_story_that_is_up_is_told_with_how_long_it_was() -> None:
    one = history.of_deadline(STORY, WHEN)

    assert (one.subject, one.after, one.by) == (Subject.RUN, None, None)
    assert (one.reason, one.message) == (Cause.DEADLINE_PASSED, "the story may take 1m30s")


def test_the_end_of_a_run_says_how_and_why() -> None:
    state = state_of(STORY, build=Phase.FAILED)
    closed = verdicts.closed(state, verdicts.ending_of(STORY, state), NOW)

    one = history.of_end(state, closed, WHEN)

    assert (one.before, one.after, one.reason) == ("Running", "Failed", "DependencyFailed")
    assert one.message == "Story completed with failed step: build."


def test_a_history_writes_nothing_into_the_cluster() -> None:
    """Neither its beginning nor its growth: the status stays as small as it is."""
    start = placed()
    state = running(start, build=Phase.RUNNING)
    longer = state.model_copy(update={"history": History(transitions=(ENDED,) * 100)})

    assert update_of(start, None, longer) == update_of(start, None, state)
    assert update_of(start, state, longer) == StatusUpdate()
