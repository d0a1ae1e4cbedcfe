"""Steps that execute other Stories."""

from typing import Any

from temporalio.client import Client

from adapters.memory.tasks import exited, succeeded
from runwright.client import RunwrightClient
from runwright.models.bubustack import Phase, Story
from runwright.models.story_run import StartStoryRun, StoryRunState
from tests.integration.runs import NEVER, ended, engram, gate, start_of, started


def executes(name: str, story: str, *needs: str, **arguments: Any) -> dict[str, Any]:
    """Return a step that executes that Story."""
    given = {"storyRef": {"name": story}, **arguments}
    return {"name": name, "type": "executeStory", "needs": list(needs), "with": given}


def story(name: str, *steps: dict[str, Any], **spec: Any) -> Story:
    """Return a Story of that name."""
    return Story.model_validate({"metadata": {"name": name}, "spec": {"steps": steps, **spec}})


def with_stories(spec: dict[str, Any], *stories: Story, **fields: Any) -> StartStoryRun:
    """Return the input of a run that takes these Stories along."""
    return start_of(spec, stories=stories, **fields)


async def test_case_28_a_step_waits_for_its_run_unless_it_is_told_not_to(
    client: Client, task_queue: str
) -> None:
    """Upstream hangs where nothing is said."""
    inner = story("inner", engram("work"), output={"id": "{{ steps.work.output.id }}"})
    spec = {
        "steps": [
            executes("call", "inner"),
            engram("use", **{"with": {"x": "{{ steps.call.output.id }}"}}),
        ]
    }

    start = with_stories(spec, inner)
    state, tasks = await ended(client, task_queue, start, {"call-work": succeeded({"id": "42"})})

    assert state.steps["call"].output == {"id": "42"}
    assert state.steps["call"].message == "All steps completed successfully."
    assert (state.phase, tasks) == (Phase.SUCCEEDED, ["call-work", "use"])


async def test_case_30_the_inputs_of_the_step_win_over_those_of_the_policy(
    client: Client, task_queue: str
) -> None:
    inner = story(
        "inner",
        engram("work"),
        policy={"with": {"a": 1, "b": 2}},
        output={"a": "{{ inputs.a }}", "b": "{{ inputs.b }}"},
    )
    start = with_stories(
        {"steps": [executes("call", "inner", **{"with": {"b": "{{ inputs.b }}"}})]},
        inner,
        inputs={"b": 3},
    )

    state, _ = await ended(client, task_queue, start)

    assert state.steps["call"].output == {"a": 1, "b": 3}


async def test_the_step_says_at_which_gates_its_run_waits_and_those_within_it(
    client: Client, task_queue: str
) -> None:
    """Who looks at the outer run would see it run, and wait for nobody."""
    deepest = story("deepest", gate("sure"))
    inner = story("inner", gate("ask"), executes("deep", "deepest", "ask"))
    start = with_stories({"steps": [executes("call", "inner")]}, inner, deepest)
    said = f"Running sub-story run {start.name}-call"

    async with started(client, task_queue, start) as going:
        runwright = RunwrightClient(client, task_queue)
        asked = await going.until(lambda state: bool(_gates_within(state)))
        await runwright.run(f"{start.name}-call").approve("ask", by="ada")
        deep = await going.until(lambda state: _gates_within(state)[-1:] == ["sure"])
        await runwright.run(f"{start.name}-call-deep").approve("sure", by="ada")
        state = await going.run.wait()

    assert asked.steps["call"].message == f"{said}, which waits for a decision at ask"
    assert deep.steps["call"].message == (
        f"{said}, which waits for a decision at sure of run {start.name}-call-deep"
    )
    assert state.phase is Phase.SUCCEEDED


def _gates_within(state: StoryRunState) -> list[str]:
    child = state.steps["call"].child
    return [one.gate for one in child.gates] if child else []


async def test_a_run_that_fails_fails_its_step_in_the_same_phase(
    client: Client, task_queue: str
) -> None:
    inner = story("inner", engram("work", execution=NEVER), compensations=[engram("undo")])

    state, _ = await ended(
        client,
        task_queue,
        with_stories({"steps": [executes("call", "inner")]}, inner),
        {"call-work": exited(1)},
    )

    assert state.steps["call"].phase is Phase.COMPENSATED
    assert state.steps["call"].message == "Story failed; compensations completed."
    assert state.phase is Phase.FAILED


async def test_a_step_that_does_not_wait_is_over_at_once_and_its_run_goes_on(
    client: Client, task_queue: str
) -> None:
    start = with_stories(
        {"steps": [executes("call", "inner", waitForCompletion=False)]},
        story("inner", engram("work")),
    )

    async with started(client, task_queue, start, immediate=False) as going:
        state = await going.run.wait()
        child = RunwrightClient(client, task_queue).run(f"{start.name}-call")
        running = await child.state()
        while f"default/{start.name}-call-work" not in going.tasks.started:
            running = await child.state()
        await going.end("call-work")
        end = await child.wait()

    assert (state.phase, state.steps["call"].message) == (
        Phase.SUCCEEDED,
        "Launched sub-story run",
    )
    assert running.phase is Phase.RUNNING
    assert end.phase is Phase.SUCCEEDED


async def test_a_cancelled_run_ends_the_run_of_its_step_first(
    client: Client, task_queue: str
) -> None:
    """Upstream lets it go on."""
    start = with_stories({"steps": [executes("call", "inner")]}, story("inner", engram("work")))

    async with started(client, task_queue, start, immediate=False) as going:
        child = RunwrightClient(client, task_queue).run(f"{start.name}-call")
        while f"default/{start.name}-call-work" not in going.tasks.started:
            await going.run.state()
        await going.run.cancel()
        state = await going.run.wait()
        inner = await child.state()

    assert (state.phase, state.steps["call"].phase) == (Phase.FINISHED, Phase.CANCELED)
    assert inner.phase is Phase.FINISHED
    assert going.tasks.stopped == [f"default/{start.name}-call-work"]


async def test_a_deadline_of_the_story_ends_the_run_of_its_step(
    client: Client, task_queue: str
) -> None:
    start = with_stories(
        {"steps": [executes("call", "inner")], "policy": {"timeouts": {"story": "1s"}}},
        story("inner", engram("work")),
    )

    async with started(client, task_queue, start, immediate=False) as going:
        state = await going.run.wait()
        inner = await RunwrightClient(client, task_queue).run(f"{start.name}-call").state()

    assert (state.phase, state.steps["call"].phase) == (Phase.TIMEOUT, Phase.CANCELED)
    assert inner.phase is Phase.FINISHED


async def test_a_step_that_is_stopped_while_its_run_starts_is_cancelled(
    client: Client, task_queue: str
) -> None:
    """It did not fail, and says what stopped it."""
    stop = {"name": "enough", "type": "stop"}
    start = with_stories({"steps": [executes("call", "inner"), stop]}, story("inner", engram("a")))

    state, _ = await ended(client, task_queue, start)

    call = state.steps["call"]
    assert (call.phase, call.message) == (Phase.CANCELED, "Stopped by step enough")
    assert state.phase is Phase.SUCCEEDED


async def test_a_run_that_somebody_cancels_fails_the_step_that_waits_for_it(
    client: Client, task_queue: str
) -> None:
    start = with_stories({"steps": [executes("call", "inner")]}, story("inner", engram("work")))

    async with started(client, task_queue, start, immediate=False) as going:
        child = RunwrightClient(client, task_queue).run(f"{start.name}-call")
        while f"default/{start.name}-call-work" not in going.tasks.started:
            await going.run.state()
        await child.cancel()
        state = await going.run.wait()

    assert (state.phase, state.steps["call"].phase) == (Phase.FAILED, Phase.FINISHED)


async def test_case_29_a_run_of_another_is_never_taken_for_that_of_the_step(
    client: Client, task_queue: str
) -> None:
    start = with_stories({"steps": [executes("call", "inner")]}, story("inner", engram("work")))
    other = start_of({"steps": [engram("other")]}, name=f"{start.name}-call")

    async with started(client, task_queue, other) as going:
        await going.run.wait()
        run = await RunwrightClient(client, task_queue).start(start)
        state = await run.wait()

    assert state.steps["call"].phase is Phase.FAILED
    assert "already" in state.steps["call"].message


async def test_stories_that_execute_each_other_end_at_a_depth(
    client: Client, task_queue: str
) -> None:
    """What may end by itself is not refused: it is a loop, and its bound is the Story's."""
    deep = {"execution": {"maxRecursionDepth": 3}}
    again = executes("again", "outer")
    again["if"] = "{{ inputs.more }}"
    again["with"]["with"] = {"more": True}
    outer = story("outer", executes("call", "inner", **{"with": {"more": True}}), policy=deep)
    inner = story("inner", again, policy=deep)
    start = start_of({"steps": [engram("unused")]}, story=outer, stories=(inner,))

    state, _ = await ended(client, task_queue, start)

    assert state.phase is Phase.FAILED
    child = await RunwrightClient(client, task_queue).run(f"{start.name}-call-again-call").state()
    assert "4 runs would lie within each other" in child.steps["again"].message


async def test_stories_that_execute_each_other_without_end_are_refused(
    client: Client, task_queue: str
) -> None:
    outer = story("outer", executes("call", "inner"))
    inner = story("inner", executes("again", "outer"))

    state, tasks = await ended(
        client, task_queue, start_of({"steps": [engram("x")]}, story=outer, stories=(inner,))
    )

    assert state.reason == "InvalidConfiguration"
    assert "Stories execute each other without end: outer -> inner -> outer" in state.message
    assert tasks == []
