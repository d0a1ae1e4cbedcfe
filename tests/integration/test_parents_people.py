"""What people tell the entity of a request: decisions, pauses, runs of some pipelines."""

from typing import Any, Final

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError

from runwright.models.gates import DecideGate, GateOutcome, Verdict
from runwright.models.kratix import ParentReport, RunAgain, Standing, Trigger
from runwright.models.runs import CancelRun, PauseRun, ResumeRun
from tests.integration.parents import (
    SUSPENDS,
    Entity,
    Place,
    handed,
    placed,
    promise_of,
    request_of,
)
from tests.integration.statuses import condition_in, phases_in
from tests.unit.rules.kratix.documents import Fields, pipeline_manifest
from workflows.presentation import KIND, NAME, NAMESPACE, PENDING_GATE, PHASE

SUSPENDED: Final = "kratix.io/workflow-suspended"
PAUSED: Final = "kratix.io/paused"


def guarded(name: str, policy: str) -> Fields:
    """Return a pipeline with a policy of who may let it go on."""
    return pipeline_manifest(name, annotations={"runwright.dev/approval": policy})


def changes(report: ParentReport, subject: str) -> list[tuple[str | None, str | None]]:
    """Return what became of the pipelines, the gates or the runs of a parent, in its order."""
    told = report.history.transitions
    return [(one.before, one.after) for one in told if one.subject == subject and one.after]


def approval(gate: str, by: str = "grace", **fields: Any) -> DecideGate:
    """Return a yes."""
    return DecideGate(gate=gate, verdict=Verdict.APPROVE, by=by, **fields)


def rejection(gate: str, by: str = "grace", **fields: Any) -> DecideGate:
    """Return a no."""
    return DecideGate(gate=gate, verdict=Verdict.REJECT, by=by, **fields)


async def waiting(place: Place) -> Entity:
    """Return a request whose pipeline `a` waits for a decision."""
    request = await place.apply(request_of())
    await request.end("a", SUSPENDS)
    await request.until(lambda report: report.pending_gates)
    return request


async def test_a_suspended_pipeline_that_is_approved_runs_again(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.end("a", SUSPENDS)
        asked = await request.until(lambda report: report.pending_gates)
        await request.update("decide_gate", approval("a"))
        await request.end("a", times=2)
        await request.end("b")
        report = await request.until_stands(Standing.READY)
        await place.until(lambda: not request.has(SUSPENDED))

    assert asked.gates["a"].digest
    assert request.ran() == ["a", "a", "b"]
    assert [(one.trigger, one.by) for one in report.past] == [
        (Trigger.CREATED, ""),
        (Trigger.RESUMED, "grace"),
    ]
    assert report.gates["a"].outcome is GateOutcome.APPROVED
    told = [one for one in report.history.transitions if one.subject == "gate"]
    assert [(one.reason, one.by) for one in told] == [(None, None), ("Approve", "grace")]


async def test_a_pipeline_that_suspends_again_asks_again(client: Client, task_queue: str) -> None:
    """An approval is for one suspension alone."""
    async with placed(client, task_queue, promise_of("a")) as place:
        request = await waiting(place)
        await request.update("decide_gate", approval("a"))
        await request.end("a", SUSPENDS, times=2)
        await request.until(lambda report: report.pending_gates and len(report.past) == 2)
        with pytest.raises(WorkflowUpdateFailedError, match="failed") as refused:
            await request.update("decide_gate", approval("a", activation=1))

    assert "is in activation 2" in str(refused.value.cause)


async def test_a_gate_that_another_run_takes_the_place_of_is_closed(
    client: Client, task_queue: str
) -> None:
    """Its history would say for ever that it is open, twice."""
    async with placed(client, task_queue, promise_of("a")) as place:
        request = await waiting(place)
        await request.until_stands(Standing.SUSPENDED)
        request.change("large")
        await request.end("a", SUSPENDS, times=2)
        report = await request.until(lambda known: len(changes(known, "gate")) == 3)

    assert changes(report, "gate") == [(None, "Open"), ("Open", "Closed"), (None, "Open")]
    assert report.pending_gates == ("a",)


async def test_an_approval_that_is_said_again_is_a_repeat_although_its_run_has_begun(
    client: Client, task_queue: str
) -> None:
    """What it set off has the next number, which nobody named who says it again."""
    async with placed(client, task_queue, promise_of("a")) as place:
        request = await waiting(place)
        await request.update("decide_gate", approval("a"))
        await request.until(lambda report: report.runs == 2)
        again = await request.update("decide_gate", approval("a"))
        await request.handle.signal("decide_gate", approval("a"))
        with pytest.raises(WorkflowUpdateFailedError, match="failed") as refused:
            await request.update("decide_gate", approval("a", by="ada"))
        report = await request.report()

    assert again["repeated"]
    assert "gate a is already approved by grace at" in str(refused.value.cause)
    assert report.refused_decisions == ()


async def test_a_gate_that_a_later_run_passed_over_takes_no_decision(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of("a")) as place:
        request = await waiting(place)
        await request.update("run_again", RunAgain(by="ada"))
        await request.until_runs("a", times=2)
        with pytest.raises(WorkflowUpdateFailedError, match="failed") as refused:
            await request.update("decide_gate", approval("a"))

    assert "gate a is closed without a decision at" in str(refused.value.cause)


async def test_a_suspended_pipeline_that_is_rejected_fails_with_who_and_why(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await waiting(place)
        await request.handle.signal("decide_gate", rejection("a", comment="not today"))
        report = await request.until_stands(Standing.FAILED)
        shown = await request.until_shown(lambda one: phases_in(one)[0] == "Failed")

    for subject in ("step", "run"):
        assert changes(report, subject)[-1] == ("Suspended", "Failed")
    assert shown["message"] == "Rejected by grace: not today"
    assert condition_in(shown, "Reconciled") == ("False", "ConfigureWorkflowFailed")
    assert (request.ran(), request.has(SUSPENDED)) == (["a"], False)
    assert "ConfigureWorkflowFailed" in request.events()


@pytest.mark.parametrize(
    ("on_deadline", "standing"), [("fail", Standing.FAILED), ("resume", Standing.READY)]
)
async def test_a_gate_that_nobody_decides_in_time_does_what_its_policy_says(
    client: Client, task_queue: str, on_deadline: str, standing: Standing
) -> None:
    policy = f"deadline: 300ms\nonDeadline: {on_deadline}\n"
    async with placed(client, task_queue, promise_of(guarded("a", policy))) as place:
        request = await place.apply(request_of())
        await request.end("a", SUSPENDS)
        await request.until(lambda report: report.gates)
        if standing is Standing.READY:
            await request.end("a", times=2)
        report = await request.until_stands(standing)

    assert report.gates["a"].outcome is GateOutcome.TIMED_OUT
    is_refused = standing is Standing.FAILED
    assert (changes(report, "step")[-1] == ("Suspended", "Failed")) is is_refused
    assert (changes(report, "run")[-1] == ("Suspended", "Failed")) is is_refused


async def test_a_label_that_is_removed_does_not_open_a_gate_that_names_people(
    client: Client, task_queue: str
) -> None:
    policy = '{"users": ["ada"], "identity": "claimed"}'
    async with placed(client, task_queue, promise_of(guarded("a", policy))) as place:
        request = await place.apply(request_of())
        await request.end("a", SUSPENDS)
        await place.until(lambda: request.has(SUSPENDED))
        await request.until(lambda report: report.state.configure.suspension_shown)
        request.label(SUSPENDED, None)
        await place.until(lambda: request.has(SUSPENDED))
        with pytest.raises(WorkflowUpdateFailedError, match="failed") as refused:
            await request.update("decide_gate", approval("a", by="grace"))
        await request.update("decide_gate", approval("a", by="ada"))
        await request.end("a", times=2)
        await request.until_stands(Standing.READY)

    assert "grace is not among them" in str(refused.value.cause)
    assert request.events().count("ApprovalRequired") == 1
    assert request.ran() == ["a", "a"]


async def test_a_pipeline_may_say_itself_who_has_to_approve(
    client: Client, task_queue: str
) -> None:
    asks = handed("suspend: true\napproval: {required: 2}\n")
    async with placed(client, task_queue, promise_of("a")) as place:
        request = await place.apply(request_of())
        await request.end("a", asks)
        await request.until(lambda report: report.pending_gates)
        await request.update("decide_gate", approval("a", by="ada"))
        between = await request.report()
        await request.update("decide_gate", approval("a", by="grace"))
        await request.end("a", times=2)
        await request.until_stands(Standing.READY)

    assert between.pending_gates == ("a",)


async def test_a_policy_that_cannot_be_read_lets_nothing_start(
    client: Client, task_queue: str
) -> None:
    """A mistake in it must not open the gate to everybody, and must not pass unseen."""
    async with placed(client, task_queue, promise_of(guarded("a", "required: many"))) as place:
        request = await place.apply(request_of())
        await request.until_stands(Standing.WAITING)
        shown = await request.until_shown(lambda one: "approval" in one.get("message", ""))

    assert "required" in shown["message"]
    assert (request.ran(), request.events()) == ([], ["WorkflowUnplanned"])


async def test_pause_and_resume_set_and_remove_the_label(client: Client, task_queue: str) -> None:
    async with placed(client, task_queue, promise_of("a"), immediate=True) as place:
        request = await place.apply(request_of())
        await request.until_stands(Standing.READY)
        await request.update("pause", PauseRun(by="ada", comment="holidays"))
        await place.until(lambda: request.has(PAUSED))
        paused = await request.until_stands(Standing.PAUSED)
        await request.update("resume", ResumeRun(by="grace"))
        await place.until(lambda: not request.has(PAUSED))
        report = await request.until(lambda known: len(known.past) == 2)

    assert paused.message == "It is paused by ada"
    assert report.past[-1].trigger is Trigger.UNPAUSED
    told = [(one.reason, one.by) for one in report.history.transitions if one.by is not None]
    assert told == [("Paused", "ada"), ("Resumed", "grace")]


async def test_a_pause_while_a_pipeline_runs_holds_the_next_one(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.until_runs("a")
        await request.update("pause", PauseRun(by="ada"))
        await place.until(lambda: request.has(PAUSED))
        await request.until_told()
        await request.end("a")
        await request.until_stands(Standing.PAUSED)

    assert request.ran() == ["a"]


async def test_cancel_stops_the_run_and_nothing_starts_it_again(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.end("a")
        await request.until_runs("b")
        await request.update("cancel", CancelRun(by="ada", reason="wrong cluster"))
        report = await request.until_stands(Standing.FAILED)
        shown = await request.until_shown(lambda one: phases_in(one)[-1] == "Failed")
        with pytest.raises(WorkflowUpdateFailedError, match="failed") as refused:
            await request.update("cancel", CancelRun(by="ada"))

    assert phases_in(shown) == ["Succeeded", "Failed"]
    assert shown["message"] == "Cancelled by ada: wrong cluster"
    assert len(place.tasks.stopped) == 1
    assert [one.ending for one in report.past] == ["Failed"]
    assert "no run is under way" in str(refused.value.cause)


async def test_a_run_that_is_terminated_in_temporal_counts_as_failed(
    client: Client, task_queue: str
) -> None:
    async with placed(client, task_queue, promise_of("a")) as place:
        request = await place.apply(request_of())
        await request.until_runs("a")
        report = await request.until(lambda known: known.run)
        assert report.run
        await client.get_workflow_handle(report.run.workflow_id).terminate()
        await request.until_stands(Standing.FAILED)
        shown = await request.until_shown(lambda one: phases_in(one) == ["Failed"])
        asked = [
            one.activity_task_scheduled_event_attributes.activity_type.name
            async for one in request.handle.fetch_history_events()
            if one.HasField("activity_task_scheduled_event_attributes")
        ]

    assert shown["message"] == "Run 1 was ended in Temporal"
    assert "remove_tasks" in asked, "what it left is ended before another run starts"


async def test_an_entity_is_found_by_what_it_is_at(client: Client, task_queue: str) -> None:
    async with placed(client, task_queue, promise_of("a")) as place:
        request = await waiting(place)
        await request.until_stands(Standing.SUSPENDED)
        found = (await request.handle.describe()).typed_search_attributes

    assert found.get(KIND) == "Database"
    assert (found.get(NAMESPACE), found.get(NAME)) == ("shop", "orders")
    assert (found.get(PHASE), found.get(PENDING_GATE)) == ("Suspended", ["a"])


async def test_a_gate_is_closed_as_soon_as_its_pipelines_run_anew(
    client: Client, task_queue: str
) -> None:
    """Else somebody decides about a plan that is being made anew."""
    async with placed(client, task_queue, promise_of("a")) as place:
        request = await waiting(place)
        request.change("large")
        await request.until_runs("a", times=2)
        during = await request.report()
        await request.end("a", times=2)
        await request.until_stands(Standing.READY)

    assert during.pending_gates == ()
    assert during.gates["a"].outcome is GateOutcome.CLOSED
