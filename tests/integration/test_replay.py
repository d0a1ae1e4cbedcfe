"""Runs that an earlier version left open go on under this one: recorded histories replay."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from runwright.worker import WORKFLOWS
from tests.histories.changed import SkipsEverything, WaitsBeforeItStarts
from tests.histories.record import FOLDER, WORKER, missing, scrubbed
from tests.histories.replaying import replayed
from tests.histories.scenarios import SCENARIOS, id_of
from workflows.story_run import StoryRunWorkflow

HISTORIES: Final = sorted(FOLDER.glob("*.json"))


class Imports(MetaPathFinder):
    """Notes which of our modules are loaded while it is installed, and finds none itself."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the importer's signature
        target: ModuleType | None = None,  # noqa: ARG002 - the importer's signature
    ) -> None:
        """Note the name."""
        if fullname.partition(".")[0] in {"runwright", "workflows", "activities", "adapters"}:
            self.names.add(fullname)


@pytest.fixture
def imports() -> Iterator[Imports]:
    """What is imported during the test, in whichever thread."""
    noting = Imports()
    sys.meta_path.insert(0, noting)
    yield noting
    sys.meta_path.remove(noting)


async def replay(name: str, *workflows: type) -> None:
    """Replay a recorded history.

    Raises:
        NondeterminismError: the workflows decide otherwise than the recorded ones.
    """
    await replayed(history(name), workflows)


def history(name: str) -> WorkflowHistory:
    """Return a recorded history."""
    text = (FOLDER / f"{name}.json").read_text()
    return WorkflowHistory.from_json(id_of(name), text)


def recorded_events() -> Iterator[Mapping[str, Any]]:
    """Yield every event of every history, as JSON."""
    for file in HISTORIES:
        yield from json.loads(file.read_text())["events"]


def values_of(path: str) -> set[str]:
    """Return what the events have at that path, such as `someAttributes.name`."""
    found: set[str] = set()
    for event in recorded_events():
        value: Any = event
        for key in path.split("."):
            value = value.get(key, {})
        if value:
            found.add(value)
    return found


@pytest.mark.parametrize("name", [file.stem for file in HISTORIES])
async def test_a_recorded_run_replays(name: str) -> None:
    """It would stop dead otherwise, at the moment the new version is deployed."""
    await replay(name, *WORKFLOWS)


async def test_a_run_that_began_with_an_argument_of_a_gate_that_is_none_goes_on() -> None:
    """Later versions refuse it at the start, not in the middle."""
    recorded = history("gate-rejected")
    given = recorded.events[0].workflow_execution_started_event_attributes.input.payloads[0]
    start = json.loads(given.data)
    start["story"]["spec"]["steps"][0]["with"] = {"approvals": {"users": ["ada"]}}
    given.data = json.dumps(start).encode()

    await replayed(recorded, WORKFLOWS)


@pytest.mark.parametrize(
    "changed", [WaitsBeforeItStarts, SkipsEverything], ids=lambda workflow: workflow.__name__
)
async def test_a_workflow_that_decides_otherwise_is_noticed(changed: type) -> None:
    """Else the replay of all the others proves nothing."""
    with pytest.raises(NondeterminismError, match="Nondeterminism error"):
        await replay("success-with-output-and-gate", changed)


@pytest.mark.parametrize(
    "name",
    ["success-with-output-and-gate", "request-through-its-life", "promise-through-its-life"],
)
async def test_a_run_loads_nothing_anew(imports: Imports, name: str) -> None:
    """Each run has a sandbox; what is loaded into it costs memory and time once per run."""
    await replay(name, *WORKFLOWS)

    assert imports.names == set()


async def test_what_a_sandbox_loads_would_be_noticed(imports: Imports) -> None:
    """Else that nothing is loaded proves nothing."""
    await replayed(history("success-with-output-and-gate"), runner=SandboxedWorkflowRunner())

    assert StoryRunWorkflow.__module__ in imports.names


def test_every_scenario_has_its_history_and_every_history_its_scenario() -> None:
    assert missing() == []
    assert {file.stem for file in HISTORIES} == set(SCENARIOS)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param(
            "activityTaskScheduledEventAttributes.activityType.name",
            {
                *("run_task", "find_task", "stop_task", "cancel_own_run", "find_continuation"),
                *("ensure_objects", "show_status", "find_workers"),
                *("prepare_pipeline", "expect_task", "mark_parent", "collect_output"),
                *("see_parent", "plan_workflow", "install_promise", "ask_requests"),
                *("find_works", "tidy_pipelines", "is_configuring"),
                *("remove_of_parent", "release_parent"),
                *("release_object", "is_namespace_ending", "end_run", "remove_tasks"),
                "make_child_run",
            },
            id="activities",
        ),
        pytest.param(
            "workflowExecutionUpdateAcceptedEventAttributes.acceptedRequest.input.name",
            {"decide_gate", "pause", "resume", "cancel", "run_again"},
            id="updates",
        ),
        pytest.param(
            "workflowExecutionSignaledEventAttributes.signalName",
            {
                *("decide_gate", "pause", "resume", "cancel", "look_again", "see", "note_task"),
                *("look_at_works", "look_at_parent", "note_run"),
                *("take_turn", "wait_turn", "ask_turn", "end_turn", "see_requirers"),
            },
            id="signals",
        ),
        pytest.param(
            "workflowExecutionFailedEventAttributes.failure.applicationFailureInfo.type",
            {
                "Compensated",
                "DependencyFailed",
                "ExecutionFailed",
                "Exited",
                "InvalidConfiguration",
                "InvalidManifestError",
                "OutputInvalid",
                "Refused",
                "TimedOut",
            },
            id="failures",
        ),
    ],
)
def test_the_histories_hold_everything_that_a_run_can_meet(path: str, expected: set[str]) -> None:
    """What no history holds can change without a test that notices."""
    assert values_of(path) == expected


@pytest.mark.parametrize(
    "event_type",
    [
        "TIMER_FIRED",
        "TIMER_CANCELED",
        "ACTIVITY_TASK_FAILED",
        "ACTIVITY_TASK_CANCEL_REQUESTED",
        "CHILD_WORKFLOW_EXECUTION_CANCELED",
        "CHILD_WORKFLOW_EXECUTION_COMPLETED",
        "CHILD_WORKFLOW_EXECUTION_FAILED",
        "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
        "WORKFLOW_EXECUTION_CANCEL_REQUESTED",
        "WORKFLOW_EXECUTION_COMPLETED",
        "WORKFLOW_EXECUTION_FAILED",
        "WORKFLOW_EXECUTION_CANCELED",
    ],
)
def test_the_histories_hold_every_kind_of_turn(event_type: str) -> None:
    assert f"EVENT_TYPE_{event_type}" in values_of("eventType")


async def test_a_retry_and_a_second_claim_are_among_the_histories() -> None:
    """Both are told by the input of the run and by the ids of its activities."""
    first = history("retry-of-a-failed-run").events[0]
    given = first.workflow_execution_started_event_attributes.input.payloads[0].data
    activities = values_of("activityTaskScheduledEventAttributes.activityId")

    assert json.loads(given)["resumeFrom"]["activation"] == 2
    assert "claimed-again-after-the-start-window-a/1/1/2" in activities
    assert "claimed-again-and-told-to-the-first-a/1/1/2" in activities


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
def test_a_history_does_not_tell_where_it_was_recorded(file: Path) -> None:
    recorded = json.loads(file.read_text())

    assert scrubbed(recorded) == recorded


def test_processes_and_source_files_are_scrubbed() -> None:
    event = {
        "identity": "4711@build-host.example",
        "taskQueue": {"name": "4711@build-host-1d2c", "normalName": "runwright-local"},
        "failure": [{"stackTrace": 'File "/home/ada/workflows.py"', "message": "exit code 1"}],
        "eventId": 1,
    }

    assert scrubbed(event) == {
        "identity": WORKER,
        "taskQueue": {"name": WORKER, "normalName": "runwright-local"},
        "failure": [{"stackTrace": "", "message": "exit code 1"}],
        "eventId": 1,
    }
