"""What the pages of the Temporal UI show of a run, asked for as the UI asks for it."""

import asyncio
import json
from collections.abc import Callable
from typing import Final

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client
from temporalio.common import TypedSearchAttributes

from runwright.models.story_run import StoryRunState
from runwright.models.tasks import OutcomeReason, TaskOutcome
from tests.integration.runs import StartedRun, engram, gate, retries, start_of, started
from workflows import presentation

_METADATA: Final = "__temporal_workflow_metadata"
_BROKEN: Final = TaskOutcome(succeeded=False, reason=OutcomeReason.EXITED, exit_code=1)
_AGAIN: Final = TaskOutcome(succeeded=False, reason=OutcomeReason.EXITED, exit_code=175)
_DONE: Final = TaskOutcome(succeeded=True, reason=OutcomeReason.COMPLETED, output={})
_RELEASE: Final = {
    "steps": [
        engram("build", execution=retries(2)),
        gate("sign-off", "build", timeout="1h"),
        engram("ship", "sign-off"),
    ]
}


def _waits(state: StoryRunState) -> bool:
    return state.pending_gates == ("sign-off",)


async def _details(client: Client, going: StartedRun) -> str:
    """Return what stands under Current Details."""
    workflow = client.get_workflow_handle(going.run.workflow_id)
    metadata: WorkflowMetadata = await workflow.query(_METADATA, result_type=WorkflowMetadata)
    return metadata.current_details


async def _attributes(client: Client, going: StartedRun) -> TypedSearchAttributes:
    described = await client.get_workflow_handle(going.run.workflow_id).describe()
    return described.typed_search_attributes


async def _labels(
    client: Client, going: StartedRun, kind: "EventType.ValueType", until: Callable[[int], bool]
) -> list[str]:
    """Return how the timeline labels the events of that kind, once there are so many."""
    while True:
        history = await client.get_workflow_handle(going.run.workflow_id).fetch_history()
        labels = [_label(event) for event in history.events if event.event_type == kind]
        if until(len(labels)):
            return labels
        await asyncio.sleep(0.01)


def _label(event: HistoryEvent) -> str:
    label: str = json.loads(event.user_metadata.summary.data)
    return label


async def test_a_waiting_run_says_in_its_list_entry_which_story_it_runs(
    client: Client, task_queue: str
) -> None:
    async with started(client, task_queue, start_of(_RELEASE)) as going:
        await going.until(_waits)
        described = await client.get_workflow_handle(going.run.workflow_id).describe()

        assert await described.static_summary() == f"{going.run.name}: story release"


async def test_the_details_of_a_waiting_run_have_the_commands_that_decide_its_gate(
    client: Client, task_queue: str
) -> None:
    """Whoever comes from a link to the UI must find out there what is asked of them."""
    async with started(client, task_queue, start_of(_RELEASE)) as going:
        await going.until(_waits)

        details = await _details(client, going)

    assert "Gate **sign-off** waits for a decision (0 of 1 approvals, until " in details
    assert f"`runwright approve {going.run.name} sign-off`" in details
    assert f"`runwright reject {going.run.name} sign-off`" in details


async def test_the_details_are_a_table_of_all_steps(client: Client, task_queue: str) -> None:
    """As Markdown understands it: a head, a rule, and as many cells in each row."""
    async with started(client, task_queue, start_of(_RELEASE)) as going:
        await going.until(_waits)

        lines = (await _details(client, going)).splitlines()

    head = lines.index("| Step | Phase | Tries | Message |")
    rows = lines[head + 1 : head + 5]
    assert lines[head - 1] == ""
    assert {row.count("|") for row in rows} == {5}
    assert [row.split(" | ")[0] for row in rows[1:]] == ["| build", "| sign-off", "| ship"]


async def test_a_waiting_run_can_be_searched_for_by_its_gate(
    client: Client, task_queue: str
) -> None:
    async with started(client, task_queue, start_of(_RELEASE)) as going:
        await going.until(_waits)

        attributes = await _attributes(client, going)

    assert attributes[presentation.KIND] == "StoryRun"
    assert attributes[presentation.NAMESPACE] == "default"
    assert attributes[presentation.NAME] == going.run.name
    assert attributes[presentation.TEMPLATE] == "release"
    assert attributes[presentation.CLUSTER] == "local"
    assert attributes[presentation.PHASE] == "Running"
    assert attributes[presentation.PENDING_GATE] == ["sign-off"]


async def test_the_timeline_calls_tasks_and_timers_by_their_steps(
    client: Client, task_queue: str
) -> None:
    """`run_task` ten times over would tell nobody anything."""
    outcomes = {"build": [_AGAIN, _DONE]}
    async with started(client, task_queue, start_of(_RELEASE), outcomes) as going:
        await going.until(_waits)
        tasks = await _labels(
            client, going, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, lambda count: count == 2
        )
        timers = await _labels(
            client, going, EventType.EVENT_TYPE_TIMER_STARTED, lambda count: count >= 2
        )

    assert tasks == ["build", "build, try 2"]
    assert "retry build" in timers
    assert "deadline of gate sign-off" in timers


async def test_a_run_that_succeeded_asks_nothing_more(client: Client, task_queue: str) -> None:
    async with started(client, task_queue, start_of(_RELEASE)) as going:
        await going.run.approve("sign-off", by="ada")
        await going.run.wait()

        details = await _details(client, going)
        attributes = await _attributes(client, going)

    assert details.startswith("**Succeeded** All steps completed successfully.")
    assert "runwright approve" not in details
    assert attributes[presentation.PHASE] == "Succeeded"
    assert not attributes.get(presentation.PENDING_GATE)


async def test_a_decided_gate_is_no_longer_found_as_pending(
    client: Client, task_queue: str
) -> None:
    async with started(client, task_queue, start_of(_RELEASE)) as going:
        await going.until(_waits)
        await going.run.approve("sign-off", by="ada")
        await going.run.wait()

        attributes = await _attributes(client, going)

    assert not attributes.get(presentation.PENDING_GATE)


async def test_the_details_of_a_failed_run_say_how_it_goes_on(
    client: Client, task_queue: str
) -> None:
    async with started(client, task_queue, start_of(_RELEASE), {"build": _BROKEN}) as going:
        await going.run.wait()

        details = await _details(client, going)
        attributes = await _attributes(client, going)

    assert details.startswith("**Failed** Story completed with failed step: build.")
    assert f"`runwright retry {going.run.name}`" in details
    assert attributes[presentation.PHASE] == "Failed"


async def test_the_input_that_a_failed_run_prints_starts_its_next_execution(
    client: Client, task_queue: str
) -> None:
    """The UI's own way to retry: start the workflow again with what stands there."""
    outcomes = {"build": [_BROKEN, _DONE]}
    async with started(client, task_queue, start_of(_RELEASE), outcomes) as going:
        await going.run.wait()
        details = await _details(client, going)
        printed = details.partition("```json\n")[2].partition("\n```")[0]

        again = await client.start_workflow(
            "StoryRun", json.loads(printed), id=going.run.workflow_id, task_queue=task_queue
        )
        await going.run.approve("sign-off", by="ada")
        state = await again.result()

    assert (state["phase"], state["activation"]) == ("Succeeded", 2)
