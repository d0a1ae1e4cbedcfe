"""What a task reports of itself is its outcome, and the run still decides what comes of it."""

from typing import Any

import pytest
from temporalio.client import Client

from adapters.memory.tasks import exited, succeeded
from runwright.models.bubustack import EngramTemplate, ExitClass, Phase
from runwright.models.story_run import StartStoryRun, StepReason
from runwright.models.tasks import Diagnosis, TaskNote, TaskOutcome
from tests.integration.runs import ended as run_to_the_end
from tests.integration.runs import engram, retries, start_of, started


def reported(exit_class: str, **error: Any) -> TaskOutcome:
    """Return a failure that the task itself reported."""
    given = {"version": "v1", "type": "execution_error", "message": "no luck", **error}
    return exited(1).model_copy(update={"exit_class": exit_class, "error": given})


def promising(schema: dict[str, Any]) -> StartStoryRun:
    """Return a run of one step whose template promises outputs of that schema."""
    spec = {"version": "1", "supportedModes": ["job"], "outputSchema": schema}
    template = EngramTemplate.model_validate({"metadata": {"name": "image"}, "spec": spec})
    return start_of({"steps": [engram("a")]}, templates=(template,))


async def test_case_42_a_reported_failure_is_retried_as_its_class_says(
    client: Client, task_queue: str
) -> None:
    """Upstream takes it for final, whatever budget is left."""
    start = start_of({"steps": [engram("a", execution=retries(2))]})
    outcomes = {"a": [reported("retry"), succeeded({"n": 1})]}

    state, tasks = await run_to_the_end(client, task_queue, start, outcomes)

    assert tasks == ["a", "a"]
    assert (state.phase, state.steps["a"].output) == (Phase.SUCCEEDED, {"n": 1})


async def test_a_reported_failure_for_good_is_not_retried(client: Client, task_queue: str) -> None:
    """Although its exit code alone would have been."""
    start = start_of({"steps": [engram("a", execution=retries(2))]})
    final = reported("terminal").model_copy(update={"exit_code": 137})

    state, tasks = await run_to_the_end(client, task_queue, start, {"a": final})

    assert tasks == ["a"]
    assert state.steps["a"].exit_class is ExitClass.TERMINAL
    assert state.steps["a"].error is not None
    assert state.steps["a"].error["message"] == "no luck"


@pytest.mark.parametrize(
    ("output", "phase"),
    [
        pytest.param({"digest": "sha256:1"}, Phase.SUCCEEDED, id="as promised"),
        pytest.param({"digest": 1}, Phase.FAILED, id="of another type"),
        pytest.param({}, Phase.FAILED, id="missing"),
    ],
)
async def test_case_49_an_output_is_what_its_template_promises(
    client: Client, task_queue: str, output: dict[str, Any], phase: Phase
) -> None:
    schema = {"properties": {"digest": {"type": "string"}}, "required": ["digest"]}

    state, tasks = await run_to_the_end(
        client, task_queue, promising(schema), {"a": succeeded(output)}
    )

    assert tasks == ["a"]
    assert state.steps["a"].phase is phase
    if phase is Phase.FAILED:
        assert state.steps["a"].reason is StepReason.OUTPUT_SCHEMA_FAILED
        assert "output" in state.steps["a"].message


async def test_what_keeps_a_running_task_is_shown_until_it_gets_on(
    client: Client, task_queue: str
) -> None:
    start = start_of({"steps": [engram("a")]})
    trouble = Diagnosis(category="image-pull", summary="the image cannot be pulled")

    async with started(client, task_queue, start, immediate=False) as going:
        await going.until_running("a")
        (key,) = going.tasks.executed
        handle = client.get_workflow_handle(going.run.workflow_id)
        await handle.signal("note_task", TaskNote(key=key, diagnosis=trouble))
        shown = await going.until(lambda state: state.steps["a"].diagnosis is not None)
        await handle.signal("note_task", TaskNote(key=key))
        await going.until(lambda state: state.steps["a"].diagnosis is None)
        await going.end("a")
        await going.run.wait()

    assert shown.steps["a"].diagnosis == trouble


async def test_what_is_said_of_an_earlier_try_is_not_shown(client: Client, task_queue: str) -> None:
    start = start_of({"steps": [engram("a")]})

    async with started(client, task_queue, start, immediate=False) as going:
        await going.until_running("a")
        (key,) = going.tasks.executed
        late = key.model_copy(update={"try_number": 2})
        note = TaskNote(key=late, diagnosis=Diagnosis(category="quota", summary="no room"))
        await client.get_workflow_handle(going.run.workflow_id).signal("note_task", note)
        await going.end("a")
        state = await going.run.wait()

    assert state.steps["a"].diagnosis is None
