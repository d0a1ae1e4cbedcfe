"""How far workflows are, by the status that another controller left, or a lost database."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.kratix import (
    Compat,
    ParentState,
    PipelinePhase,
    Seen,
    Sight,
    WorkflowAction,
)
from runwright.models.kratix.keys import ON, WORKFLOW_SUSPENDED
from runwright.rules.kratix.restoring import Shown, is_blank, state_of
from runwright.rules.kratix.status import request_status
from runwright.rules.kratix.triggers import Case, Hold, Move, next_move
from tests.unit.rules.kratix.states import HASH, at

Fields = dict[str, Any]
OVER = {
    "type": "ConfigureWorkflowCompleted",
    "status": "True",
    "reason": "PipelinesExecutedSuccessfully",
    "lastTransitionTime": "2026-01-02T03:00:00Z",
}
RUNNING = {**OVER, "status": "False", "reason": "PipelinesInProgress"}


def seen(generation: int = 3, *labels: str) -> Seen:
    """Return how the parent is now, with labels that are on."""
    sight = Sight(generation=generation, hash=HASH, labels=dict.fromkeys(labels, ON))
    return Seen(sight=sight, version="9", interval=timedelta(hours=10))


def of_upstream(*phases: str, keyed: bool, condition: Fields = OVER, **fields: Any) -> Fields:
    """Return a status as upstream writes it, with hashes that only upstream makes."""
    pipelines = [{"name": f"p{index}", "phase": phase} for index, phase in enumerate(phases)]
    if keyed:
        pipelines = [{**one, "hash": "upstream"} for one in pipelines]
    workflows = {"configure": {"pipelines": pipelines}} if keyed else {"pipelines": pipelines}
    return {
        "message": "Resource requested",
        "observedGeneration": 3,
        "conditions": [condition],
        "kratix": {"workflows": workflows},
        "workflows": len(phases),
        **fields,
    }


def decided(state: ParentState, now: Seen) -> Any:
    """Return what is done next for the parent."""
    return next_move(Case(sight=now.sight, state=state, running=False, now=at(60)))


@pytest.mark.parametrize("keyed", [False, True], ids=["flat", "keyed"])
def test_what_is_done_is_not_run_again(*, keyed: bool) -> None:
    """Whoever did it makes another hash of the same specs."""
    state = state_of(Shown(of_upstream("Succeeded", "Succeeded", keyed=keyed), seen()))

    assert decided(state, seen()).move is Move.REST
    assert [one.phase for one in state.configure.pipelines] == [PipelinePhase.SUCCEEDED] * 2


def test_what_another_says_of_a_parent_is_not_taken_over() -> None:
    """It would be written again and again as it was then, whatever that one says by now."""
    other = {**OVER, "type": "Synced"}
    status = {**of_upstream("Succeeded", keyed=True), "conditions": [OVER, other]}

    state = state_of(Shown(status, seen()))

    assert [one.type for one in state.conditions] == ["ConfigureWorkflowCompleted"]


@pytest.mark.parametrize("keyed", [False, True], ids=["flat", "keyed"])
def test_what_was_changed_meanwhile_is_run(*, keyed: bool) -> None:
    state = state_of(Shown(of_upstream("Succeeded", keyed=keyed), seen(4)))

    assert decided(state, seen(4)).move is Move.START


@pytest.mark.parametrize("compat", list(Compat))
def test_a_run_goes_on_at_the_pipeline_that_the_status_records(compat: Compat) -> None:
    """K59: without any Job, from a status of ours."""
    before = ParentState(
        configure=state_of(
            Shown(of_upstream("Succeeded", "Running", "Pending", keyed=True), seen())
        ).configure,
        hash=HASH,
        conditions=state_of(Shown(of_upstream(keyed=True, condition=RUNNING), seen())).conditions,
    )
    pipelines = tuple(one.model_copy(update={"hash": HASH}) for one in before.configure.pipelines)
    configure = before.configure.model_copy(update={"pipelines": pipelines})
    status = request_status(before.model_copy(update={"configure": configure}), compat)

    state = state_of(Shown(status.model_dump(mode="json", by_alias=True), seen()))

    decision = decided(state, seen())
    assert (decision.move, decision.position, decision.anew) == (Move.START, 1, False)


@pytest.mark.parametrize(
    ("labels", "move"),
    [((WORKFLOW_SUSPENDED,), Move.HOLD), ((), Move.HOLD)],
    ids=["labelled", "label removed"],
)
def test_a_suspension_is_one_still(labels: tuple[str, ...], move: Move) -> None:
    """K28: a label that was removed while nobody looked is set again: nobody lets go by accident.

    Whether it had been there at all the status does not say.
    """
    status = of_upstream("Succeeded", "Suspended", keyed=False, condition=RUNNING)
    status["kratix"]["workflows"]["suspendedGeneration"] = 3
    status["kratix"]["workflows"]["pipelines"][1]["message"] = "check the plan"

    state = state_of(Shown(status, seen(3, *labels)))

    decision = decided(state, seen(3, *labels))
    assert (decision.move, decision.hold) == (move, Hold.SUSPENDED)
    assert state.configure.pipelines[1].message == "check the plan"


def test_attempts_go_on_being_counted() -> None:
    """K29."""
    status = of_upstream("Suspended", keyed=True, condition=RUNNING)
    (entry,) = status["kratix"]["workflows"]["configure"]["pipelines"]
    entry |= {"attempts": 2, "nextRetryAt": "2026-01-02T03:00:30Z"}

    state = state_of(Shown(status, seen(3, WORKFLOW_SUSPENDED)))

    assert state.configure.pipelines[0].attempts == 2
    assert state.configure.pipelines[0].next_retry_at == at(30)


def test_a_delete_workflow_that_failed_is_not_run_again_by_itself() -> None:
    """K51."""
    failed = {"type": "DeleteWorkflowCompleted", "status": "False"}
    status = of_upstream("Failed", keyed=False, condition=failed)

    state = state_of(Shown(status, seen()))

    assert state.action is WorkflowAction.DELETE
    assert state.delete.first_in(PipelinePhase.FAILED) == 0
    assert not state.configure.pipelines


def test_what_pipelines_wrote_is_kept() -> None:
    status = of_upstream("Succeeded", keyed=True, url="https://orders.example.org")

    assert state_of(Shown(status, seen())).extra == {"url": "https://orders.example.org"}
    assert state_of(Shown(status, seen(), is_promise=True)).extra == {}


def test_nonsense_in_a_status_is_left_out() -> None:
    """People may write there, and an API server that prunes nothing keeps it."""
    status = {
        "observedGeneration": "three",
        "message": 7,
        "conditions": ["none", {"type": "Reconciled", "status": "Perhaps"}, OVER],
        "kratix": {"workflows": {"pipelines": [{"name": "p0"}]}},
    }

    state = state_of(Shown(status, seen()))

    assert [one.type for one in state.conditions] == ["ConfigureWorkflowCompleted"]
    assert not state.configure.pipelines
    assert state.observed_generation == 0


def test_a_parent_without_a_status_is_new() -> None:
    assert is_blank(state_of(Shown({}, seen())))
