"""Gates: every way to decide one, every way to be refused, and what follows."""

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from adapters.memory.tasks import succeeded
from runwright.errors import RefusedError
from runwright.models.bubustack import Phase
from runwright.models.gates import DecideGate, GateOutcome, Identity, Verdict
from runwright.models.story_run import StepReason
from runwright.worker import worker_of
from tests.integration.runs import engram, gate, start_of, started

GATED = {"steps": [gate("release"), engram("deploy", "release")]}


async def test_case_15_an_approval_lets_the_run_go_on_and_remembers_who_gave_it(
    client: Client, task_queue: str
) -> None:
    async with started(client, task_queue, start_of(GATED)) as going:
        waiting = await going.until(lambda state: bool(state.pending_gates))
        answer = await going.run.approve("release", by="alice", comment="looks good")
        state = await going.run.wait()

    assert waiting.steps["release"].phase is Phase.PAUSED
    assert waiting.steps["release"].message == "Waiting for gate decision."
    assert answer is not None
    assert answer.outcome is GateOutcome.APPROVED
    assert state.steps["release"].phase is Phase.SUCCEEDED
    assert state.steps["release"].message == "looks good"
    assert state.steps["deploy"].phase is Phase.SUCCEEDED
    decision = state.gates["release"].decisions[0]
    assert (decision.by, decision.identity) == ("alice", Identity.CLAIMED)
    assert decision.digest == waiting.gates["release"].digest != ""


async def test_case_15_an_approval_without_a_comment_says_that_it_is_one(
    client: Client, task_queue: str
) -> None:
    async with started(client, task_queue, start_of(GATED)) as going:
        await going.run.approve("release", by="alice")
        state = await going.run.wait()

    assert state.steps["release"].message == "Gate approved."


async def test_case_16_a_rejection_fails_the_step_and_starts_the_compensations(
    client: Client, task_queue: str
) -> None:
    spec = {**GATED, "compensations": [engram("undo")]}

    async with started(client, task_queue, start_of(spec)) as going:
        await going.run.reject("release", by="bob")
        state = await going.run.wait()

    assert state.steps["release"].phase is Phase.FAILED
    assert state.steps["release"].reason is StepReason.REJECTED
    assert state.steps["release"].message == "Gate rejected."
    assert going.started() == ["undo"]
    assert state.phase is Phase.COMPENSATED


@pytest.mark.parametrize(
    ("on_timeout", "phase", "message", "run_phase"),
    [
        pytest.param("fail", Phase.TIMEOUT, "gate step timed out.", Phase.FAILED, id="fail"),
        pytest.param(
            "skip",
            Phase.SKIPPED,
            "gate step timed out and was skipped.",
            Phase.SUCCEEDED,
            id="skip",
        ),
    ],
)
async def test_case_17_an_undecided_gate_does_at_its_deadline_what_the_story_says(
    client: Client,
    task_queue: str,
    on_timeout: str,
    phase: Phase,
    message: str,
    run_phase: Phase,
) -> None:
    spec = {"steps": [gate("release", timeout="50ms", onTimeout=on_timeout)]}

    async with started(client, task_queue, start_of(spec)) as going:
        state = await going.run.wait()

    assert (state.steps["release"].phase, state.steps["release"].message) == (phase, message)
    assert state.gates["release"].outcome is GateOutcome.TIMED_OUT
    assert state.phase is run_phase


async def test_case_18_a_decision_that_came_before_the_deadline_was_noticed_wins(
    client: Client, task_queue: str
) -> None:
    """Both arrive while no worker is there; the worker sees them at once."""
    start = start_of({"steps": [gate("release", timeout="4s")]})
    async with started(client, task_queue, start) as going:
        await going.until(lambda state: bool(state.pending_gates))
    handle = client.get_workflow_handle(going.run.workflow_id)

    await handle.signal("decide_gate", DecideGate(gate="release", verdict=Verdict.APPROVE, by="al"))
    await _timer_fired(client, going.run.workflow_id)
    async with _worker(client, task_queue):
        state = await going.run.wait()

    assert state.gates["release"].outcome is GateOutcome.APPROVED
    assert state.phase is Phase.SUCCEEDED


async def test_case_21_a_gates_deadline_is_fixed_when_it_opens_and_survives_restarts(
    client: Client, task_queue: str
) -> None:
    start = start_of({"steps": [gate("release", timeout="2s")]})
    async with started(client, task_queue, start) as going:
        opened = await going.until(lambda state: bool(state.pending_gates))
    async with _worker(client, task_queue):
        reopened = await going.run.state()
        state = await going.run.wait()

    assert opened.gates["release"].deadline == reopened.gates["release"].deadline
    assert state.steps["release"].finished_at is not None
    assert opened.gates["release"].deadline is not None
    late = state.steps["release"].finished_at - opened.gates["release"].deadline
    assert 0 <= late.total_seconds() < 1.5


async def test_a_decision_before_the_gate_is_reached_counts_when_it_is(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("build"), gate("release", "build")]}

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        await going.until_running("build")
        answer = await going.run.approve("release", by="alice")
        await going.end("build")
        state = await going.run.wait()

    assert answer is not None
    assert (answer.outcome, answer.missing) == (None, 0)
    assert state.steps["release"].phase is Phase.SUCCEEDED
    assert state.gates["release"].decisions[0].by == "alice"


async def test_a_signal_decides_like_an_update(client: Client, task_queue: str) -> None:
    async with started(client, task_queue, start_of(GATED)) as going:
        handle = client.get_workflow_handle(going.run.workflow_id)
        decision = {"gate": "release", "verdict": "approve", "by": "carol"}
        await handle.signal("decide_gate", decision)
        state = await going.run.wait()

    assert state.gates["release"].decisions[0].by == "carol"


async def test_a_signal_that_does_not_count_is_kept_with_the_reason(
    client: Client, task_queue: str
) -> None:
    """A signal has no answer, so the run has to remember."""
    async with started(client, task_queue, start_of(GATED)) as going:
        handle = client.get_workflow_handle(going.run.workflow_id)
        await handle.signal("decide_gate", {"gate": "relaese", "verdict": "approve"})
        state = await going.until(lambda state: bool(state.refused_decisions))

    assert state.refused_decisions[0].reason == ("there is no gate relaese; the gates are: release")


async def test_the_same_decision_twice_is_answered_and_changes_nothing(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [gate("release"), engram("deploy", "release")]}

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        first = await going.run.approve("release", by="alice")
        again = await going.run.approve("release", by="alice")
        state = await going.run.state()

    assert first is not None
    assert again is not None
    assert (first.repeated, again.repeated) == (False, True)
    assert again.outcome is GateOutcome.APPROVED
    assert len(state.gates["release"].decisions) == 1


async def test_a_decision_against_one_that_stands_is_refused_with_who_made_it(
    client: Client, task_queue: str
) -> None:
    async with started(client, task_queue, start_of(GATED), immediate=False) as going:
        await going.run.approve("release", by="alice")
        with pytest.raises(RefusedError, match="gate release is already approved by alice at"):
            await going.run.reject("release", by="bob")


async def test_a_decision_on_an_old_activation_is_refused(client: Client, task_queue: str) -> None:
    """Who approved the first execution did not approve the second."""
    spec = {"steps": [gate("release", timeout="10s")]}
    async with started(client, task_queue, start_of(spec)) as going:
        await going.run.reject("release", by="alice")
        await going.run.wait()
        again = await going.run.retry(by="bob")
        stale = DecideGate(gate="release", verdict=Verdict.APPROVE, by="alice", activation=1)
        with pytest.raises(RefusedError, match="is in activation 2; the decision is about"):
            await again.decide(stale)
        await again.approve("release", by="alice")
        state = await again.wait()

    assert state.gates["release"].decisions[0].activation == 2
    assert state.phase is Phase.SUCCEEDED


async def test_a_decision_about_something_else_than_the_gate_asks_is_refused(
    client: Client, task_queue: str
) -> None:
    other = DecideGate(gate="release", verdict=Verdict.APPROVE, by="alice", digest="0" * 64)

    async with started(client, task_queue, start_of(GATED)) as going:
        waiting = await going.until(lambda state: bool(state.pending_gates))
        with pytest.raises(RefusedError, match="asks about something else by now"):
            await going.run.decide(other)
        right = other.model_copy(update={"digest": waiting.gates["release"].digest})
        await going.run.decide(right)
        state = await going.run.wait()

    assert state.phase is Phase.SUCCEEDED


async def test_who_is_not_on_the_list_is_refused(client: Client, task_queue: str) -> None:
    approval = {"users": ["alice"], "identity": "claimed"}
    spec = {"steps": [gate("release", approval=approval)]}

    async with started(client, task_queue, start_of(spec)) as going:
        with pytest.raises(RefusedError, match="may be decided by alice; mallory is not among"):
            await going.run.approve("release", by="mallory")
        with pytest.raises(RefusedError, match="must know who decides"):
            await going.run.approve("release")
        await going.run.approve("release", by="alice")
        state = await going.run.wait()

    assert state.phase is Phase.SUCCEEDED


async def test_a_list_of_people_takes_no_name_that_is_merely_claimed(
    client: Client, task_queue: str
) -> None:
    """Whoever can reach Temporal can send any name."""
    spec = {"steps": [gate("release", approval={"users": ["alice"]})]}

    async with started(client, task_queue, start_of(spec)) as going:
        with pytest.raises(RefusedError, match="verified identities only"):
            await going.run.approve("release", by="alice")
        state = await going.run.state()

    assert state.pending_gates == ("release",)
    assert state.gates["release"].decisions == ()


async def test_the_author_of_a_run_may_be_kept_from_deciding(
    client: Client, task_queue: str
) -> None:
    approval = {"author": "may-not", "identity": "claimed"}
    start = start_of({"steps": [gate("release", approval=approval)]}, author="alice")

    async with started(client, task_queue, start) as going:
        with pytest.raises(RefusedError, match="may not be decided by alice, who started the run"):
            await going.run.approve("release", by="alice")
        await going.run.approve("release", by="bob")
        state = await going.run.wait()

    assert state.phase is Phase.SUCCEEDED


async def test_a_gate_that_needs_two_people_waits_for_the_second(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [gate("release", approval={"required": 2})]}

    async with started(client, task_queue, start_of(spec)) as going:
        first = await going.run.approve("release", by="alice")
        await going.run.approve("release", by="alice")
        second = await going.run.approve("release", by="bob")
        state = await going.run.wait()

    assert first is not None
    assert second is not None
    assert (first.outcome, first.missing) == (None, 1)
    assert (second.outcome, second.missing) == (GateOutcome.APPROVED, 0)
    assert [decision.by for decision in state.gates["release"].decisions] == ["alice", "bob"]


async def test_one_rejection_is_enough_where_two_approvals_are_needed(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [gate("release", approval={"required": 2})]}

    async with started(client, task_queue, start_of(spec)) as going:
        await going.run.approve("release", by="alice")
        await going.run.reject("release", by="bob")
        state = await going.run.wait()

    assert state.gates["release"].outcome is GateOutcome.REJECTED


async def test_a_gate_that_timed_out_or_a_run_that_is_over_takes_no_decision(
    client: Client, task_queue: str
) -> None:
    spec = {
        "steps": [gate("early", timeout="20ms", onTimeout="skip"), gate("late", "early")],
    }

    async with started(client, task_queue, start_of(spec)) as going:
        await going.until(lambda state: state.pending_gates == ("late",))
        with pytest.raises(RefusedError, match="gate early timed out at"):
            await going.run.approve("early", by="alice")
        await going.run.approve("late", by="alice")
        await going.run.wait()
        with pytest.raises(RefusedError, match="it is over"):
            await going.run.approve("late", by="alice")


async def test_a_gate_may_ask_about_an_output(client: Client, task_queue: str) -> None:
    """The digest covers what is approved, so another output is another question."""
    spec = {"steps": [engram("build"), gate("release", "build")]}
    digests = []

    for image in ("a", "b"):
        start, outcomes = start_of(spec), {"build": succeeded({"image": image})}
        async with started(client, task_queue, start, outcomes) as going:
            state = await going.until(lambda state: bool(state.pending_gates))
            digests.append(state.gates["release"].digest)

    assert digests[0] != digests[1]


def _worker(client: Client, task_queue: str) -> Worker:
    return worker_of(client, task_queue, {})


async def _timer_fired(client: Client, workflow_id: str) -> None:
    handle = client.get_workflow_handle(workflow_id)
    async for event in handle.fetch_history_events(wait_new_event=True):
        if event.HasField("timer_fired_event_attributes"):
            return
