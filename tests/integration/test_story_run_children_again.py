"""Steps that execute other Stories, in a later execution of their run."""

import asyncio
from typing import Any

from temporalio.client import Client

from adapters.memory.tasks import exited, succeeded
from runwright.client import Run, RunwrightClient
from runwright.errors import NotFoundError
from runwright.models.bubustack import Phase
from runwright.models.story_run import StartStoryRun, StoryRunState
from runwright.models.tasks import TaskOutcome
from tests.integration.runs import NEVER, Outcomes, StartedRun, engram, started
from tests.integration.test_story_run_children import executes, story, with_stories

FAILS_ONCE = [exited(1), succeeded({"id": "42"})]
INNER = story(
    "inner",
    engram("first"),
    engram("work", "first", execution=NEVER),
    output={"id": "{{ steps.work.output.id }}"},
)


def outer(**fields: Any) -> StartStoryRun:
    """Return the input of a run whose step `call` executes another Story after `before`."""
    call = executes("call", "inner", "before", **{"with": {"tag": "{{ inputs.tag }}"}})
    given: dict[str, Any] = {"inputs": {"tag": "v1"}, **fields}
    return with_stories({"steps": [engram("before"), call]}, INNER, **given)


async def end(going: StartedRun, step: str, outcome: TaskOutcome | None = None) -> None:
    """Let the step's task end, once it has begun."""
    while True:
        try:
            await going.end(step, outcome)
        except NotFoundError:
            await asyncio.sleep(0.01)
        else:
            return


async def executed(going: StartedRun, run: Run) -> tuple[StoryRunState, list[str]]:
    """Return the end of another execution, and the tasks that it started."""
    before = len(going.started())
    state = await run.wait()
    return state, going.started()[before:]


def child_of(client: Client, task_queue: str, going: StartedRun) -> Run:
    """Return the run of the step `call`."""
    return RunwrightClient(client, task_queue).run(f"{going.run.name}-call")


async def test_a_child_that_failed_goes_on_when_its_parent_is_retried(
    client: Client, task_queue: str
) -> None:
    """What it had done is not done again."""
    async with started(client, task_queue, outer(), {"call-work": FAILS_ONCE}) as going:
        await going.run.wait()
        state, tasks = await executed(going, await going.run.retry(by="ada"))
        child = await child_of(client, task_queue, going).state()

    assert (state.phase, state.steps["call"].output) == (Phase.SUCCEEDED, {"id": "42"})
    assert tasks == ["call-work"]
    assert (child.activation, child.steps["first"].activation) == (2, 1)


async def test_a_child_that_was_retried_by_itself_is_not_executed_again(
    client: Client, task_queue: str
) -> None:
    async with started(client, task_queue, outer(), {"call-work": FAILS_ONCE}) as going:
        await going.run.wait()
        await (await child_of(client, task_queue, going).retry()).wait()
        state, tasks = await executed(going, await going.run.retry())

    assert (state.phase, state.steps["call"].output) == (Phase.SUCCEEDED, {"id": "42"})
    assert state.steps["call"].child
    assert state.steps["call"].child.name == f"{state.name}-call"
    assert tasks == []


async def test_a_child_that_was_cancelled_with_its_parent_goes_on_with_it(
    client: Client, task_queue: str
) -> None:
    async with started(client, task_queue, outer(), immediate=False) as going:
        await end(going, "before")
        await end(going, "call-first")
        while not going.tasks.started[-1].endswith("call-work"):
            await going.run.state()
        await going.run.cancel()
        await going.run.wait()
        again = await going.run.retry()
        await end(going, "call-work", succeeded({"id": "42"}))
        state = await again.wait()

    assert (state.phase, state.steps["call"].output) == (Phase.SUCCEEDED, {"id": "42"})
    assert going.started().count("call-first") == 1


async def test_a_child_with_other_inputs_begins_anew(client: Client, task_queue: str) -> None:
    """What it had done was done with the old ones."""
    async with started(client, task_queue, outer(), {"call-work": FAILS_ONCE}) as going:
        await going.run.wait()
        state, tasks = await executed(going, await going.run.retry(inputs={"tag": "v2"}))

    assert state.phase is Phase.SUCCEEDED
    assert tasks == ["call-first", "call-work"]


async def test_a_child_begins_anew_when_its_step_is_to_be_repeated(
    client: Client, task_queue: str
) -> None:
    """Whatever became of it, as of every step."""
    async with started(client, task_queue, outer(), {"call-work": FAILS_ONCE}) as going:
        await going.run.wait()
        state, tasks = await executed(going, await going.run.retry(step="before"))

    assert state.phase is Phase.SUCCEEDED
    assert tasks == ["before", "call-first", "call-work"]


async def test_a_child_begins_anew_when_everything_is_to_be_repeated(
    client: Client, task_queue: str
) -> None:
    """Also one that succeeded: its tasks are steps of the whole, too."""
    outcomes: Outcomes = {"call-work": succeeded({"id": "42"})}

    async with started(client, task_queue, outer(), outcomes) as going:
        await going.run.wait()
        state, tasks = await executed(going, await going.run.retry(everything=True))

    assert state.phase is Phase.SUCCEEDED
    assert tasks == ["before", "call-first", "call-work"]


async def test_what_a_child_executes_begins_anew_with_it(client: Client, task_queue: str) -> None:
    """The run within the run has the name that it had, and that is its own."""
    deepest = story("deepest", engram("work"))
    inner = story("inner", executes("deep", "deepest"))
    start = with_stories({"steps": [executes("call", "inner")]}, inner, deepest)

    async with started(client, task_queue, start) as going:
        await going.run.wait()
        state, tasks = await executed(going, await going.run.retry(step="call"))

    assert (state.phase, state.steps["call"].message) == (
        Phase.SUCCEEDED,
        "All steps completed successfully.",
    )
    assert tasks == ["call-deep-work"]


async def test_a_child_that_goes_on_by_itself_is_not_disturbed(
    client: Client, task_queue: str
) -> None:
    async with started(client, task_queue, outer(), immediate=False) as going:
        await end(going, "before")
        await end(going, "call-first")
        await end(going, "call-work", exited(1))
        await going.run.wait()
        child = await child_of(client, task_queue, going).retry()
        state = await (await going.run.retry()).wait()
        running = await child.state()

    assert state.steps["call"].phase is Phase.FAILED
    assert "is going on by itself" in state.steps["call"].message
    assert running.phase is Phase.RUNNING


async def test_what_a_hook_executes_begins_anew_in_each_execution(
    client: Client, task_queue: str
) -> None:
    spec = {
        "steps": [engram("build", execution=NEVER)],
        "finally": [executes("call", "inner")],
    }
    outcomes: Outcomes = {
        "build": [exited(1), succeeded()],
        "call-work": succeeded({"id": "42"}),
    }

    async with started(client, task_queue, with_stories(spec, INNER), outcomes) as going:
        await going.run.wait()
        state, tasks = await executed(going, await going.run.retry())

    assert state.phase is Phase.SUCCEEDED
    assert tasks == ["build", "call-first", "call-work"]
