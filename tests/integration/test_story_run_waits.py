"""Waits, stops, and what must hold before and after a step."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client

from adapters.memory.tasks import exited, succeeded
from runwright.models.bubustack import EngramTemplate, Phase
from runwright.models.story_run import StepReason
from tests.integration.runs import NEVER, ended, engram, gate, start_of, started


def wait(name: str, until: str, *needs: str, **arguments: Any) -> dict[str, Any]:
    """Return a wait for that condition."""
    arguments["until"] = until
    return {"name": name, "type": "wait", "needs": list(needs), "with": arguments}


def stop(name: str, *needs: str, **arguments: Any) -> dict[str, Any]:
    """Return a step that stops the run."""
    return {"name": name, "type": "stop", "needs": list(needs), "with": arguments}


async def test_case_19_a_wait_ends_when_what_it_reads_makes_its_condition_hold(
    client: Client, task_queue: str
) -> None:
    """It looks again at that moment, and no timer is set for it."""
    spec = {"steps": [engram("build"), wait("ready", "{{ eq steps.build.output.state `up` }}")]}
    outcomes = {"build": succeeded({"state": "up"})}

    async with started(client, task_queue, start_of(spec), outcomes, immediate=False) as going:
        waiting = await going.until(lambda state: state.steps["ready"].phase is Phase.PAUSED)
        await going.until_running("build")
        await going.end("build", outcomes["build"])
        state = await going.run.wait()

    assert waiting.steps["ready"].message.startswith("Waiting for condition, which for now cannot")
    assert state.steps["ready"].message == "Wait condition satisfied."
    assert state.phase is Phase.SUCCEEDED


async def test_a_condition_that_reads_the_clock_is_looked_at_again(
    client: Client, task_queue: str
) -> None:
    start = start_of(
        {
            "steps": [
                wait(
                    "later",
                    "{{ gt (now | unixEpoch | int64) (inputs.t | int64) }}",
                    pollInterval="50ms",
                )
            ]
        },
    )
    async with started(client, task_queue, start_of({"steps": [engram("clock")]})) as going:
        state = await going.run.wait()
    moment = int((state.started_at + timedelta(seconds=1)).timestamp())

    state, _ = await ended(client, task_queue, start.model_copy(update={"inputs": {"t": moment}}))

    assert state.phase is Phase.SUCCEEDED


async def test_a_condition_that_the_clock_makes_a_truth_value_is_looked_at_again(
    client: Client, task_queue: str
) -> None:
    """Until then it comes to a text that is neither; that is no reason never to look again."""
    since = "(sub (now | unixEpoch | int64) (inputs.t | int64))"
    until = f"{{{{ if ge {since} 1 }}}}true{{{{ else }}}}not yet{{{{ end }}}}"
    async with started(client, task_queue, start_of({"steps": [engram("clock")]})) as going:
        state = await going.run.wait()
    inputs = {"t": int(state.started_at.timestamp()) + 1}
    spec = {"steps": [wait("later", until, pollInterval="50ms")]}

    state, _ = await ended(client, task_queue, start_of(spec, inputs=inputs))

    assert state.phase is Phase.SUCCEEDED


@pytest.mark.parametrize(
    ("on_timeout", "phase", "message"),
    [
        pytest.param("fail", Phase.TIMEOUT, "wait step timed out.", id="fails"),
        pytest.param(
            "skip", Phase.SKIPPED, "wait step timed out and was skipped.", id="case 20: skipped"
        ),
    ],
)
async def test_case_20_a_wait_ends_at_its_deadline(
    client: Client, task_queue: str, on_timeout: str, phase: Phase, message: str
) -> None:
    """An evaluation that fails counts as false, also the last one."""
    never = wait("never", "{{ steps.ghost.output.x }}", timeout="20ms", onTimeout=on_timeout)

    state, _ = await ended(client, task_queue, start_of({"steps": [never]}))

    assert (state.steps["never"].phase, state.steps["never"].message) == (phase, message)


async def test_a_cancelled_run_waits_no_longer(client: Client, task_queue: str) -> None:
    spec = {"steps": [wait("never", "no"), gate("ask")]}

    async with started(client, task_queue, start_of(spec)) as going:
        await going.until(lambda state: state.steps["never"].phase is Phase.PAUSED)
        await going.run.cancel()
        state = await going.run.wait()

    assert (state.phase, state.steps["never"].phase) == (Phase.FINISHED, Phase.CANCELED)


async def test_case_78_a_stop_ends_the_run_in_its_phase(client: Client, task_queue: str) -> None:
    """What runs is stopped, what never started is skipped, and finally steps run."""
    spec = {
        "steps": [engram("long"), stop("enough", phase="Failed", message="no."), gate("never")],
        "finally": [engram("tidy")],
    }
    spec["steps"][2]["needs"] = ["enough"]

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        await going.until_running("tidy")
        await going.end("tidy")
        state = await going.run.wait()

    assert (state.phase, state.reason, state.message) == (Phase.FAILED, "ExecutionFailed", "no.")
    assert state.steps["never"].message == "Skipped because step enough stopped the run"
    assert state.steps["long"].phase is Phase.CANCELED
    assert state.steps["long"].reason is StepReason.STOPPED
    assert state.error
    assert [step.name for step in state.error.failed_steps] == ["enough"]


async def test_a_stop_that_is_a_success_mends_nothing_and_needs_no_output(
    client: Client, task_queue: str
) -> None:
    spec = {
        "steps": [engram("build"), stop("done", "build"), engram("deploy", "done")],
        "compensations": [engram("undo")],
        "output": {"url": "{{ steps.deploy.output.url }}"},
    }

    state, tasks = await ended(client, task_queue, start_of(spec))

    assert (state.phase, tasks) == (Phase.SUCCEEDED, ["build"])
    assert state.message.startswith("Stopped by step done. Its output is left out: ")
    assert state.steps["undo"].phase is Phase.SKIPPED


async def test_a_stop_with_a_failure_has_it_mended(client: Client, task_queue: str) -> None:
    spec = {
        "steps": [engram("build"), stop("no", "build", phase="Aborted")],
        "compensations": [engram("undo")],
    }

    state, tasks = await ended(client, task_queue, start_of(spec))

    assert (state.phase, state.message, tasks) == (
        Phase.ABORTED,
        "Stopped by step no.",
        ["build", "undo"],
    )


async def test_a_stop_may_finish_a_run_as_if_it_were_cancelled(
    client: Client, task_queue: str
) -> None:
    state, _ = await ended(
        client, task_queue, start_of({"steps": [stop("no", phase="Finished", message="enough")]})
    )

    assert (state.phase, state.message) == (Phase.FINISHED, "enough")


async def test_case_48_a_step_fails_without_what_it_requires(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("a"), engram("b", "a", requires=["steps.a.output.id"])]}

    state, tasks = await ended(client, task_queue, start_of(spec), {"a": succeeded({"id": None})})

    assert (state.steps["b"].phase, state.steps["b"].reason) == (
        Phase.FAILED,
        StepReason.DEPENDENCY_FAILED,
    )
    assert state.steps["b"].message == 'requires "steps.a.output.id", which is not there'
    assert tasks == ["a"]


@pytest.mark.parametrize(
    ("output", "phase", "message"),
    [
        pytest.param({"ok": True}, Phase.SUCCEEDED, "", id="holds"),
        pytest.param({"ok": False}, Phase.FAILED, "too few", id="does not hold"),
        pytest.param(
            {"ok": "maybe"}, Phase.FAILED, "too few: postExecution.condition: ", id="cannot be told"
        ),
    ],
)
async def test_case_47_a_success_is_a_failure_where_what_it_promises_does_not_hold(
    client: Client, task_queue: str, output: dict[str, Any], phase: Phase, message: str
) -> None:
    """And it is not tried again: it would come to the same."""
    check = {"condition": "{{ steps.a.output.ok }}", "failureMessage": "too few"}

    state, tasks = await ended(
        client,
        task_queue,
        start_of({"steps": [engram("a", postExecution=check)]}),
        {"a": succeeded(output)},
    )

    assert state.steps["a"].phase is phase
    assert state.steps["a"].message.startswith(message)
    assert tasks == ["a"]


async def test_a_promise_may_compare_an_output_with_inputs_and_other_steps(
    client: Client, task_queue: str
) -> None:
    """Upstream shows it nothing but the step's own output."""
    condition = "{{ eq steps.b.output.n steps.a.output.n inputs.n }}"
    spec = {"steps": [engram("a"), engram("b", "a", postExecution={"condition": condition})]}
    outcomes = {"a": succeeded({"n": 3}), "b": succeeded({"n": 4})}

    state, _ = await ended(client, task_queue, start_of(spec, inputs={"n": 3}), outcomes)

    assert (state.steps["b"].phase, state.steps["b"].reason) == (
        Phase.FAILED,
        StepReason.EXPRESSION_FAILED,
    )
    assert state.steps["b"].message == f'postExecution: "{condition}" does not hold'


async def test_a_condition_succeeds_at_once_and_puts_nothing_out(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("a"), {"name": "ready", "type": "condition", "needs": ["a"]}]}

    state, tasks = await ended(client, task_queue, start_of(spec))

    ready = state.steps["ready"]
    assert (ready.phase, ready.output) == (Phase.SUCCEEDED, None)
    assert ready.message == "Primitive evaluated and outputs are available."
    assert tasks == ["a"]


async def test_case_50_an_input_that_its_template_does_not_take_starts_no_task(
    client: Client, task_queue: str
) -> None:
    schema = {"type": "object", "required": ["tag"], "properties": {"tag": {"type": "string"}}}
    picky = EngramTemplate.model_validate(
        {
            "metadata": {"name": "image"},
            "spec": {"version": "1", "supportedModes": ["job"], "inputSchema": schema},
        }
    )
    spec = {"steps": [engram("a"), engram("b", **{"with": {"tag": "{{ steps.a.output.n }}"}})]}
    spec["steps"][0]["with"] = {"tag": "v1"}

    state, tasks = await ended(
        client, task_queue, start_of(spec, templates=(picky,)), {"a": succeeded({"n": 7})}
    )

    assert (state.steps["b"].phase, state.steps["b"].reason) == (
        Phase.FAILED,
        StepReason.INPUT_SCHEMA_FAILED,
    )
    assert state.steps["b"].message.startswith("with.tag: ")
    assert tasks == ["a"]


async def test_case_77_a_reference_to_the_output_of_a_skipped_step_fails_and_never_hangs(
    client: Client, task_queue: str
) -> None:
    spec = {
        "steps": [
            engram("a", **{"if": "no"}),
            engram("b", **{"with": {"x": "{{ steps.a.output.x }}"}}),
        ]
    }

    state, tasks = await ended(client, task_queue, start_of(spec))

    assert state.steps["b"].reason is StepReason.EXPRESSION_FAILED
    assert (state.phase, tasks) == (Phase.FAILED, [])


async def test_a_failed_requirement_that_is_allowed_lets_dependents_run(
    client: Client, task_queue: str
) -> None:
    spec = {
        "steps": [
            engram("a"),
            engram("b", "a", requires=["steps.a.output.id"], allowFailure=True),
            engram("c", "b"),
            engram("d", execution=NEVER, allowFailure=True),
        ]
    }

    state, tasks = await ended(client, task_queue, start_of(spec), {"d": exited(1)})

    assert (state.phase, state.allowed_failures) == (Phase.SUCCEEDED, ("b", "d"))
    assert "c" in tasks
