"""In which order a request and a Promise go, and when a delete pipeline runs."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.kratix import Parent, ParentState, Sight, Trigger, WorkflowControl
from runwright.rules.kratix.deletion import (
    PROMISE_STEPS,
    REQUEST_STEPS,
    TARGETS,
    Deletion,
    Target,
    next_deletion_move,
    next_step,
    promise_finalizers,
    retried,
    said_of_wait,
    selection_of,
)
from runwright.rules.kratix.progress import fitted, suspension_seen
from runwright.rules.kratix.triggers import Decision, Hold, Move
from tests.unit.rules.kratix.runs import APART, PROMISE, REQUEST
from tests.unit.rules.kratix.states import (
    DELETE,
    HASH,
    at,
    ended,
    failed,
    fresh,
    started,
    suspended,
)

MANUAL = "kratix.io/manual-reconciliation"
SUSPENSION = "kratix.io/workflow-suspended"
FIRST = Decision(Move.START, Trigger.NEXT, anew=True)


def decided(
    state: ParentState,
    *switched_on: str,
    configuring: bool = False,
    deleting: bool = False,
    second: float = 10,
    suspends: bool = False,
    **seen: Any,
) -> Decision:
    """Return what is to be done at a moment for a parent that is to go."""
    labels = dict.fromkeys(switched_on, "true")
    sight = Sight.model_validate({"generation": 1, "hash": HASH, "labels": labels, **seen})
    case = Deletion(sight, state, configuring, deleting, at(second), suspends)
    return next_deletion_move(case)


def fresh_delete() -> ParentState:
    """Return a state whose delete pipeline has not started."""
    return fresh("z", action=DELETE)


def running_delete() -> ParentState:
    """Return a state whose delete pipeline has started."""
    return started(fresh_delete(), anew=True)


def suspended_delete(retry_after: timedelta | None = None) -> ParentState:
    """Return a state whose delete pipeline suspended its workflow, at 2 s."""
    control = WorkflowControl(suspend=True, retry_after=retry_after)
    return ended(running_delete(), control=control)


def test_the_finalizers_of_a_request_go_in_their_order() -> None:
    """K49."""
    left, done = set[str](REQUEST_STEPS), list[str]()
    while (step := next_step(REQUEST_STEPS, left)) is not None:
        left -= {step}
        done.append(step.removeprefix("kratix.io/"))

    assert done == [
        "delete-workflows",
        "work-cleanup",
        "workflows-cleanup",
        "resource-binding-cleanup",
    ]


def test_the_finalizers_of_others_are_passed_over() -> None:
    assert next_step(REQUEST_STEPS, ["example.org/mine"]) is None


def test_the_delete_pipeline_of_a_promise_comes_before_its_requests() -> None:
    order = [step.removeprefix("kratix.io/") for step in PROMISE_STEPS]

    assert order == [
        "delete-workflows",
        "workflows-cleanup",
        "resource-request-cleanup",
        "revision-cleanup",
        "dynamic-controller-dependant-resources-cleanup",
        "dependencies-cleanup",
        "api-crd-cleanup",
    ]


def test_every_step_but_the_run_removes_something() -> None:
    assert set(TARGETS) == {*REQUEST_STEPS, *PROMISE_STEPS} - {"kratix.io/delete-workflows"}


@pytest.mark.parametrize("has_delete", [True, False])
def test_a_promise_is_held_for_a_delete_pipeline_while_it_has_one(*, has_delete: bool) -> None:
    """K56."""
    finalizers = promise_finalizers(has_api=True, has_delete=has_delete)

    assert ("kratix.io/delete-workflows" in finalizers) is has_delete


def test_a_promise_without_an_api_is_not_held_for_one() -> None:
    assert promise_finalizers(has_api=False, has_delete=False) == (
        "kratix.io/workflows-cleanup",
        "kratix.io/revision-cleanup",
        "kratix.io/dependencies-cleanup",
    )


NAMED = {"kratix.io/promise-name": "database", "kratix.io/resource-name": "orders"}


@pytest.mark.parametrize(
    ("target", "parent", "namespace", "labels"),
    [
        (Target.JOBS, REQUEST, "shop", {**NAMED, "kratix.io/workflow-type": "resource"}),
        (Target.WORKS, REQUEST, "shop", NAMED),
        (Target.BINDING, APART, "shop", NAMED),
        (Target.WORKS, APART, "pipelines", {**NAMED, "kratix.io/resource-namespace": "shop"}),
        (Target.WORKS, PROMISE, "", {"kratix.io/promise-name": "database"}),
        (Target.ACCESS, PROMISE, "", {"kratix.io/promise-name": "database"}),
        (
            Target.JOBS,
            PROMISE,
            "kratix-platform-system",
            {"kratix.io/promise-name": "database", "kratix.io/workflow-type": "promise"},
        ),
    ],
)
def test_nothing_is_removed_of_another_request_of_the_same_name(
    target: Target, parent: Parent, namespace: str, labels: dict[str, str]
) -> None:
    """K60."""
    assert selection_of(target, parent) == (namespace, labels)


def test_the_rights_of_pipelines_stay_until_their_promise_goes() -> None:
    """K57: the requests for it share them."""
    assert Target.ACCESS not in {TARGETS.get(step) for step in REQUEST_STEPS}
    assert Target.ACCESS in {TARGETS.get(step) for step in PROMISE_STEPS}


def test_a_delete_pipeline_waits_for_the_configure_job_that_runs() -> None:
    """K49 and K54."""
    assert decided(fresh_delete(), configuring=True) == Decision(Move.WAIT)
    assert decided(fresh_delete()) == FIRST


def test_without_a_delete_pipeline_nothing_is_waited_for() -> None:
    """K50."""
    assert decided(fresh(action=DELETE), configuring=True) == Decision(Move.REST)


def test_a_delete_pipeline_runs_once() -> None:
    """K49."""
    state = running_delete()

    assert decided(state, deleting=True) == Decision(Move.WAIT)
    assert decided(ended(state)) == Decision(Move.REST)


def test_a_delete_pipeline_that_failed_is_run_again_by_hand() -> None:
    """K51: and not by itself."""
    state = failed(running_delete())

    assert decided(state) == Decision(Move.HOLD, hold=Hold.FAILED)
    assert decided(state, MANUAL) == Decision(
        Move.START, Trigger.MANUAL, anew=True, removes=(MANUAL,)
    )


def test_a_delete_pipeline_that_failed_is_run_again_after_a_change() -> None:
    state = failed(running_delete())

    assert decided(state, hash="f" * 32) == Decision(Move.START, Trigger.CHANGED, anew=True)


def test_a_change_while_a_delete_pipeline_runs_starts_no_second_one() -> None:
    """K63."""
    state = running_delete()

    assert decided(state, deleting=True, hash="f" * 32) == Decision(Move.WAIT)
    assert decided(ended(state), hash="f" * 32) == Decision(Move.REST)


def test_a_manual_reconciliation_waits_for_the_delete_job_or_suspends_it() -> None:
    state = running_delete()

    waits = decided(state, MANUAL, deleting=True)
    suspends = decided(state, MANUAL, deleting=True, suspends=True)

    assert waits == Decision(Move.WAIT)
    assert suspends == Decision(Move.SUSPEND_JOB, Trigger.MANUAL)


def test_a_delete_pipeline_that_suspends_is_run_again_once_its_label_is_gone() -> None:
    """K52."""
    state = suspended_delete()

    assert decided(state, SUSPENSION) == Decision(Move.HOLD, hold=Hold.SUSPENDED)
    assert decided(suspension_seen(state)) == Decision(Move.START, Trigger.RESUMED)


def test_a_configure_pipeline_that_waits_for_somebody_does_not_hold_the_deletion() -> None:
    """Nobody can let it go on any more: its gate is closed. Upstream waits for ever."""
    waiting = fitted(suspension_seen(suspended("a", "b")), DELETE, ["z"])
    own = ended(started(waiting, anew=True), control=WorkflowControl(suspend=True))

    assert decided(waiting, SUSPENSION) == FIRST._replace(removes=(SUSPENSION,))
    assert decided(own, SUSPENSION) == Decision(Move.HOLD, hold=Hold.SUSPENDED)


def test_a_label_that_a_person_set_holds_the_deletion() -> None:
    assert decided(fresh_delete(), SUSPENSION) == Decision(Move.HOLD, hold=Hold.SUSPENDED)


def test_a_delete_pipeline_may_ask_for_a_delay() -> None:
    """K52."""
    state = suspended_delete(timedelta(seconds=30))

    waits = Decision(Move.HOLD, hold=Hold.SUSPENDED, at=at(32))
    resumes = Decision(Move.START, Trigger.RESUMED, removes=(SUSPENSION,))
    assert decided(state, SUSPENSION, second=31) == waits
    assert decided(state, SUSPENSION, second=32) == resumes


@pytest.mark.parametrize(
    "seen", [{"promise_paused": True}, {"labels": {"kratix.io/paused": "true"}}]
)
def test_what_is_paused_does_not_go(seen: dict[str, Any]) -> None:
    assert decided(fresh_delete(), **seen) == Decision(Move.HOLD, hold=Hold.PAUSED)


def test_a_delete_pipeline_is_tried_again_after_its_delay() -> None:
    state = failed(started(fresh("d", action=DELETE)))

    assert retried(state, timedelta(seconds=60), at(9)) == at(62)


@pytest.mark.parametrize(
    ("requests", "whose"),
    [
        ([], "pipelines"),
        (["a"], "the pipelines of a"),
        (["a", "b", "c"], "the pipelines of a, b and c"),
        (["a", "b", "c", "d", "e"], "the pipelines of a, b, c and 2 more"),
    ],
)
def test_a_delete_pipeline_that_waits_says_for_whom(requests: list[str], whose: str) -> None:
    """An earlier version of the activity does not say for whom."""
    told = f"Waits for {whose} to end before the delete pipeline runs"
    assert said_of_wait(requests) == told
