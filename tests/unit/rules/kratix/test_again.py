"""Runs that a person asks for."""

import pytest

from runwright.models.kratix import PipelinePhase, RunAgain, Trigger
from runwright.rules.kratix import again
from runwright.rules.kratix.triggers import Decision, Hold, Move
from tests.unit.rules.kratix.states import (
    at,
    complete,
    ended,
    failed,
    fresh,
    phases,
    started,
    suspended,
)

SUSPENSION = "kratix.io/workflow-suspended"
ALL = RunAgain(by="ada")
REST = Decision(Move.REST)


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (RunAgain(from_pipeline="x"), "there is no pipeline x; there are: a, b and c"),
        (RunAgain(only="c"), "pipeline b comes before c and has not succeeded"),
        (RunAgain(only="b"), None),
        (RunAgain(from_pipeline="a"), None),
        (ALL, None),
    ],
    ids=["unknown", "too-far", "failed", "first", "all"],
)
def test_a_pipeline_is_run_again_if_those_before_it_succeeded(
    request_: RunAgain, why: str | None
) -> None:
    state = failed(started(ended(started(fresh("a", "b", "c"))), 1), 1)

    assert again.why_not(state, request_) == why


def test_nothing_is_run_again_where_there_is_no_pipeline() -> None:
    """The first of none cannot be run: a run of it would never end."""
    assert again.why_not(fresh(), ALL) == "there are no pipelines to run"


def test_a_close_name_is_suggested() -> None:
    why = again.why_not(fresh("build", "test"), RunAgain(only="biuld"))

    assert why == ('there is no pipeline biuld (did you mean "build"?); there are: build and test')


def test_from_a_pipeline_on_starts_there_in_the_place_of_rest() -> None:
    decision = again.again(REST, complete("a", "b"), RunAgain(from_pipeline="b"))

    assert decision == Decision(Move.START, Trigger.MANUAL, 1)


def test_all_of_it_begins_anew() -> None:
    assert again.again(REST, complete("a", "b"), ALL) == Decision(
        Move.START, Trigger.MANUAL, anew=True
    )


def test_a_request_lifts_a_suspension_and_takes_its_label() -> None:
    held = Decision(Move.HOLD, hold=Hold.SUSPENDED)

    decision = again.again(held, suspended("a", "b"), RunAgain(only="a"))

    assert (decision.move, decision.anew, decision.removes) == (Move.START, False, (SUSPENSION,))


@pytest.mark.parametrize("hold", [Hold.PAUSED, Hold.UNAVAILABLE, Hold.PROMISE_DELETED])
def test_a_request_waits_until_the_parent_may_run_at_all(hold: Hold) -> None:
    held = Decision(Move.HOLD, hold=hold)

    assert again.again(held, complete("a"), ALL) == held


def test_what_begins_anew_by_itself_is_left_as_it_is() -> None:
    changed = Decision(Move.START, Trigger.CHANGED, anew=True)

    assert again.again(changed, complete("a"), RunAgain(only="a")) == changed


def test_pipelines_that_are_run_again_are_pending_and_no_failure_counts() -> None:
    state = failed(started(ended(started(fresh("a", "b", "c"))), 1), 1)

    begun = again.begun_again(state, RunAgain(from_pipeline="b"), at(9))

    assert phases(begun) == [PipelinePhase.SUCCEEDED, PipelinePhase.PENDING, PipelinePhase.PENDING]
    assert begun.workflows_failed == 0


def test_one_pipeline_alone_leaves_those_after_it_as_they_are() -> None:
    begun = again.begun_again(complete("a", "b"), RunAgain(only="a"), at(9))

    assert phases(begun) == [PipelinePhase.PENDING, PipelinePhase.SUCCEEDED]
    assert phases(ended(started(begun))) == [PipelinePhase.SUCCEEDED] * 2


def test_one_thing_is_asked_for_at_a_time() -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        RunAgain(from_pipeline="a", only="b")
