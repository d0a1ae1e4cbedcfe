"""Messages and refusals at the worst moment, and inputs of the worst size."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client, WorkflowFailureError

from runwright.errors import RefusedError, UnbarredError
from runwright.models.bubustack import Phase
from runwright.models.gates import GateOutcome
from runwright.models.story_run import StepReason
from runwright.models.tasks import Claim, Task, TaskKey, TaskOutcome
from tests.integration.runs import NEVER, engram, gate, start_of, started
from workflows import policies


async def test_a_cancel_while_the_start_window_is_looked_at_still_stops_the_task(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look is an activity of its own, and a cancel must not end with it."""
    monkeypatch.setattr(policies, "START_WINDOW", timedelta(milliseconds=50))
    looking, looked = asyncio.Event(), asyncio.Event()

    async def exists(_: object) -> bool:
        looking.set()
        await looked.wait()
        return True

    async with started(
        client, task_queue, start_of({"steps": [engram("a")]}), immediate=False
    ) as going:
        monkeypatch.setattr(going.tasks, "exists", exists)
        await looking.wait()
        await going.run.cancel()
        state = await going.run.wait()
        looked.set()

    assert going.tasks.stopped == [going.task("a")]
    assert state.steps["a"].phase is Phase.CANCELED


async def test_an_end_that_is_told_to_a_claim_that_was_made_again_counts(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who took the first one was slow to start the task; who took the second one died."""
    monkeypatch.setattr(policies, "START_WINDOW", timedelta(milliseconds=50))
    claimed_again = asyncio.Event()

    async with started(
        client, task_queue, start_of({"steps": [engram("a")]}), immediate=False
    ) as going:
        start = going.tasks.start

        async def slow(task: Task, claim: Claim) -> TaskOutcome | None:
            if claim.activity_id.endswith("/1"):
                await claimed_again.wait()
                return await start(task, claim)
            claimed_again.set()
            await asyncio.Event().wait()
            return None

        monkeypatch.setattr(going.tasks, "start", slow)
        await claimed_again.wait()
        while not going.tasks.started:
            await asyncio.sleep(0.01)
        await going.tasks.end(going.task("a"))
        state = await going.run.wait()

    assert state.steps["a"].phase is Phase.SUCCEEDED


@pytest.mark.parametrize("starts", [True, False], ids=["starts all the same", "never starts"])
async def test_a_task_that_cannot_be_barred_is_looked_at_again_once_nobody_can_start_it(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch, *, starts: bool
) -> None:
    """A quota refuses the task, and whatever could be put in its place: a cancel never ended."""
    asked, may_start = asyncio.Event(), asyncio.Event()

    async with started(
        client, task_queue, start_of({"steps": [engram("a")]}), immediate=False
    ) as going:
        start, stop = going.tasks.start, going.tasks.stop

        async def slow(task: Task, claim: Claim) -> TaskOutcome | None:
            asked.set()
            await may_start.wait()
            return await start(task, claim)

        async def unbarred(*_: object) -> None:
            monkeypatch.setattr(going.tasks, "stop", stop)
            if starts:
                may_start.set()
            message = "bar default/x: HTTP 403 exceeded quota"
            raise UnbarredError(message)

        monkeypatch.setattr(going.tasks, "start", slow)
        monkeypatch.setattr(going.tasks, "stop", unbarred)
        monkeypatch.setattr(policies, "START_WINDOW", timedelta(seconds=1))
        await asked.wait()
        await going.run.cancel()
        state = await going.run.wait()
        may_start.set()

    assert state.steps["a"].phase is Phase.CANCELED
    assert going.tasks.stopped == ([going.task("a")] if starts else [])


async def test_a_cancel_while_a_timeout_stops_the_steps_still_cancels_the_run(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {
        "steps": [engram("slow")],
        "finally": [engram("tell")],
        "policy": {"timeouts": {"story": "100ms"}},
    }
    stopping, stopped = asyncio.Event(), asyncio.Event()

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        stop = going.tasks.stop

        async def slow_stop(key: TaskKey, grace: timedelta) -> TaskOutcome | None:
            stopping.set()
            await stopped.wait()
            return await stop(key, grace)

        monkeypatch.setattr(going.tasks, "stop", slow_stop)
        await stopping.wait()
        await going.run.cancel(by="alice")
        stopped.set()
        state = await going.run.wait()

    assert going.started() == ["slow"]
    assert state.phase is Phase.FINISHED
    assert {step.phase for step in state.steps.values()} <= {Phase.CANCELED, Phase.SKIPPED}


async def test_a_task_that_cannot_be_stopped_fails_its_step_and_not_the_run_as_a_whole(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {
        "steps": [engram("a", execution={"timeout": "50ms", **NEVER})],
        "finally": [engram("tell")],
    }

    async def stop(*_: object) -> None:
        message = "stop: the backend will not have it"
        raise RefusedError(message)

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        monkeypatch.setattr(going.tasks, "stop", stop)
        await going.until_running("tell")
        await going.end("tell")
        state = await going.run.wait()

    assert state.steps["a"].phase is Phase.FAILED
    assert "the backend will not have it" in state.steps["a"].message
    assert state.reason == "DependencyFailed"


async def test_a_run_under_an_id_that_is_not_its_own_is_refused(
    client: Client, task_queue: str
) -> None:
    """Two runs of one name would take each other's tasks for their own."""
    start = start_of({"steps": [gate("ask")]})

    async with started(client, task_queue, start) as going:
        other = await client.start_workflow("StoryRun", start, id="other", task_queue=task_queue)
        with pytest.raises(WorkflowFailureError) as failure:
            await other.result()
        await going.run.approve("ask")

    assert "that of this run is storyrun/default/" in str(failure.value.cause)


async def test_a_gate_whose_step_is_over_takes_no_decision(client: Client, task_queue: str) -> None:
    spec = {
        "steps": [gate("skipped"), gate("late"), gate("after", "late")],
    }
    spec["steps"][0]["if"] = "false"

    async with started(client, task_queue, start_of(spec)) as going:
        await going.until(lambda state: state.steps["skipped"].is_over)
        with pytest.raises(RefusedError, match="closed without a decision"):
            await going.run.approve("skipped", by="alice")
        await going.run.cancel()
        state = await going.run.wait()

    assert {gate.outcome for gate in state.gates.values()} == {GateOutcome.CLOSED}


async def test_steps_that_together_are_too_large_for_one_message_start_one_after_the_other(
    client: Client, task_queue: str
) -> None:
    """Temporal ends a run that sends more than 4 MB at once."""
    names = [f"s{number}" for number in range(24)]
    given = {"with": {"d": "{{ inputs.d }}"}}
    start = start_of(
        {"steps": [engram(name, **given) for name in names]}, inputs={"d": "x" * 250_000}
    )

    async with started(client, task_queue, start) as going:
        state = await going.run.wait()

    assert state.phase is Phase.SUCCEEDED
    assert sorted(going.started()) == sorted(names)


async def test_an_input_that_is_too_large_for_a_step_fails_it_with_the_sizes(
    client: Client, task_queue: str
) -> None:
    twice = {"with": {"a": "{{ inputs.d }}", "b": "{{ inputs.d }}"}}
    start = start_of({"steps": [engram("a", **twice)]}, inputs={"d": "x" * 200_000})

    async with started(client, task_queue, start) as going:
        state = await going.run.wait()

    assert state.steps["a"].reason is StepReason.EXPRESSION_FAILED
    assert "a step takes 262144" in state.steps["a"].message
