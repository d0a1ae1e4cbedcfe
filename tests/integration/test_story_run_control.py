"""Cancel, pause, resume and retry."""

from datetime import timedelta

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError

from adapters.memory.tasks import exited, succeeded
from runwright.client import RunwrightClient
from runwright.errors import ExistsError, NotFoundError, RefusedError
from runwright.models.bubustack import Phase
from runwright.models.gates import GateOutcome
from runwright.models.story_run import StartStoryRun, StepReason
from tests.integration.runs import NEVER, Outcomes, engram, gate, start_of, started


async def status_of(client: Client, workflow_id: str) -> WorkflowExecutionStatus | None:
    """Return how Temporal closed a run."""
    return (await client.get_workflow_handle(workflow_id).describe()).status


async def test_case_56_cancel_stops_what_runs_and_closes_the_run_as_finished(
    client: Client, task_queue: str
) -> None:
    """Upstream's tasks are never told; they are stopped here, and no hook runs."""
    spec = {
        "steps": [engram("a"), engram("b", "a"), gate("ask")],
        "compensations": [engram("undo")],
        "finally": [engram("tell")],
        "policy": {"timeouts": {"gracefulShutdownTimeout": "7s"}},
    }

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        await going.until_running("a")
        answer = await going.run.cancel(by="alice", reason="wrong version")
        state = await going.run.wait()

    assert answer is not None
    assert answer.grace == timedelta(seconds=7)
    assert (state.phase, state.reason) == (Phase.FINISHED, "Canceled")
    assert state.message == "StoryRun gracefully canceled"
    assert state.cancelled is not None
    assert (state.cancelled.by, state.cancelled.reason) == ("alice", "wrong version")
    assert going.tasks.stopped == [going.task("a")]
    assert going.started() == ["a"]
    assert state.steps["a"].phase is Phase.CANCELED
    assert state.steps["a"].message == "Stopped because the run was canceled"
    assert state.steps["tell"].reason is StepReason.CANCELED
    assert state.gates["ask"].outcome is GateOutcome.CLOSED
    assert await status_of(client, going.run.workflow_id) is WorkflowExecutionStatus.CANCELED


async def test_case_57_cancel_while_nothing_runs_finishes_at_once(
    client: Client, task_queue: str
) -> None:
    async with started(client, task_queue, start_of({"steps": [gate("ask")]})) as going:
        await going.run.cancel()
        state = await going.run.wait()

    assert state.phase is Phase.FINISHED
    assert going.started() == []


async def test_a_reason_of_any_length_cancels_a_run_in_temporal(
    client: Client, task_queue: str
) -> None:
    """Ours take 2,048 characters; Temporal takes more, and a run must not be stuck over it."""
    async with started(client, task_queue, start_of({"steps": [gate("ask")]})) as going:
        await client.get_workflow_handle(going.run.workflow_id).cancel(reason="why " * 1000)
        state = await going.run.wait()

    assert state.phase is Phase.FINISHED
    assert state.cancelled is not None
    assert len(state.cancelled.reason) == 2048


async def test_the_cancel_button_of_the_temporal_ui_takes_the_same_path(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("a")], "finally": [engram("tell")]}

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        await going.until_running("a")
        await client.get_workflow_handle(going.run.workflow_id).cancel(reason="from the page")
        state = await going.run.wait()

    assert state.phase is Phase.FINISHED
    assert state.cancelled is not None
    assert state.cancelled.reason == "from the page"
    assert going.tasks.stopped == [going.task("a")]
    assert await status_of(client, going.run.workflow_id) is WorkflowExecutionStatus.CANCELED


async def test_a_signal_cancels_like_an_update(client: Client, task_queue: str) -> None:
    async with started(client, task_queue, start_of({"steps": [gate("ask")]})) as going:
        await client.get_workflow_handle(going.run.workflow_id).signal("cancel", {"by": "bob"})
        state = await going.run.wait()

    assert state.cancelled is not None
    assert state.cancelled.by == "bob"


async def test_a_task_that_had_succeeded_when_it_was_to_stop_did_succeed(
    client: Client, task_queue: str
) -> None:
    async with started(
        client, task_queue, start_of({"steps": [engram("a")]}), immediate=False
    ) as going:
        await going.until_running("a")
        going.tasks.ends_while_stopped[going.task("a")] = succeeded({"x": 1})
        await going.run.cancel()
        state = await going.run.wait()

    assert state.steps["a"].phase is Phase.SUCCEEDED
    assert state.steps["a"].output == {"x": 1}
    assert state.phase is Phase.FINISHED


async def test_a_paused_run_starts_nothing_and_goes_on_when_it_is_resumed(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("a"), engram("b", "a")]}

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        await going.until_running("a")
        paused = await going.run.pause(by="alice", comment="freeze")
        await going.end("a")
        held = await going.until(lambda state: state.steps["a"].is_over)
        before = going.started()
        await going.run.resume(by="bob")
        await going.until_running("b")
        await going.end("b")
        state = await going.run.wait()

    assert paused is not None
    assert paused.by == "alice"
    assert held.phase is Phase.RUNNING
    assert held.paused is not None
    assert held.paused.comment == "freeze"
    assert held.steps["b"].phase is None
    assert before == ["a"]
    assert state.paused is None
    assert state.phase is Phase.SUCCEEDED


async def test_a_paused_run_can_be_cancelled(client: Client, task_queue: str) -> None:
    spec = {"steps": [gate("ask"), engram("a", "ask")]}

    async with started(client, task_queue, start_of(spec)) as going:
        await going.run.pause(by="alice")
        await going.run.approve("ask", by="alice")
        await going.run.cancel()
        state = await going.run.wait()

    assert state.phase is Phase.FINISHED


async def test_a_retry_repeats_what_failed_and_keeps_what_succeeded(
    client: Client, task_queue: str
) -> None:
    spec = {
        "steps": [
            engram("build"),
            gate("ask", "build"),
            engram("deploy", "ask", execution=NEVER, **{"with": {"to": "{{ inputs.to }}"}}),
            engram("test", "deploy"),
        ],
        "finally": [engram("tell")],
        "output": {"image": "{{ steps.build.output.image }}"},
    }
    outcomes: Outcomes = {
        "build": succeeded({"image": "x:1"}),
        "deploy": [exited(1), succeeded()],
    }
    start = start_of(spec, inputs={"to": "staging"})

    async with started(client, task_queue, start, outcomes) as going:
        await going.run.approve("ask", by="alice")
        failed = await going.run.wait()
        again = await going.run.retry(inputs={"to": "production"}, by="bob")
        state = await again.wait()

    assert failed.reason == "DependencyFailed"
    assert going.started() == ["build", "deploy", "tell", "deploy", "test", "tell"]
    assert (state.phase, state.activation) == (Phase.SUCCEEDED, 2)
    assert state.output == {"image": "x:1"}
    assert state.inputs == {"to": "production"}
    assert state.steps["build"].reason is StepReason.KEPT
    assert state.steps["build"].activation == 1
    assert state.steps["deploy"].activation == 2
    assert state.gates["ask"].decisions[0].by == "alice"


async def test_a_retry_from_a_step_repeats_it_and_all_that_depend_on_it(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("a"), engram("b", "a"), engram("c", "b"), engram("d")]}

    async with started(client, task_queue, start_of(spec)) as going:
        await going.run.wait()
        again = await going.run.retry(step="b")
        state = await again.wait()

    assert sorted(going.started()) == ["a", "b", "b", "c", "c", "d"]
    assert {name: step.activation for name, step in state.steps.items()} == {
        "a": 1,
        "b": 2,
        "c": 2,
        "d": 1,
    }


async def test_a_retry_of_everything_keeps_nothing_also_after_a_success(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("a"), gate("ask", "a"), engram("b", "ask")]}

    async with started(client, task_queue, start_of(spec)) as going:
        await going.run.approve("ask")
        await going.run.wait()
        with pytest.raises(RefusedError, match="it succeeded; --from STEP repeats a step"):
            await going.run.retry()
        again = await going.run.retry(everything=True)
        asked = await going.until(lambda state: bool(state.pending_gates))
        await again.approve("ask")
        state = await again.wait()

    assert asked.activation == state.activation == 2
    assert going.started() == ["a", "b", "a", "b"]


async def test_a_retry_can_be_retried(client: Client, task_queue: str) -> None:
    spec = {"steps": [engram("a"), engram("b", "a", execution=NEVER)]}
    outcomes = {"b": [exited(1), exited(1), succeeded()]}

    async with started(client, task_queue, start_of(spec), outcomes) as going:
        await going.run.wait()
        await (await going.run.retry()).wait()
        state = await (await going.run.retry()).wait()

    assert (state.phase, state.activation) == (Phase.SUCCEEDED, 3)
    assert going.started() == ["a", "b", "b", "b"]


async def test_a_cancelled_run_can_be_retried(client: Client, task_queue: str) -> None:
    async with started(client, task_queue, start_of({"steps": [engram("a"), gate("g")]})) as going:
        await going.until(lambda state: state.steps["a"].is_over)
        await going.run.cancel()
        await going.run.wait()
        again = await going.run.retry()
        await again.approve("g")
        state = await again.wait()

    assert state.phase is Phase.SUCCEEDED
    assert going.started() == ["a"]


async def test_a_retry_of_an_open_run_or_from_an_unknown_step_is_refused(
    client: Client, task_queue: str
) -> None:
    async with started(client, task_queue, start_of({"steps": [gate("ask")]})) as going:
        with pytest.raises(RefusedError, match="it is not over"):
            await going.run.retry()
        await going.run.approve("ask")
        await going.run.wait()
        with pytest.raises(NotFoundError, match="has no step nope to retry from; it has ask"):
            await going.run.retry(step="nope")


async def test_a_second_start_finds_the_run_of_the_first(client: Client, task_queue: str) -> None:
    """A run is its name: starting it twice must not execute it twice."""
    start = start_of({"steps": [gate("ask")]})

    async with started(client, task_queue, start) as going:
        with pytest.raises(ExistsError, match="a run of that name exists"):
            await RunwrightClient(client, task_queue).start(start)
        await going.run.approve("ask")
        await going.run.wait()
        with pytest.raises(ExistsError, match="a run of that name exists"):
            await RunwrightClient(client, task_queue).start(start)


async def test_a_run_that_was_terminated_is_shown_as_failed(
    client: Client, task_queue: str
) -> None:
    async with started(client, task_queue, start_of({"steps": [gate("ask")]})) as going:
        await going.until(lambda state: bool(state.pending_gates))
        await client.get_workflow_handle(going.run.workflow_id).terminate("by hand")
        state = await going.run.wait()

    assert (state.phase, state.reason) == (Phase.FAILED, "Terminated")


async def test_what_does_not_exist_is_not_found(client: Client, task_queue: str) -> None:
    run = RunwrightClient(client, task_queue).run("nobody")

    with pytest.raises(NotFoundError, match="there is no run default/nobody"):
        await run.state()
    with pytest.raises(NotFoundError, match="there is no run default/nobody"):
        await run.approve("ask")


async def test_a_cancelled_run_with_a_failed_step_is_finished_all_the_same(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("a", execution=NEVER), engram("b")]}

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        await going.until_running("a", "b")
        await going.end("a", exited(1))
        await going.until(lambda state: state.steps["a"].is_over)
        await going.run.cancel()
        state = await going.run.wait()

    assert state.phase is Phase.FINISHED
    assert state.error is None


async def test_an_input_that_cannot_be_read_fails_the_run_with_every_problem(
    client: Client, task_queue: str
) -> None:
    """The SDK alone would try the first task of such a workflow for ever."""
    async with started(client, task_queue, start_of({"steps": [gate("ask")]})) as going:
        bad = {"name": "", "story": {"metadata": {"name": "x"}, "spec": {"steps": "none"}}}
        with pytest.raises(WorkflowFailureError) as failure:
            await client.execute_workflow("StoryRun", bad, id="bad", task_queue=task_queue)
        await going.run.approve("ask")

    assert "story.spec.steps" in str(failure.value.cause)
    assert "name" in str(failure.value.cause)


async def test_runs_are_listed_with_what_they_wait_for(client: Client, task_queue: str) -> None:
    start = start_of({"steps": [gate("ask")]})

    async with started(client, task_queue, start) as going:
        await going.until(lambda state: bool(state.pending_gates))
        listed = None
        while listed is None or not listed.pending_gates:
            found = await RunwrightClient(client, task_queue).runs()
            listed = next((run for run in found if run.name == start.name), None)
        await going.run.approve("ask")
        state = await going.run.wait()

    assert (listed.story, listed.phase, listed.pending_gates) == ("release", "Running", ("ask",))
    assert state.phase is Phase.SUCCEEDED


async def test_runs_survive_their_eviction_from_the_workers_memory(
    client: Client, task_queue: str
) -> None:
    """Every message then replays the whole history, so the code must be deterministic."""
    spec = {"steps": [engram("a"), gate("ask", "a"), engram("b", "ask")]}

    async with started(client, task_queue, start_of(spec), cached=1) as going:
        await going.until(lambda state: bool(state.pending_gates))
        other = await RunwrightClient(client, task_queue).start(start_of({"steps": [gate("x")]}))
        await other.approve("x")  # it takes the only place
        await going.run.approve("ask")
        state = await going.run.wait()

    assert state.phase is Phase.SUCCEEDED
    assert going.started() == ["a", "b"]


async def test_a_failed_run_prints_the_input_that_starts_its_next_execution(
    client: Client, task_queue: str
) -> None:
    """Updates reach open runs only; this is how the Temporal UI retries a closed one."""
    spec = {"steps": [engram("a"), engram("b", "a", execution=NEVER)]}
    outcomes: Outcomes = {"b": [exited(1), succeeded()]}

    async with started(client, task_queue, start_of(spec), outcomes) as going:
        await going.run.wait()
        handle = client.get_workflow_handle(going.run.workflow_id)
        metadata = await handle.query("__temporal_workflow_metadata")
        printed = metadata.current_details.split("```json\n")[1].split("\n```")[0]
        await client.start_workflow(
            "StoryRun",
            StartStoryRun.model_validate_json(printed),
            id=going.run.workflow_id,
            task_queue=task_queue,
        )
        state = await going.run.wait()

    assert (state.phase, state.activation) == (Phase.SUCCEEDED, 2)
    assert going.started() == ["a", "b", "b"]
