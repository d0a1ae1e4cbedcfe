"""Runs whose steps execute other Stories."""

from typing import Any, Final

from adapters.memory.tasks import exited, succeeded
from runwright.models.bubustack import Story
from tests.histories.stage import Scenario, Stage
from tests.integration.runs import NEVER, StartedRun, engram


def call(*needs: str, **arguments: Any) -> dict[str, Any]:
    """Return a step that executes the Story `inner`."""
    given = {"storyRef": {"name": "inner"}, **arguments}
    return {"name": "call", "type": "executeStory", "needs": list(needs), "with": given}


def inner(**work: Any) -> Story:
    """Return the Story `inner`, of one step that an Engram does."""
    spec = {
        "steps": [engram("work", **work)],
        "policy": {"with": {"a": 1, "b": 2}},
        "output": {"id": "{{ steps.work.output.id }}", "b": "{{ inputs.b }}"},
    }
    return Story.model_validate({"metadata": {"name": "inner"}, "spec": spec})


async def until_called(going: StartedRun) -> None:
    """Return when the task of the other run runs."""
    await going.until(lambda _: going.task("call-work") in going.tasks.started)


async def executed_story_that_was_awaited(stage: Stage) -> None:
    """Its output is that of the step, and its inputs are those of the step and of its policy."""
    spec = {
        "steps": [
            engram("first"),
            call("first", **{"with": {"b": "{{ steps.first.output.b }}"}}),
            engram("use", **{"with": {"x": "{{ steps.call.output.id }}"}}),
        ]
    }
    outcomes = {"first": succeeded({"b": 3}), "call-work": succeeded({"id": "42"})}
    async with stage.run(spec, outcomes, stories=(inner(),)) as going:
        await going.run.wait()


async def executed_story_that_failed(stage: Stage) -> None:
    """The step fails in the same phase; a retry goes on where the other run ended."""
    stories = (inner(execution=NEVER),)
    outcomes = {"call-work": [exited(1), succeeded({"id": "42"})]}
    async with stage.run({"steps": [call()]}, outcomes, stories=stories) as going:
        await going.run.wait()


async def retry_of_a_run_that_executed_a_story(stage: Stage) -> None:
    """The second execution; the run of the step goes on, too."""
    stories = (inner(execution=NEVER),)
    outcomes = {"call-work": [exited(1), succeeded({"id": "42"})]}
    async with stage.run({"steps": [call()]}, outcomes, stories=stories) as going:
        await going.run.wait()
        await (await going.run.retry(by="ada")).wait()


async def executed_story_that_nobody_awaited(stage: Stage) -> None:
    """The step is over when the other run begins."""
    spec = {"steps": [call(waitForCompletion=False), engram("next", "call")]}
    outcomes = {"call-work": succeeded({"id": "42"})}
    async with stage.run(spec, outcomes, stories=(inner(),)) as going:
        await going.run.wait()


async def executed_story_that_was_cancelled_with_its_step(stage: Stage) -> None:
    """The other run is ended first."""
    spec = {"steps": [call()], "finally": [engram("tidy")]}
    async with stage.run(spec, stories=(inner(),), immediate=False) as going:
        await until_called(going)
        await going.run.cancel(by="ada")
        await going.run.wait()


async def executed_story_that_was_cancelled_by_itself(stage: Stage) -> None:
    """Somebody ends the run that the step waits for; that is a failure."""
    async with stage.run({"steps": [call()]}, stories=(inner(),), immediate=False) as going:
        await until_called(going)
        await stage.client.get_workflow_handle(
            going.run.workflow_id.replace(stage.name, f"{stage.name}-call")
        ).cancel()
        await going.run.wait()


async def executed_story_that_outlived_its_time(stage: Stage) -> None:
    """The deadline of the one ends the other."""
    spec = {"steps": [call()], "policy": {"timeouts": {"story": "300ms"}}}
    async with stage.run(spec, stories=(inner(),), immediate=False) as going:
        await going.run.wait()


async def executed_story_without_an_end(stage: Stage) -> None:
    """Each executes the other under a condition; how deep they go is bounded."""
    again = {
        "name": "again",
        "type": "executeStory",
        "if": "{{ inputs.more }}",
        "with": {"storyRef": {"name": "release"}, "with": {"more": True}},
    }
    deep: dict[str, Any] = {"execution": {"maxRecursionDepth": 2}}
    other = {"metadata": {"name": "inner"}, "spec": {"steps": [again], "policy": deep}}
    spec = {"steps": [call(**{"with": {"more": True}})], "policy": deep}
    async with stage.run(spec, stories=(Story.model_validate(other),)) as going:
        await going.run.wait()


SCENARIOS: Final[tuple[Scenario, ...]] = (
    executed_story_that_was_awaited,
    executed_story_that_failed,
    retry_of_a_run_that_executed_a_story,
    executed_story_that_nobody_awaited,
    executed_story_that_was_cancelled_with_its_step,
    executed_story_that_was_cancelled_by_itself,
    executed_story_that_outlived_its_time,
    executed_story_without_an_end,
)
