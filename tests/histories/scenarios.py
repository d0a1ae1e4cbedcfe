"""Runs worth remembering: each makes one history that later versions must be able to replay."""

from typing import Final

from adapters.memory.tasks import exited, succeeded
from runwright.client import RunwrightClient
from runwright.models.story_run import NO_RESOURCE, workflow_id
from runwright.worker import worker_of
from tests.histories import claims, entities, pipelines, primitives, runs_of_others, story_runs
from tests.histories.stage import Scenario, Stage
from tests.integration.runs import NEVER, Outcomes, engram, gate, retries


async def success_with_output_and_gate(stage: Stage) -> None:
    """Build, ask, deploy what was built, and say what came of it."""
    spec = {
        "inputsSchema": {"properties": {"to": {"type": "string", "default": "staging"}}},
        "steps": [
            engram("build"),
            gate("ask", "build"),
            engram(
                "deploy",
                "ask",
                **{"with": {"image": "{{ steps.build.output.image }}", "to": "{{ inputs.to }}"}},
            ),
            {"name": "check", "type": "condition", "needs": ["deploy"]},
            engram("canary", "check", **{"if": "{{ steps.build.output.canary }}"}),
        ],
        "compensations": [engram("undo")],
        "finally": [engram("tell")],
        "output": {"image": "{{ steps.build.output.image }}"},
    }
    outcomes = {"build": succeeded({"image": "app:7", "canary": False})}
    async with stage.run(spec, outcomes, author="ada") as going:
        await going.until(lambda state: bool(state.pending_gates))
        await going.run.approve("ask", by="grace", comment="looks good")
        await going.run.wait()


async def gate_approved_before_it_was_reached(stage: Stage) -> None:
    """A decision that waits for its gate."""
    spec = {"steps": [engram("build"), gate("ask", "build")]}
    async with stage.run(spec, immediate=False) as going:
        await going.until_running("build")
        await going.run.approve("ask", by="grace")
        await going.end("build")
        await going.run.wait()


async def gate_rejected(stage: Stage) -> None:
    """A person says no."""
    async with stage.run({"steps": [gate("ask"), engram("deploy", "ask")]}) as going:
        await going.until(lambda state: bool(state.pending_gates))
        await going.run.reject("ask", by="grace", comment="not today")
        await going.run.wait()


async def gate_timed_out_and_failed(stage: Stage) -> None:
    """Nobody decides, and that counts as a failure."""
    async with stage.run({"steps": [gate("ask", timeout="50ms")]}) as going:
        await going.run.wait()


async def gate_timed_out_and_was_skipped(stage: Stage) -> None:
    """Nobody decides, and the run goes on."""
    spec = {"steps": [gate("ask", timeout="50ms", onTimeout="skip"), engram("deploy", "ask")]}
    async with stage.run(spec) as going:
        await going.run.wait()


async def retried_step_succeeded(stage: Stage) -> None:
    """The second try does it; the jitter is drawn in the workflow."""
    execution = {"retry": {"maxRetries": 2, "delay": "20ms", "jitter": 50}}
    outcomes = {"flaky": [exited(137), succeeded({"at": "last"})]}
    async with stage.run({"steps": [engram("flaky", execution=execution)]}, outcomes) as going:
        await going.run.wait()


async def failed_with_compensations_and_finally(stage: Stage) -> None:
    """A failure that is mended."""
    spec = {
        "steps": [engram("deploy", execution=NEVER)],
        "compensations": [engram("undo"), engram("verify", "undo")],
        "finally": [engram("tell")],
    }
    async with stage.run(spec, {"deploy": exited(1)}) as going:
        await going.run.wait()


async def failed_fast(stage: Stage) -> None:
    """A failure while another step runs, which is left to finish."""
    spec = {"steps": [engram("a", execution=NEVER), engram("b", "a"), engram("c")]}
    async with stage.run(spec, immediate=False) as going:
        await going.until_running("a", "c")
        await going.end("a", exited(1))
        await going.until(lambda state: state.steps["b"].is_over)
        await going.end("c")
        await going.run.wait()


async def failure_that_others_went_on_after(stage: Stage) -> None:
    """What depends on a failure is skipped, the rest runs."""
    spec = {
        "steps": [engram("a", execution=NEVER), engram("b", "a"), engram("c", "b"), engram("d")],
        "policy": {"retries": {"continueOnStepFailure": True}},
    }
    async with stage.run(spec, {"a": exited(1)}) as going:
        await going.run.wait()


async def allowed_failure(stage: Stage) -> None:
    """A step that may fail, and one that needs it."""
    spec = {"steps": [engram("lint", allowFailure=True, execution=NEVER), engram("build", "lint")]}
    async with stage.run(spec, {"lint": exited(1)}) as going:
        await going.run.wait()


async def story_timed_out(stage: Stage) -> None:
    """The time of the Story is up: what runs is stopped, and finally comes all the same."""
    spec = {
        "steps": [engram("slow"), engram("after", "slow"), gate("ask")],
        "compensations": [engram("undo")],
        "finally": [engram("tell")],
        "policy": {"timeouts": {"story": "300ms"}},
    }
    async with stage.run(spec, immediate=False) as going:
        await going.until_running("tell")
        await going.end("tell")
        await going.run.wait()


async def step_timed_out(stage: Stage) -> None:
    """A task that is stopped at its deadline, tried again, and stopped again."""
    spec = {"steps": [engram("slow", execution={"timeout": "100ms", **retries(1)})]}
    async with stage.run(spec, immediate=False) as going:
        await going.run.wait()


async def success_that_beat_its_deadline(stage: Stage) -> None:
    """A task that had ended by itself when it was to be stopped."""
    spec = {"steps": [engram("slow", execution={"timeout": "100ms", **NEVER})]}
    async with stage.run(spec, immediate=False) as going:
        going.tasks.ends_while_stopped[going.task("slow")] = succeeded({"x": 1})
        await going.run.wait()


async def cancelled_by_update(stage: Stage) -> None:
    """A person cancels through us, while a task runs and a gate is open."""
    spec = {"steps": [engram("a"), engram("b", "a"), gate("ask")], "finally": [engram("tell")]}
    async with stage.run(spec, immediate=False) as going:
        await going.until_running("a")
        await going.until(lambda state: bool(state.pending_gates))
        await going.run.cancel(by="ada", reason="wrong version")
        await going.run.wait()


async def cancelled_in_temporal(stage: Stage) -> None:
    """A person presses the button in the Temporal UI."""
    async with stage.run({"steps": [engram("a")]}, immediate=False) as going:
        await going.until_running("a")
        await stage.temporal(going).cancel(reason="from the page")
        await going.run.wait()


async def cancelled_during_a_retry_delay(stage: Stage) -> None:
    """No task runs, and the next try never comes."""
    spec = {"steps": [engram("flaky", execution=retries(1, "1h"))]}
    async with stage.run(spec, {"flaky": exited(137)}) as going:
        await going.until(lambda state: bool(state.steps["flaky"].next_retry_at))
        await going.run.cancel()
        await going.run.wait()


async def paused_and_resumed(stage: Stage) -> None:
    """A step ends during the pause, and the next one starts after it."""
    spec = {"steps": [engram("a"), engram("b", "a")]}
    async with stage.run(spec, immediate=False) as going:
        await going.until_running("a")
        await going.run.pause(by="ada", comment="freeze")
        await going.end("a")
        await going.until(lambda state: state.steps["a"].is_over)
        await going.run.resume(by="grace")
        await going.until_running("b")
        await going.end("b")
        await going.run.wait()


async def retry_of_a_failed_run(stage: Stage) -> None:
    """The second execution: what had succeeded is kept, what failed is repeated."""
    spec = {
        "steps": [engram("build"), gate("ask", "build"), engram("deploy", "ask", execution=NEVER)],
        "output": {"image": "{{ steps.build.output.image }}"},
    }
    outcomes: Outcomes = {
        "build": succeeded({"image": "app:7"}),
        "deploy": [exited(1), succeeded()],
    }
    async with stage.run(spec, outcomes) as going:
        await going.run.approve("ask", by="grace")
        await going.run.wait()
        await (await going.run.retry(inputs={"to": "production"}, by="ada")).wait()


async def told_everything_by_signals(stage: Stage) -> None:
    """What updates say, said without waiting for an answer; one decision does not count."""
    spec = {"steps": [gate("ask"), engram("deploy", "ask")]}
    async with stage.run(spec, immediate=False) as going:
        handle = stage.temporal(going)
        await going.until(lambda state: bool(state.pending_gates))
        await handle.signal("decide_gate", {"gate": "aks", "verdict": "approve", "by": "grace"})
        await going.until(lambda state: bool(state.refused_decisions))
        await handle.signal("pause", {"by": "ada"})
        await handle.signal("decide_gate", {"gate": "ask", "verdict": "approve", "by": "grace"})
        await going.until(lambda state: state.steps["ask"].is_over)
        await handle.signal("resume", {"by": "ada"})
        await going.until_running("deploy")
        await handle.signal("cancel", {"by": "ada", "reason": "enough"})
        await going.run.wait()


async def invalid_configuration(stage: Stage) -> None:
    """A Story that cannot be executed; nothing starts."""
    async with stage.run({"steps": [engram("a", "ghost")]}) as going:
        await going.run.wait()


async def slept(stage: Stage) -> None:
    """A step that only waits."""
    rest = {"name": "rest", "type": "sleep", "with": {"duration": "50ms"}}
    async with stage.run({"steps": [rest, engram("a", "rest")]}) as going:
        await going.run.wait()


async def refused_by_its_backend(stage: Stage) -> None:
    """A task that nobody will ever run: this worker has no such backend."""
    start = stage.start({"steps": [engram("a", execution=NEVER)]})
    async with worker_of(stage.client, stage.task_queue, {}):
        run = await RunwrightClient(stage.client, stage.task_queue).start(start)
        await run.wait()


async def functions_in_templates(stage: Stage) -> None:
    """Time and chance decide which steps run, what they get, and what the run puts out."""
    at = "{{ dateInZone `15:04 MST` now `Asia/Tokyo` }}"
    spec = {
        "steps": [
            engram("build", **{"with": {"at": at, "id": "{{ uuidv4 }}"}}),
            engram("even", **{"if": "{{ eq (mod (randInt 0 1000) 2) 0 }}"}),
            engram("odd", **{"if": "{{ range steps.build.output.files }}{{ eq . `b` }}{{ end }}"}),
        ],
        "output": {"files": "{{ join `,` steps.build.output.files }} {{ randAlpha 8 }}"},
    }
    async with stage.run(spec, {"build": succeeded({"files": ["b"]})}) as going:
        await going.run.wait()


def id_of(name: str) -> str:
    """Return the id of the workflow that a scenario leaves behind."""
    found = pipelines.id_of(name) or entities.id_of(name) or story_runs.id_of(name)
    return found or workflow_id("default", name, NO_RESOURCE)


SCENARIOS: Final[dict[str, Scenario]] = {
    scenario.__name__.replace("_", "-"): scenario
    for scenario in (
        success_with_output_and_gate,
        gate_approved_before_it_was_reached,
        gate_rejected,
        gate_timed_out_and_failed,
        gate_timed_out_and_was_skipped,
        retried_step_succeeded,
        failed_with_compensations_and_finally,
        failed_fast,
        failure_that_others_went_on_after,
        allowed_failure,
        story_timed_out,
        step_timed_out,
        success_that_beat_its_deadline,
        cancelled_by_update,
        cancelled_in_temporal,
        cancelled_during_a_retry_delay,
        paused_and_resumed,
        retry_of_a_failed_run,
        told_everything_by_signals,
        invalid_configuration,
        slept,
        refused_by_its_backend,
        *claims.SCENARIOS,
        functions_in_templates,
        *primitives.SCENARIOS,
        *runs_of_others.SCENARIOS,
        *pipelines.SCENARIOS,
        *entities.SCENARIOS,
        *story_runs.SCENARIOS,
    )
}
"""By the name of the run, which is that of the history's file."""
