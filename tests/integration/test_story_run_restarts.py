"""What a run keeps while no worker is there: what it waits for, and until when."""

from typing import Any

from temporalio.client import Client

from adapters.memory.tasks import succeeded
from runwright.models.bubustack import Phase, Story
from runwright.models.story_run import StepProgress
from runwright.models.tasks import Backend
from runwright.worker import worker_of
from tests.integration.runs import StartedRun, engram, gate, start_of, started

WAITS: dict[str, Any] = {"until": "{{ steps.ghost.output.x }}", "timeout": "2s"}
INNER = Story.model_validate(
    {
        "metadata": {"name": "inner"},
        "spec": {"steps": [engram("work")], "output": {"id": "{{ steps.work.output.id }}"}},
    }
)
CALL: dict[str, Any] = {
    "name": "call",
    "type": "executeStory",
    "with": {"storyRef": {"name": "inner"}},
}


async def until_called(going: StartedRun) -> StepProgress:
    """Return the step that executes a Story, when the task of its run runs."""
    await going.until(lambda _: going.task("call-work") in going.tasks.started)
    return (await going.run.state()).steps["call"]


async def test_case_21_the_deadline_of_a_wait_is_fixed_at_its_start_and_survives_restarts(
    client: Client, task_queue: str
) -> None:
    """Whoever serves the run then, it does not begin to wait anew."""
    start = start_of({"steps": [{"name": "never", "type": "wait", "with": WAITS}]})

    async with started(client, task_queue, start) as going:
        before = await going.until(lambda state: state.steps["never"].phase is Phase.PAUSED)
    async with worker_of(client, task_queue, {Backend.MEMORY: going.tasks}):
        after = await going.run.state()
        state = await going.run.wait()

    deadline, step = before.steps["never"].deadline, state.steps["never"]
    assert deadline is not None
    assert after.steps["never"].deadline == deadline
    assert (step.phase, step.deadline) == (Phase.TIMEOUT, deadline)
    assert step.finished_at is not None
    assert 0 <= (step.finished_at - deadline).total_seconds() < 1.5


async def test_case_23_a_step_that_is_over_leaves_no_timer_behind(
    client: Client, task_queue: str
) -> None:
    """Upstream keeps them in an annotation, which has to be pruned."""
    spec = {"steps": [gate("ask", timeout="1h"), engram("work", "ask")]}

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        await going.until(lambda state: bool(state.pending_gates))
        await going.run.approve("ask", by="ada")
        await going.until_running("work")
        handle = client.get_workflow_handle(going.run.workflow_id)
        events = (await handle.fetch_history()).events
        await going.end("work")
        await going.run.wait()

    begun = [one.timer_started_event_attributes for one in events]
    hours = {one.timer_id for one in begun if one.start_to_fire_timeout.seconds == 3600}
    given_up = {one.timer_canceled_event_attributes.timer_id for one in events}
    assert len(hours) == 1
    assert hours <= given_up


async def test_case_26_a_step_runs_until_the_run_that_it_executes_is_over(
    client: Client, task_queue: str
) -> None:
    """Before that run has a name, and while it has told nothing."""
    start = start_of({"steps": [CALL]}, stories=(INNER,))

    async with started(client, task_queue, start, immediate=False) as going:
        first = (await going.run.state()).steps["call"]
        step = await until_called(going)
        await going.end("call-work", succeeded({"id": "42"}))
        state = await going.run.wait()

    assert not first.is_over
    assert (step.phase, step.message) == (
        Phase.RUNNING,
        f"Running sub-story run {start.name}-call",
    )
    assert (state.phase, state.steps["call"].output) == (Phase.SUCCEEDED, {"id": "42"})


async def test_case_27_an_outage_does_not_end_the_step_that_waits_for_a_run(
    client: Client, task_queue: str
) -> None:
    """Upstream has to ask for the other run again and again; what is told here is not lost."""
    start = start_of({"steps": [CALL]}, stories=(INNER,))

    async with started(client, task_queue, start, immediate=False) as going:
        await until_called(going)
    await going.end("call-work", succeeded({"id": "42"}))
    async with worker_of(client, task_queue, {Backend.MEMORY: going.tasks}):
        state = await going.run.wait()

    assert going.started() == ["call-work"]
    assert (state.phase, state.steps["call"].output) == (Phase.SUCCEEDED, {"id": "42"})
