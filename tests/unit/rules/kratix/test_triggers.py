"""What starts, waits, or holds a configure workflow."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.kratix import Compat, ParentState, Policy, Reason, Sight, Trigger
from runwright.rules.kratix.intervals import interval_of
from runwright.rules.kratix.progress import held, suspension_seen
from runwright.rules.kratix.triggers import (
    Case,
    Decision,
    Hold,
    Move,
    asks_for_all_requests,
    next_move,
)
from tests.unit.rules.kratix.documents import promise
from tests.unit.rules.kratix.states import (
    HASH,
    at,
    complete,
    ended,
    failed,
    fresh,
    started,
    suspended,
)

MANUAL = "kratix.io/manual-reconciliation"
FROM_START = "internal.workflows.kratix.io/run-from-start"
SUSPENSION = "kratix.io/workflow-suspended"
PAUSE = "kratix.io/paused"
OTHER = "f" * 32
HOUR = timedelta(hours=1)
DUE = at(2) + HOUR
"""When what ended at 2 s is run again by itself."""


def decided(
    state: ParentState,
    *switched_on: str,
    running: bool = False,
    second: float = 10,
    policy: Policy | None = None,
    is_promise: bool = False,
    **seen: Any,
) -> Decision:
    """Return what is to be done at a moment for a parent of generation 1 with these switches on."""
    labels = dict.fromkeys(switched_on, "true")
    sight = Sight.model_validate({"generation": 1, "hash": HASH, "labels": labels, **seen})
    policy = policy or Policy(interval=HOUR)
    return next_move(Case(sight, state, running, at(second), policy, is_promise))


def start(trigger: Trigger, position: int = 0, *removes: str) -> Decision:
    """Return the start of one pipeline, of the workflow anew where it is the first."""
    anew = trigger not in {Trigger.NEXT, Trigger.RESUMED}
    return Decision(Move.START, trigger, position, anew=anew, removes=removes)


def running(*names: str) -> ParentState:
    """Return a state whose first pipeline has started."""
    return started(fresh(*names), anew=True)


def test_a_new_parent_begins() -> None:
    """K2."""
    assert decided(fresh("a", "b")) == start(Trigger.CREATED)


def test_a_parent_without_pipelines_rests_until_the_interval_is_over() -> None:
    """K1."""
    assert decided(fresh()) == Decision(Move.REST, at=at(10) + HOUR)


def test_a_pipeline_that_runs_is_waited_for() -> None:
    """K4: however often one looks."""
    assert decided(running("a", "b"), running=True) == Decision(Move.WAIT)


def test_the_next_pipeline_starts_when_one_is_over() -> None:
    """K3; and where its Job was deleted since, K59: what is over is remembered, not looked up."""
    state = ended(running("a", "b"))

    assert decided(state) == start(Trigger.NEXT, 1)


def test_a_workflow_that_is_over_rests_until_it_is_due() -> None:
    """K6."""
    assert decided(complete("a", "b")) == Decision(Move.REST, at=DUE)


def test_a_change_while_a_pipeline_runs_waits_for_it_and_begins_anew() -> None:
    """K8: the next pipeline of the old spec never starts."""
    state = running("a", "b")

    assert decided(state, running=True, hash=OTHER) == Decision(Move.WAIT)
    assert decided(ended(state), hash=OTHER) == start(Trigger.CHANGED)


def test_a_change_that_is_taken_back_in_time_changes_nothing() -> None:
    state = ended(running("a", "b"))

    assert decided(state, hash=HASH, generation=3) == start(Trigger.NEXT, 1)


def test_a_spec_as_it_was_before_the_last_run_is_run_anew() -> None:
    """K9: that it was run once does not count."""
    state = started(complete("a"), 0, 5, anew=True, hash_=OTHER)

    assert decided(ended(state, second=6), hash=HASH) == start(Trigger.CHANGED)


def test_a_change_after_the_end_begins_anew() -> None:
    """K10."""
    assert decided(complete("a", "b"), hash=OTHER) == start(Trigger.CHANGED)


def test_a_change_of_nothing_but_metadata_starts_nothing() -> None:
    assert decided(complete("a"), labels={"team": "data"}) == Decision(Move.REST, at=DUE)


def test_a_manual_reconciliation_begins_anew_and_is_heeded_once() -> None:
    """K11: its label is to be removed with the start, not before (K64)."""
    assert decided(complete("a", "b"), MANUAL) == start(Trigger.MANUAL, 0, MANUAL)


def test_a_manual_reconciliation_suspends_the_job_that_runs_or_waits_for_it() -> None:
    """K12: the label stays until the new Job is there."""
    august = Policy(compat=Compat.AUGUST_2026)
    state = running("a", "b")

    assert decided(state, MANUAL, running=True, policy=august) == Decision(
        Move.SUSPEND_JOB, Trigger.MANUAL
    )
    assert decided(state, MANUAL, running=True) == Decision(Move.WAIT, Trigger.MANUAL)
    assert decided(state, MANUAL, policy=august) == start(Trigger.MANUAL, 0, MANUAL)


def test_a_second_manual_reconciliation_begins_anew_again() -> None:
    """K13."""
    restarted = ended(started(complete("a", "b"), 0, 5, anew=True), second=6)

    assert decided(restarted, MANUAL) == start(Trigger.MANUAL, 0, MANUAL)


def test_a_run_from_the_start_waits_for_the_job_that_runs() -> None:
    """K14."""
    august = Policy(compat=Compat.AUGUST_2026)

    waits = decided(running("a", "b"), FROM_START, running=True, policy=august)

    assert waits == Decision(Move.WAIT, Trigger.RUN_FROM_START)
    assert decided(ended(running("a", "b")), FROM_START) == start(
        Trigger.RUN_FROM_START, 0, FROM_START
    )


@pytest.mark.parametrize("label", [MANUAL, FROM_START, SUSPENSION, PAUSE])
@pytest.mark.parametrize("value", ["false", "True", "", "1"])
def test_a_switch_is_on_with_true_alone(label: str, value: str) -> None:
    """K15."""
    assert decided(complete("a"), labels={label: value}) == Decision(Move.REST, at=DUE)


@pytest.mark.parametrize(
    ("generation", "observed", "switched_on", "asked"),
    [
        (2, 1, (), True),
        (2, 2, (), False),
        (1, 0, (), False),
        (2, 2, ("kratix.io/reconcile-resources",), True),
    ],
    ids=["changed", "as-before", "first", "labelled"],
)
def test_all_requests_run_anew_after_a_change_of_their_promise(
    generation: int, observed: int, switched_on: tuple[str, ...], *, asked: bool
) -> None:
    """K16."""
    sight = Sight(generation=generation, hash=HASH, labels=dict.fromkeys(switched_on, "true"))

    assert asks_for_all_requests(sight, observed) is asked


def test_a_failure_holds_the_workflow_until_it_is_due() -> None:
    """K19 and K21."""
    state = failed(running("a", "b"))

    assert decided(state) == Decision(Move.HOLD, hold=Hold.FAILED, at=DUE)
    assert decided(state, second=2 + 3600) == start(Trigger.INTERVAL)


def test_a_failure_holds_it_for_good_where_the_platform_says_so() -> None:
    """K21: but a change and a manual reconciliation still count."""
    state, policy = failed(running("a")), Policy(interval=HOUR, reconcile_after_failure=False)

    assert decided(state, policy=policy, second=9999) == Decision(Move.HOLD, hold=Hold.FAILED)
    assert decided(state, policy=policy, hash=OTHER) == start(Trigger.CHANGED)
    assert decided(state, MANUAL, policy=policy) == start(Trigger.MANUAL, 0, MANUAL)


def test_a_failure_is_run_anew_by_hand() -> None:
    """K20."""
    assert decided(failed(running("a")), MANUAL) == start(Trigger.MANUAL, 0, MANUAL)


def test_what_runs_is_not_due() -> None:
    """K23: nor is it a second time while it is run because it was."""
    state = started(failed(running("a")), 0, 3602, anew=True)

    assert decided(state, running=True, second=9999) == Decision(Move.WAIT)


@pytest.mark.parametrize(("second", "due"), [(3601, False), (3602, True), (9999, True)])
def test_a_workflow_is_run_anew_when_its_interval_is_over(second: float, *, due: bool) -> None:
    """K26."""
    expected = start(Trigger.INTERVAL) if due else Decision(Move.REST, at=DUE)

    assert decided(complete("a"), second=second) == expected


def test_a_run_from_the_start_comes_before_the_interval() -> None:
    """K26."""
    decision = decided(complete("a"), FROM_START, second=9999)

    assert decision.trigger is Trigger.RUN_FROM_START


ANNOTATION = "kratix.io/reconciliation-interval"


@pytest.mark.parametrize(
    ("annotations", "in_spec", "minutes"),
    [
        ({ANNOTATION: "5m"}, "3m", 5),
        ({}, "3m", 3),
        ({}, None, 600),
        ({ANNOTATION: "59s"}, "3m", 3),
        ({ANNOTATION: "often"}, None, 600),
        ({ANNOTATION: "1m"}, "3m", 1),
    ],
)
def test_the_nearest_interval_that_can_be_read_holds(
    annotations: dict[str, str], in_spec: str | None, minutes: int
) -> None:
    """K27."""
    config = {"reconciliationInterval": in_spec} if in_spec else {}
    spec = promise(workflows={"config": config}).spec

    assert interval_of(annotations, spec) == timedelta(minutes=minutes)


def test_a_suspended_workflow_waits_for_somebody() -> None:
    """K28 and K32."""
    state = suspended("a", "b", "c", position=1)

    assert decided(state, SUSPENSION) == Decision(Move.HOLD, hold=Hold.SUSPENDED)


def test_without_the_label_only_the_suspended_pipeline_runs_again() -> None:
    """K28 and K33."""
    state = suspension_seen(suspended("a", "b", "c", position=1))

    assert decided(state) == start(Trigger.RESUMED, 1)


def test_a_workflow_whose_label_was_never_seen_gets_it_first() -> None:
    """K61: the label may be late, or its write lost; that is nobody's word to go on."""
    state = suspended("a", "b", position=1)

    held_back = Decision(Move.HOLD, hold=Hold.SUSPENDED, adds=(SUSPENSION,))
    assert decided(state) == held_back


def test_a_suspended_workflow_begins_anew_by_hand_or_after_a_change() -> None:
    """K28."""
    state = suspended("a", "b", position=1)

    assert decided(state, MANUAL, SUSPENSION) == start(Trigger.MANUAL, 0, MANUAL, SUSPENSION)
    assert decided(state, SUSPENSION, generation=2) == start(Trigger.CHANGED, 0, SUSPENSION)


def test_a_delay_is_waited_for_and_then_its_pipeline_runs_again() -> None:
    """K29 and K32."""
    state = suspended("a", "b", position=1, retry_after=timedelta(seconds=30))

    waits = Decision(Move.HOLD, hold=Hold.SUSPENDED, at=at(32))
    assert decided(state, SUSPENSION, second=31) == waits
    assert decided(state, SUSPENSION, second=32) == start(Trigger.RESUMED, 1, SUSPENSION)


def test_a_person_can_hold_the_workflow_between_two_pipelines() -> None:
    """By the same label; without it the next pipeline starts, and none runs twice."""
    state = ended(running("a", "b"))

    assert decided(running("a", "b"), SUSPENSION, running=True) == Decision(Move.WAIT)
    assert decided(state, SUSPENSION) == Decision(Move.HOLD, hold=Hold.SUSPENDED)
    assert decided(state) == start(Trigger.NEXT, 1)


def test_a_suspended_workflow_is_not_due() -> None:
    assert decided(complete("a"), SUSPENSION, second=9999).move is Move.HOLD


@pytest.mark.parametrize(
    "seen", [{"promise_paused": True}, {"labels": {PAUSE: "true"}}], ids=["promise", "own"]
)
def test_a_pause_holds_everything(seen: dict[str, Any]) -> None:
    """K36 and K37."""
    for state in (fresh("a"), complete("a"), failed(running("a"))):
        assert decided(state, hash=OTHER, **seen) == Decision(Move.HOLD, hold=Hold.PAUSED)


@pytest.mark.parametrize("reason", [Reason.PAUSED_RECONCILIATION, Reason.UNPAUSED])
def test_after_a_pause_everything_runs_anew(reason: Reason) -> None:
    """K35 and K36: a Promise has every request run anew besides."""
    state = held(suspended("a", "b"), reason, at(5))

    assert decided(state, SUSPENSION) == start(Trigger.UNPAUSED, 0, SUSPENSION)
    assert decided(state, SUSPENSION, is_promise=True).adds == ("kratix.io/reconcile-resources",)


def test_after_a_pause_what_runs_is_waited_for() -> None:
    state = held(running("a"), Reason.PAUSED_RECONCILIATION, at(5))

    assert decided(state, running=True).move is Move.WAIT


def test_a_pause_is_over_with_the_start_after_it() -> None:
    """K35: and nothing starts again and again."""
    state = held(complete("a"), Reason.PAUSED_RECONCILIATION, at(5))

    restarted = ended(started(state, 0, 6, anew=True), second=7)

    assert decided(restarted).move is Move.REST


def test_a_promise_that_cannot_fulfil_holds_its_requests() -> None:
    """K38."""
    held_back = Decision(Move.HOLD, hold=Hold.UNAVAILABLE, at=at(70))

    assert decided(fresh("a"), promise_available=False) == held_back
    assert decided(fresh("a")) == start(Trigger.CREATED)


def test_a_promise_that_goes_starts_nothing_of_its_requests() -> None:
    """K54."""
    decision = decided(fresh("a"), promise_deleting=True)

    assert decision == Decision(Move.HOLD, hold=Hold.PROMISE_DELETED)
