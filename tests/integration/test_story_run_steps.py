"""The order of steps, what a failure does to others, and how a run ends."""

from temporalio.client import Client

from adapters.memory.tasks import exited, succeeded
from runwright.models.bubustack import Phase
from runwright.models.story_run import StepReason, StoryRunState
from tests.integration.runs import NEVER, ended, engram, start_of, started


def phases(state: StoryRunState) -> dict[str, str]:
    """Return the phase of each step."""
    return {name: str(step.phase) for name, step in state.steps.items()}


async def test_case_1_a_failure_skips_what_waits_and_lets_what_runs_finish(
    client: Client, task_queue: str
) -> None:
    """Fail-fast starts nothing more, but throws no finished work away."""
    spec = {
        "steps": [
            engram("a", execution=NEVER),
            engram("b", "a"),
            engram("c", "b"),
            engram("d"),
        ]
    }

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        await going.until_running("a", "d")
        await going.end("a", exited(1))
        await going.until(lambda state: state.steps["c"].is_over)
        between = await going.run.state()
        await going.end("d")
        state = await going.run.wait()

    assert between.phase is Phase.RUNNING
    assert phases(state) == {"a": "Failed", "b": "Skipped", "c": "Skipped", "d": "Succeeded"}
    assert state.steps["b"].message == "Skipped due to fail-fast policy"
    assert (state.phase, state.reason) == (Phase.FAILED, "DependencyFailed")
    assert state.message == "Story completed with failed step: a."


async def test_case_2_continue_on_failure_skips_dependents_and_runs_the_others(
    client: Client, task_queue: str
) -> None:
    spec = {
        "steps": [engram("a", execution=NEVER), engram("b", "a"), engram("d")],
        "policy": {"retries": {"continueOnStepFailure": True}},
    }

    state, tasks = await ended(client, task_queue, start_of(spec), {"a": exited(1)})

    assert phases(state) == {"a": "Failed", "b": "Skipped", "d": "Succeeded"}
    assert state.steps["b"].message == "Skipped due to failed dependency: a"
    assert sorted(tasks) == ["a", "d"]


async def test_case_3_what_needs_a_step_skipped_by_a_failure_is_skipped_too(
    client: Client, task_queue: str
) -> None:
    """Upstream runs it, without the output it waits for."""
    spec = {
        "steps": [engram("a", execution=NEVER), engram("b", "a"), engram("c", "b")],
        "policy": {"retries": {"continueOnStepFailure": True}},
    }

    state, tasks = await ended(client, task_queue, start_of(spec), {"a": exited(1)})

    assert state.steps["c"].message == "Skipped due to failed dependency: b"
    assert tasks == ["a"]


async def test_case_4_compensations_and_finally_make_a_failed_run_compensated(
    client: Client, task_queue: str
) -> None:
    spec = {
        "steps": [engram("deploy", execution=NEVER)],
        "compensations": [engram("undo")],
        "finally": [engram("tell")],
    }

    state, tasks = await ended(client, task_queue, start_of(spec), {"deploy": exited(1)})

    assert tasks == ["deploy", "undo", "tell"]
    assert (state.phase, state.reason) == (Phase.COMPENSATED, "Compensated")
    assert state.message == "Story failed; compensations completed."
    assert state.error is not None
    assert [step.name for step in state.error.failed_steps] == ["deploy"]


async def test_case_5_a_success_skips_the_compensations(client: Client, task_queue: str) -> None:
    spec = {"steps": [engram("deploy")], "compensations": [engram("undo")]}

    state, tasks = await ended(client, task_queue, start_of(spec))

    assert tasks == ["deploy"]
    assert state.steps["undo"].message == "Skipped because story succeeded"
    assert (state.phase, state.message) == (Phase.SUCCEEDED, "All steps completed successfully.")


async def test_case_6_a_failed_finally_step_fails_a_run_that_had_succeeded(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("deploy")], "finally": [engram("tell", execution=NEVER)]}

    state, _ = await ended(client, task_queue, start_of(spec), {"tell": exited(1)})

    assert (state.phase, state.reason) == (Phase.FAILED, "CleanupFailed")
    assert state.message == "Finally step tell failed."


async def test_case_7_a_failed_compensation_is_named_also_when_finally_is_fine(
    client: Client, task_queue: str
) -> None:
    spec = {
        "steps": [engram("deploy", execution=NEVER)],
        "compensations": [engram("undo", execution=NEVER)],
        "finally": [engram("tell")],
    }

    state, tasks = await ended(
        client, task_queue, start_of(spec), {"deploy": exited(1), "undo": exited(1)}
    )

    assert tasks == ["deploy", "undo", "tell"]
    assert (state.phase, state.reason) == (Phase.FAILED, "CompensationFailed")
    assert state.error is not None
    assert [step.name for step in state.error.failed_steps] == ["deploy", "undo"]


async def test_case_8_a_need_that_nobody_meets_fails_the_run_and_names_the_graph(
    client: Client, task_queue: str
) -> None:
    """Any Temporal client can start a run, so the workflow judges the Story itself."""
    state, tasks = await ended(client, task_queue, start_of({"steps": [engram("a", "ghost")]}))

    assert (state.phase, state.reason) == (Phase.FAILED, "InvalidConfiguration")
    assert state.message.startswith("Invalid story dependency graph:")
    assert "ghost" in state.message
    assert tasks == []


async def test_case_9_a_cycle_fails_the_run_before_anything_starts(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("a", "b"), engram("b", "a")]}

    state, tasks = await ended(client, task_queue, start_of(spec))

    assert (state.phase, state.reason) == (Phase.FAILED, "InvalidConfiguration")
    assert "a -> b -> a" in state.message
    assert tasks == []


async def test_case_11_an_allowed_failure_is_remembered_and_harms_nobody(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("lint", allowFailure=True, execution=NEVER), engram("build", "lint")]}

    state, tasks = await ended(client, task_queue, start_of(spec), {"lint": exited(1)})

    assert tasks == ["lint", "build"]
    assert phases(state) == {"lint": "Failed", "build": "Succeeded"}
    assert state.phase is Phase.SUCCEEDED
    assert state.message == "Completed with allowed failures: lint"
    assert state.allowed_failures == ("lint",)


async def test_steps_that_need_nothing_of_each_other_run_at_once(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("a"), engram("b"), engram("c", "a", "b")]}

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        await going.until_running("a", "b")
        await going.end("b")
        await going.end("a")
        await going.until_running("c")
        await going.end("c")
        state = await going.run.wait()

    assert state.phase is Phase.SUCCEEDED


async def test_an_output_reaches_the_step_that_mentions_it_with_its_type(
    client: Client, task_queue: str
) -> None:
    """A reference is a dependency, also without `needs`."""
    spec = {
        "steps": [
            engram("use", **{"with": {"count": "{{ steps.make.output.count }}"}}),
            engram("make"),
        ],
        "output": {"doubled": "{{ steps.use.output.doubled }}", "of": "{{ inputs.what }}"},
    }
    outcomes = {"make": succeeded({"count": 3}), "use": succeeded({"doubled": 6})}

    state, tasks = await ended(
        client, task_queue, start_of(spec, inputs={"what": "cats"}), outcomes
    )

    assert tasks == ["make", "use"]
    assert state.output == {"doubled": 6, "of": "cats"}


async def test_a_false_condition_skips_a_step_and_lets_its_dependents_run(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("a", **{"if": "{{ inputs.wanted }}"}), engram("b", "a")]}

    state, tasks = await ended(client, task_queue, start_of(spec, inputs={"wanted": False}))

    assert state.steps["a"].reason is StepReason.CONDITION
    assert tasks == ["b"]
    assert state.phase is Phase.SUCCEEDED


async def test_case_77_a_reference_to_what_was_skipped_fails_the_step_and_never_hangs(
    client: Client, task_queue: str
) -> None:
    spec = {
        "steps": [
            engram("a", **{"if": "false"}),
            engram("b", **{"with": {"x": "{{ steps.a.output.y }}"}}),
        ]
    }

    state, tasks = await ended(client, task_queue, start_of(spec))

    assert state.steps["b"].reason is StepReason.EXPRESSION_FAILED
    assert "steps.a.output.y" in state.steps["b"].message
    assert state.steps["b"].message.endswith("; step a (Skipped) put nothing out")
    assert tasks == []


async def test_a_step_without_its_engram_fails_the_run_before_anything_starts(
    client: Client, task_queue: str
) -> None:
    state, tasks = await ended(
        client, task_queue, start_of({"steps": [engram("a"), engram("b")]}, engrams=())
    )

    assert state.reason == "InvalidConfiguration"
    assert state.message.count('there is no engram "worker"') == 2
    assert tasks == []


async def test_inputs_that_break_the_schema_fail_the_run_before_anything_starts(
    client: Client, task_queue: str
) -> None:
    schema = {"type": "object", "properties": {"count": {"type": "integer"}}}
    spec = {"inputsSchema": schema, "steps": [engram("a")]}

    state, tasks = await ended(client, task_queue, start_of(spec, inputs={"count": "many"}))

    assert state.reason == "InputSchemaFailed"
    assert "count" in state.message
    assert tasks == []


async def test_defaults_of_the_inputs_schema_are_what_the_steps_see(
    client: Client, task_queue: str
) -> None:
    schema = {"type": "object", "properties": {"count": {"type": "integer", "default": 2}}}
    spec = {
        "inputsSchema": schema,
        "steps": [engram("a")],
        "output": {"count": "{{ inputs.count }}"},
    }

    state, _ = await ended(client, task_queue, start_of(spec))

    assert state.output == {"count": 2}


async def test_outputs_that_together_exceed_a_run_fail_the_step_and_name_the_largest(
    client: Client, task_queue: str
) -> None:
    """A run that holds more than Temporal takes would stop dead; a failure can be read."""
    spec = {"steps": [engram(name, execution=NEVER) for name in ("a", "b", "c", "d", "e")]}
    big = succeeded({"text": "x" * 255_000})

    state, _ = await ended(
        client, task_queue, start_of(spec), dict.fromkeys(("a", "b", "c", "d", "e"), big)
    )

    failed = [step for step in state.steps.values() if step.failed]
    assert len(failed) == 1
    assert "the largest are" in failed[0].message
    assert state.reason == "DependencyFailed"
