"""Waits without a timeout, for what can never come: they fail, and say why."""

from typing import Any

import pytest
from temporalio.client import Client

from adapters.memory.tasks import exited, succeeded
from runwright.models.bubustack import Phase
from runwright.models.story_run import StepReason
from tests.integration.runs import NEVER, Outcomes, ended, engram, gate, retries, start_of, started
from tests.integration.test_story_run_waits import wait

UP = "{{ eq steps.build.output.state `up` }}"


async def test_a_wait_fails_once_nothing_can_bring_what_it_waits_for(
    client: Client, task_queue: str
) -> None:
    """The step that it watches has failed; without a timeout the run would hang for ever."""
    spec = {
        "policy": {"retries": {"continueOnStepFailure": True}},
        "steps": [engram("build", execution=NEVER), wait("ready", UP), engram("use", "ready")],
        "finally": [engram("tidy")],
    }

    state, tasks = await ended(client, task_queue, start_of(spec), {"build": exited(1)})

    ready = state.steps["ready"]
    assert (ready.phase, ready.reason) == (Phase.FAILED, StepReason.WAITS_IN_VAIN)
    assert "nothing of the run goes on that could change that" in ready.message
    assert ready.message.endswith("step build (Failed) put nothing out")
    assert (state.phase, state.reason) == (Phase.FAILED, "DependencyFailed")
    assert tasks == ["build", "tidy"]


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(wait("alone", "{{ inputs.no }}"), id="alone"),
        pytest.param(
            {
                "name": "alone",
                "type": "parallel",
                "with": {
                    "concurrency": 1,
                    "steps": [wait("w", "{{ steps.b.output.x }}"), engram("b")],
                },
            },
            id="in the place of what it waits for",
        ),
    ],
)
async def test_a_wait_for_what_never_starts_fails_at_once(
    client: Client, task_queue: str, step: dict[str, Any]
) -> None:
    start = start_of({"steps": [step]}, inputs={"no": False})

    state, _ = await ended(client, task_queue, start)

    assert state.steps["alone"].phase is Phase.FAILED


async def test_one_wait_at_a_time_is_given_up(client: Client, task_queue: str) -> None:
    """What the failure of the first lets run brings what the second waits for."""
    first = {**wait("first", "no"), "allowFailure": True}
    spec = {"steps": [wait("second", UP), first, engram("build", "first")]}
    spec["steps"].sort(key=lambda step: step["name"] != "first")

    state, _ = await ended(
        client, task_queue, start_of(spec), {"build": succeeded({"state": "up"})}
    )

    assert (state.phase, state.allowed_failures) == (Phase.SUCCEEDED, ("first",))
    assert state.steps["second"].phase is Phase.SUCCEEDED


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(
            {"name": "rest", "type": "sleep", "with": {"duration": "300ms"}}, id="a sleep"
        ),
        pytest.param(engram("flaky", execution=retries(1, "300ms")), id="a retry"),
        pytest.param(wait("brief", "no", timeout="300ms", onTimeout="skip"), id="a deadline"),
    ],
)
async def test_a_wait_hopes_while_time_brings_another_step(
    client: Client, task_queue: str, other: dict[str, Any]
) -> None:
    spec = {"steps": [wait("ready", UP), other, engram("build", other["name"])]}
    outcomes: Outcomes = {"flaky": [exited(137), succeeded()], "build": succeeded({"state": "up"})}

    state, _ = await ended(client, task_queue, start_of(spec), outcomes)

    assert (state.phase, state.steps["ready"].phase) == (Phase.SUCCEEDED, Phase.SUCCEEDED)


async def test_a_wait_hopes_while_people_may_decide_or_resume(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [wait("ready", UP), gate("ask"), engram("build", "ask")]}
    outcomes = {"build": succeeded({"state": "up"})}

    async with started(client, task_queue, start_of(spec), outcomes) as going:
        await going.until(lambda state: bool(state.pending_gates))
        await going.run.pause(by="ada")
        await going.run.approve("ask", by="grace")
        held = await going.until(lambda state: state.steps["ask"].is_over)
        await going.run.resume(by="ada")
        state = await going.run.wait()

    assert held.steps["ready"].phase is Phase.PAUSED
    assert (state.phase, state.steps["ready"].phase) == (Phase.SUCCEEDED, Phase.SUCCEEDED)
