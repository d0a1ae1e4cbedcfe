"""How a run of pipelines goes on from one to the next."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.kratix import (
    Compat,
    Ending,
    ParentState,
    PipelinePhase,
    Policy,
    Seen,
    WorkflowControl,
)
from runwright.models.kratix.keys import (
    MANUAL_RECONCILIATION,
    PAUSED,
    RUN_FROM_START,
    WORKFLOW_SUSPENDED,
)
from runwright.rules.kratix.progress import begun_anew, pipeline_stopped
from runwright.rules.kratix.runs import Point, RunEnd, after_success, is_to_stop, without_labels
from tests.unit.rules.kratix.runs import PROMISE
from tests.unit.rules.kratix.starts import seen_of, start_of
from tests.unit.rules.kratix.states import (
    DELETE,
    at,
    complete,
    ended,
    failed,
    fresh,
    phases,
    started,
    suspended,
)

OLDER = Policy(compat=Compat.AUGUST_2026)
PENDING = PipelinePhase.PENDING


def one_done(*names: str) -> ParentState:
    """Return a state in which the first pipeline has just succeeded."""
    return ended(started(fresh(*names), anew=True))


def point(state: ParentState, seen: Seen | None = None, **fields: Any) -> Point:
    """Return a run of a request that is in that state."""
    names = [one.name for one in state.workflow.pipelines]
    start = start_of(*names, action=state.action, **fields)
    return Point(start, state, seen or start.plan.seen, at(3))


def test_the_next_pipeline_follows() -> None:
    assert after_success(point(one_done("a", "b"))) == 1


def test_a_run_whose_pipelines_are_over_succeeded() -> None:
    assert after_success(point(complete("a", "b"))) == RunEnd(Ending.SUCCEEDED)


def test_a_run_of_some_pipelines_ends_with_the_last_of_them() -> None:
    assert after_success(point(one_done("a", "b"), until=0)) == RunEnd(Ending.SUCCEEDED)
    assert after_success(point(one_done("a", "b"), until=1)) == 1


def test_a_run_that_a_pipeline_suspended_says_which_and_why() -> None:
    """K28."""
    state = suspended("a", "b", message="ask Ada")

    end = after_success(point(state))

    assert end == RunEnd(Ending.SUSPENDED, message="pipeline a suspended it: ask Ada")


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        pytest.param(seen_of(2, "f" * 32), "a spec has changed", id="K8"),
        pytest.param(seen_of(labels=[PAUSED]), "it is paused", id="K37"),
        pytest.param(
            seen_of(labels=[MANUAL_RECONCILIATION]),
            "somebody wants all of it to run anew",
            id="K13",
        ),
        pytest.param(seen_of(labels=[RUN_FROM_START]), "all of it is to run anew", id="K14"),
        pytest.param(seen_of(labels=[WORKFLOW_SUSPENDED]), "the workflow is suspended", id="held"),
        pytest.param(seen_of(is_deleted=True), "its parent is being deleted", id="K49"),
    ],
)
def test_a_run_goes_no_further_when_something_else_is_to_be_done(seen: Seen, why: str) -> None:
    end = after_success(point(one_done("a", "b"), seen))

    assert end == RunEnd(Ending.INTERRUPTED, message=f"it goes no further: {why}")


def test_a_promise_that_cannot_fulfil_a_request_holds_its_run() -> None:
    unavailable = seen_of().sight.model_copy(update={"promise_available": False})
    seen = seen_of().model_copy(update={"sight": unavailable})

    end = after_success(point(one_done("a", "b"), seen))

    assert isinstance(end, RunEnd)
    assert end.message == "it goes no further: the Promise cannot fulfil it"


def test_a_run_over_a_failure_that_another_left_does_not_pass_it() -> None:
    """One pipeline was run again, and the one after it has still failed."""
    state = failed(started(one_done("a", "b", "c"), 1), 1)

    end = after_success(point(ended(started(state))))

    assert isinstance(end, RunEnd)
    assert end.message == "it goes no further: another pipeline has failed"


@pytest.mark.parametrize("compat", Compat)
def test_k12_a_manual_reconciliation_ends_a_job_by_the_older_setting_alone(compat: Compat) -> None:
    state = started(fresh("a", "b"), anew=True)
    seen = seen_of(labels=[MANUAL_RECONCILIATION])

    stops = is_to_stop(point(state, seen, policy=Policy(compat=compat)))

    assert stops is (compat is Compat.AUGUST_2026)


@pytest.mark.parametrize("labels", [[], [RUN_FROM_START], [PAUSED, MANUAL_RECONCILIATION]])
def test_k14_nothing_else_ends_a_job(labels: list[str]) -> None:
    state = started(fresh("a"), anew=True)

    assert not is_to_stop(point(state, seen_of(2, "f" * 32, labels=labels), policy=OLDER))


def test_a_manual_reconciliation_ends_a_delete_job_too() -> None:
    state = started(fresh("bye", action=DELETE), anew=True)
    seen = seen_of(labels=[MANUAL_RECONCILIATION], is_deleted=True)

    assert is_to_stop(point(state, seen, policy=OLDER))
    assert not is_to_stop(point(state, seen))


def test_a_delete_workflow_is_over_with_its_pipeline() -> None:
    """K53."""
    state = ended(started(fresh("bye", action=DELETE), anew=True))

    assert after_success(point(state, seen_of(is_deleted=True))) == RunEnd(Ending.SUCCEEDED)


def test_the_workflow_of_a_promise_goes_on_by_the_same_rules() -> None:
    assert after_success(point(one_done("a", "b"), parent=PROMISE)) == 1


def test_a_label_that_cannot_be_taken_away_is_thought_away() -> None:
    seen = without_labels(seen_of(labels=[PAUSED, RUN_FROM_START]), (RUN_FROM_START,))

    assert seen.sight.labels == {PAUSED: "true"}


def test_a_pipeline_whose_job_was_ended_has_still_to_be_run() -> None:
    state = pipeline_stopped(started(one_done("a", "b"), 1), 1, at(4), "stopped")

    assert phases(state) == [PipelinePhase.SUCCEEDED, PENDING]
    assert state.workflow.pipelines[1].message == "stopped"
    assert state.workflow.pipelines[1].last_transition_time == at(4)
    assert after_success(point(state)) == 1


def test_a_workflow_that_begins_anew_has_run_nothing() -> None:
    control = WorkflowControl(retry_after=timedelta(seconds=1))
    state = begun_anew(ended(started(complete("a", "b")), control=control), at(9))

    assert phases(state) == [PENDING, PENDING]
    assert state.workflow.pipelines[0].attempts == 0
    assert state.hash == complete("a", "b").hash
