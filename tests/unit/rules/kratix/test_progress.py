"""How the state of a parent changes with its pipelines, and what it shows."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.kratix import (
    Compat,
    ParentState,
    PipelinePhase,
    Reason,
    Work,
    WorkflowControl,
)
from runwright.rules.kratix.progress import fitted, held, settled
from runwright.rules.kratix.status import request_status, workflows_status
from tests.unit.models.golden import changed
from tests.unit.models.test_kratix_works import WORK
from tests.unit.rules.kratix.states import (
    CONFIGURE,
    DELETE,
    PROMISE,
    at,
    complete,
    ended,
    failed,
    fresh,
    phases,
    started,
    suspended,
    told,
)

PENDING, RUNNING = PipelinePhase.PENDING, PipelinePhase.RUNNING
SUCCEEDED, FAILED = PipelinePhase.SUCCEEDED, PipelinePhase.FAILED
SUSPENDED = PipelinePhase.SUSPENDED
COMPLETED = "ConfigureWorkflowCompleted"
KEYED, FLAT = Compat.SEPTEMBER_2026, Compat.AUGUST_2026


def _counts(state: ParentState) -> tuple[int | None, ...]:
    shown = request_status(state, KEYED)
    return shown.workflows, shown.workflows_succeeded, shown.workflows_failed


def _work(message: str, status: str = "False", name: str = "w") -> Work:
    named = changed(WORK, ("metadata", "name"), name)
    ready = {"type": "Ready", "status": status, "message": message}
    return Work.model_validate(changed(named, ("status", "conditions"), [ready]))


def test_a_pipeline_that_starts_is_running_and_its_parent_pending() -> None:
    """K2."""
    state = started(fresh("a"), anew=True)

    assert phases(state) == [RUNNING]
    assert state.message == "Pending"
    assert told(state, COMPLETED) == (
        "False",
        "PipelinesInProgress",
        "Pipelines are still in progress",
    )
    assert told(state, "Reconciled") == ("Unknown", "WorkflowPending", "Pending")


def test_pipelines_are_counted_one_after_the_other() -> None:
    """K3."""
    first = started(fresh("a", "b"), anew=True)
    between = ended(first)
    second = started(between, 1, 3)
    over = ended(second, 1, 4)

    assert [phases(one) for one in (first, between, second, over)] == [
        [RUNNING, PENDING],
        [SUCCEEDED, PENDING],
        [SUCCEEDED, RUNNING],
        [SUCCEEDED, SUCCEEDED],
    ]
    assert [_counts(one) for one in (first, between, over)] == [(2, 0, 0), (2, 1, 0), (2, 2, 0)]


def test_a_workflow_is_complete_with_its_last_pipeline() -> None:
    between, over = ended(started(fresh("a", "b"), anew=True)), complete("a", "b")

    assert told(between, COMPLETED) == (
        "False",
        "PipelinesInProgress",
        "Pipelines are still in progress",
    )
    assert told(over, COMPLETED) == (
        "True",
        "PipelinesExecutedSuccessfully",
        "Pipelines completed",
    )


@pytest.mark.parametrize("type_", ["resource", "promise"])
def test_a_parent_says_that_it_is_done_unless_a_pipeline_said_something(type_: Any) -> None:
    """K47."""
    running = started(fresh("a"), anew=True)

    silent, spoken = ended(running, type_=type_), ended(running, type_=type_, message="1 GB")

    done = {"resource": "Resource requested", "promise": "Promise configured"}
    assert (silent.message, spoken.message) == (done[type_], "1 GB")


def test_a_failure_ends_the_workflow_and_names_its_pipeline() -> None:
    """K19."""
    state = failed(started(ended(started(fresh("a", "b", "c"), anew=True)), 1), 1, 5)

    assert phases(state) == [SUCCEEDED, FAILED, PENDING]
    assert told(state, COMPLETED) == (
        "False",
        "ConfigureWorkflowFailed",
        "A Configure Pipeline has failed: b",
    )
    assert told(state, "Reconciled") == ("False", "ConfigureWorkflowFailed", "Failing")
    assert _counts(state) == (3, 1, 1)
    assert failed(state, 1, 9).workflow == state.workflow


def test_a_new_start_forgets_the_failure() -> None:
    """K11 and K20; and when the spec was mended, where upstream keeps counting it."""
    state = started(
        failed(started(ended(started(fresh("a", "b"), anew=True)), 1), 1), 0, 9, anew=True
    )

    assert phases(state) == [RUNNING, PENDING]
    assert _counts(state) == (2, 0, 0)
    assert told(state, COMPLETED) == (
        "False",
        "PipelinesInProgress",
        "Pipelines are still in progress",
    )


def test_a_phase_keeps_its_time_while_it_lasts() -> None:
    state = started(ended(started(fresh("a", "b", "c"), anew=True)), 1, 7)

    times = [one.last_transition_time for one in state.workflow.pipelines]
    assert times == [at(2), at(7), None]


def test_other_pipelines_are_all_pending_and_the_same_ones_go_on() -> None:
    """Renamed, reordered or of another number: what is remembered is not theirs."""
    state = complete("a", "b")

    assert fitted(state, CONFIGURE, ["a", "b"]) == state
    for names in (["b", "a"], ["a"], ["a", "b", "c"]):
        assert set(phases(fitted(state, CONFIGURE, names))) == {PENDING}


def test_a_pipeline_that_suspends_holds_those_after_it() -> None:
    """K28."""
    state = suspended("a", "b", "c", position=1, message="waits for the quota")

    assert phases(state) == [SUCCEEDED, SUSPENDED, PENDING]
    assert state.configure.pipelines[1].message == "waits for the quota"
    assert state.configure.suspended_generation == 1
    assert told(state, "Reconciled") == ("Unknown", "WorkflowSuspended", "Suspended")
    assert told(state, COMPLETED) == (
        "False",
        "PipelinesInProgress",
        "Pipelines are still in progress",
    )


def test_attempts_are_counted_until_a_pipeline_no_longer_asks() -> None:
    """K29 and K33."""
    again = WorkflowControl(retry_after=timedelta(seconds=10))
    first = ended(started(fresh("a"), anew=True), second=2, control=again)
    second = ended(started(first, second=12), second=13, control=again)
    running = started(second, second=23)
    over = ended(running, second=24)

    shown = [one.configure.pipelines[0] for one in (first, second, running, over)]
    assert [one.attempts for one in shown] == [1, 2, 2, 0]
    assert [one.next_retry_at for one in shown] == [at(12), at(23), None, None]
    assert [one.phase for one in shown] == [SUSPENDED, SUSPENDED, RUNNING, SUCCEEDED]


def test_a_suspension_without_a_delay_clears_what_one_with_a_delay_left() -> None:
    """K34."""
    first = suspended("a", retry_after=timedelta(seconds=10), message="soon")

    state = ended(started(first), control=WorkflowControl(suspend=True))

    pipeline = state.configure.pipelines[0]
    assert (pipeline.attempts, pipeline.next_retry_at, pipeline.message) == (0, None, "")


def test_a_new_start_forgets_the_suspension() -> None:
    """K28."""
    state = started(suspended("a", "b", position=1, message="why"), 0, 9, anew=True)

    assert phases(state) == [RUNNING, PENDING]
    assert state.configure.pipelines[1].message == ""
    assert state.configure.suspended_generation == 0


def test_the_last_success_is_that_of_the_workflow() -> None:
    """K6 and K24."""
    over = settled(complete("a"), 3, [], at(5))
    failing = failed(started(over, 0, 6, anew=True), 0, 7)
    again = settled(ended(started(failing, 0, 8, anew=True), 0, 9), 4, [], at(10))

    assert (over.observed_generation, over.last_successful_time) == (3, at(2))
    assert failing.last_successful_time == at(2)
    assert (again.observed_generation, again.last_successful_time) == (4, at(9))


@pytest.mark.parametrize(
    ("works", "written", "reconciled"),
    [
        ([], ("True", "WorksSucceeded"), ("True", "Reconciled")),
        ([_work("Ready", "True")], ("True", "WorksSucceeded"), ("True", "Reconciled")),
        (
            [_work("Ready", "True"), _work("Pending")],
            ("Unknown", "WorksPending"),
            ("Unknown", "WorksPending"),
        ),
        (
            [_work("Misplaced"), _work("Pending")],
            ("Unknown", "WorksPending"),
            ("Unknown", "WorksPending"),
        ),
        (
            [_work("Misplaced"), _work("Ready", "True")],
            ("False", "WorksMisplaced"),
            ("False", "WorksFailing"),
        ),
        (
            [_work("Pending"), _work("Misplaced"), _work("Failing")],
            ("False", "WorksFailing"),
            ("False", "WorksFailing"),
        ),
    ],
    ids=["none", "ready", "pending", "pending-before-misplaced", "misplaced", "failing-first"],
)
def test_a_parent_is_as_its_worst_work_is(
    works: list[Work], written: tuple[str, str], reconciled: tuple[str, str]
) -> None:
    """K6."""
    state = settled(complete("a"), 1, works, at(5))

    assert told(state, "WorksSucceeded")[:2] == written
    assert told(state, "Reconciled")[:2] == reconciled


def test_the_works_in_question_are_named() -> None:
    works = [_work("Failing", name="b"), _work("Failing", name="a"), _work("Pending", name="c")]

    state = settled(complete("a"), 1, works, at(5))

    assert told(state, "WorksSucceeded")[2] == "Works that could not be written: a and b"


def test_a_condition_keeps_its_time_while_it_says_the_same() -> None:
    first = settled(complete("a"), 1, [], at(5))

    later, other = settled(first, 1, [], at(9)), settled(first, 1, [_work("Pending")], at(9))

    assert later.conditions == first.conditions
    changed_at = [one.last_transition_time for one in other.conditions if one.type == "Reconciled"]
    assert changed_at == [at(9)]


def test_a_parent_without_pipelines_is_settled_with_nothing_counted() -> None:
    """K1."""
    state = settled(fresh(), 1, [], at(1))

    assert _counts(state) == (0, 0, 0)
    assert workflows_status(state, KEYED).configure is None
    assert workflows_status(state, FLAT).pipelines == ()


def test_a_pause_is_shown_with_its_reason() -> None:
    """K36."""
    state = held(complete("a"), Reason.PAUSED_RECONCILIATION, at(9))

    assert told(state, "Reconciled") == ("Unknown", "PausedReconciliation", "Paused")


def test_what_a_pipeline_writes_is_shown_and_what_is_ours_stays_ours() -> None:
    """K7 and K47; a pipeline can forge neither a count nor a condition of Kratix's."""
    forged = {"type": "Reconciled", "status": "True"}
    mine = {"type": "Backed", "status": "True", "reason": "Yes", "message": ""}

    state = ended(
        started(fresh("a", "b"), anew=True),
        stage="one",
        workflowsFailed=7,
        conditions=[forged, mine],
    )

    shown = request_status(state, KEYED)
    assert shown.model_extra == {"stage": "one"}
    assert shown.workflows_failed == 0
    assert told(state, "Reconciled") == ("Unknown", "WorkflowPending", "Pending")
    assert told(state, "Backed") == ("True", "Yes", "")


def test_a_promise_pipeline_can_write_the_message_alone() -> None:
    state = ended(started(fresh("a"), anew=True), type_=PROMISE, message="ours", stage="one")

    assert (state.message, state.extra) == ("ours", {})


def test_a_status_is_keyed_by_action_or_flat() -> None:
    state = settled(complete("a"), 1, [], at(5))
    state = started(fitted(state, DELETE, ["z"]), 0, 9, anew=True)

    keyed, flat = workflows_status(state, KEYED), workflows_status(state, FLAT)

    assert keyed.configure is not None
    assert keyed.delete is not None
    assert [one.name for one in keyed.configure.pipelines] == ["a"]
    assert keyed.configure.last_successful_time == at(2)
    assert [one.name for one in keyed.delete.pipelines] == ["z"]
    assert [one.name for one in flat.pipelines] == ["z"]
    assert (flat.configure, flat.last_successful_configure_workflow_time) == (None, at(2))


def test_times_are_shown_in_whole_seconds() -> None:
    state = started(fresh("a"), 0, 1.7, anew=True)

    shown = request_status(state, FLAT).model_dump(mode="json")

    assert shown["kratix"]["workflows"]["pipelines"][0]["lastTransitionTime"] == (
        "2026-01-02T03:00:01Z"
    )
    assert shown["conditions"][0]["lastTransitionTime"] == "2026-01-02T03:00:01Z"


def test_a_delete_pipeline_fails_with_a_condition_of_its_own() -> None:
    """K51."""
    state = failed(started(fresh("z", action=DELETE), anew=True))

    assert told(state, "DeleteWorkflowCompleted") == (
        "False",
        "DeleteWorkflowFailed",
        "The Delete Pipeline has failed",
    )
    assert told(state, COMPLETED) == ("", "", "")


def test_a_delete_pipeline_that_suspends_says_so() -> None:
    """K52."""
    running = started(fresh("z", action=DELETE), anew=True)

    state = ended(running, control=WorkflowControl(suspend=True))

    assert told(state, "DeleteWorkflowCompleted") == (
        "False",
        "DeleteWorkflowSuspended",
        "The delete workflow is suspended",
    )
    assert told(state, "Reconciled") == ("Unknown", "WorkflowSuspended", "Suspended")


def test_the_end_of_a_delete_pipeline_is_not_that_of_the_configure_workflow() -> None:
    """Upstream writes the one as the other."""
    state = fitted(failed(started(fresh("a"), anew=True)), DELETE, ["z"])

    over = ended(started(state, 0, 8, anew=True), second=9)

    assert told(over, COMPLETED) == (
        "False",
        "ConfigureWorkflowFailed",
        "A Configure Pipeline has failed: a",
    )
