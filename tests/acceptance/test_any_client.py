"""A run needs nothing of ours where it is started: Temporal's own command starts and decides it."""

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.conftest import Terminal, release

_TEMPORAL: Final = Path(sys.executable).parent / "temporal"
_ANSWERS_WITHIN: Final = 30.0


async def _temporal(place: Terminal, *words: str) -> dict[str, Any]:
    """Return what `temporal workflow` says as JSON."""
    process = await asyncio.create_subprocess_exec(
        str(_TEMPORAL),
        "workflow",
        *words,
        "--output",
        "json",
        env=dict(place.environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), _ANSWERS_WITHIN)
    assert process.returncode == 0, f"{words}: {err.decode()}"
    said: dict[str, Any] = json.loads(out or "{}")
    return said


async def _started(place: Terminal, name: str) -> str:
    """Start the run with what `start --dry-run` prints, and return its workflow's id."""
    printed = await place.run(
        "start", "-", "--name", name, "--as", "ada", "--dry-run", typed=release()
    )
    request = json.loads(printed.out)
    file = place.folder / f"{name}.json"
    file.write_text(json.dumps(request["input"]))

    await _temporal(
        place,
        "start",
        *("--type", request["workflowType"]),
        *("--task-queue", request["taskQueue"]),
        *("--workflow-id", request["workflowId"]),
        *("--input-file", str(file)),
    )

    workflow_id: str = request["workflowId"]
    return workflow_id


def _decision(workflow_id: str, verdict: str, by: str = "grace") -> tuple[str, ...]:
    decision = json.dumps({"gate": "sign-off", "verdict": verdict, "by": by})
    return "--workflow-id", workflow_id, "--name", "decide_gate", "--input", decision


async def _attributes(place: Terminal, workflow_id: str) -> dict[str, Any]:
    found = await _temporal(place, "describe", "--raw", "--workflow-id", workflow_id)
    fields = found["workflowExecutionInfo"]["searchAttributes"]["indexedFields"]
    return {
        name: json.loads(base64.b64decode(field["data"]))
        for name, field in fields.items()
        if name.startswith("Runwright")
    }


async def test_a_run_that_temporals_own_command_started_and_approved_succeeds(
    terminal: Terminal,
) -> None:
    workflow_id = await _started(terminal, "by-update")

    answer = await _temporal(
        terminal, "update", "execute", *_decision(workflow_id, "approve", "grace")
    )
    result = await _temporal(terminal, "result", "--workflow-id", workflow_id)

    assert workflow_id == "storyrun/default/by-update/local"
    assert answer["result"]["decision"]["by"] == "grace"
    assert result["status"] == "COMPLETED"
    assert result["result"]["phase"] == "Succeeded"
    assert result["result"]["gates"]["sign-off"]["outcome"] == "Approved"


async def test_a_signal_decides_as_an_update_does(terminal: Terminal) -> None:
    workflow_id = await _started(terminal, "by-signal")

    await _temporal(terminal, "signal", *_decision(workflow_id, "approve", "grace"))
    result = await _temporal(terminal, "result", "--workflow-id", workflow_id)

    (decision,) = result["result"]["gates"]["sign-off"]["decisions"]
    assert (result["result"]["phase"], decision["by"]) == ("Succeeded", "grace")


async def test_the_workflow_sets_the_search_attributes_that_its_starter_did_not(
    terminal: Terminal,
) -> None:
    """Else a run that another client started would be missing in every list."""
    workflow_id = await _started(terminal, "unnamed")
    await _temporal(terminal, "update", "execute", *_decision(workflow_id, "approve"))
    await _temporal(terminal, "result", "--workflow-id", workflow_id)

    attributes = await _attributes(terminal, workflow_id)

    assert attributes == {
        "RunwrightKind": "StoryRun",
        "RunwrightNamespace": "default",
        "RunwrightName": "unnamed",
        "RunwrightTemplate": "release",
        "RunwrightCluster": "terminal",
        "RunwrightPhase": "Succeeded",
    }


async def test_the_command_line_sees_what_another_client_started(terminal: Terminal) -> None:
    await _started(terminal, "strange")

    approved = await terminal.run("approve", "strange", "sign-off", "--as", "grace")
    watched = await terminal.run("watch", "strange", "--output", "json")

    assert approved.status == 0
    assert json.loads(watched.out)["author"] == "ada"


@pytest.mark.parametrize("given", [{"name": "x"}, {"name": "x", "story": {}, "more": 1}])
async def test_an_input_that_cannot_be_read_fails_at_once(
    terminal: Terminal, given: dict[str, Any]
) -> None:
    """Not, as the SDK would have it, a workflow task that is tried for ever."""
    workflow_id = f"storyrun/default/bad-{len(given)}/local"
    file = terminal.folder / "bad.json"
    file.write_text(json.dumps(given))
    queue = ("--task-queue", "runwright-terminal", "--type", "StoryRun")

    await _temporal(
        terminal, "start", *queue, "--workflow-id", workflow_id, "--input-file", str(file)
    )
    process = await asyncio.create_subprocess_exec(
        str(_TEMPORAL),
        *("workflow", "result", "--workflow-id", workflow_id),
        env=dict(terminal.environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), _ANSWERS_WITHIN)

    assert process.returncode
    assert b"story" in said
