"""How long what is left of a run is kept."""

from typing import Any

from adapters.kubernetes.resources import JOBS, PODS, STEP_RUNS, STORIES
from tests.cluster.hands import cancel
from tests.cluster.runs import Stage, gate, phase_of, step


def kept(children: int, run: int) -> dict[str, Any]:
    """Return the policy that keeps them that many seconds."""
    job = {"ttlSecondsAfterFinished": children, "storyRunRetentionSeconds": run}
    return {"execution": {"job": job}}


async def test_a_run_that_is_over_goes_after_its_children(stage: Stage) -> None:
    """First its StepRuns, with Jobs and pods; then, in its own time, the StoryRun."""
    await stage.engram("work")
    await stage.story("release", step("build"), policy=kept(children=1, run=20))

    async with stage.served():
        await stage.run("web-1", "release")
        await stage.until_phase("web-1", "Succeeded")
        run = await stage.until("web-1", lambda run: "childrenCleanedAt" in run["status"])
        await stage.until_none(STEP_RUNS, JOBS, PODS)
        still_there = await stage.story_run("web-1")
        await stage.until_gone("web-1")

    assert still_there
    assert phase_of(run) == phase_of(still_there) == "Succeeded"


async def test_how_long_a_run_is_kept_is_its_storys_to_say(stage: Stage) -> None:
    """0 keeps it, -1 does not keep it at all; a cancelled run is no exception."""
    await stage.story("ever", gate("go"), policy=kept(children=1, run=0))
    await stage.story("never", gate("go"), policy=kept(children=1, run=-1))

    async with stage.served():
        for name, story in (("web-1", "ever"), ("web-2", "never"), ("web-3", "never")):
            await stage.run(name, story)
            await stage.until_phase(name, "Running")
        await stage.approve("web-1", "go")
        await stage.until("web-1", lambda run: "childrenCleanedAt" in run["status"])
        await cancel(stage, "web-2")
        await stage.approve("web-3", "go")
        await stage.until_gone("web-2")
        await stage.until_gone("web-3")

    assert await stage.story_run("web-1")


async def test_a_run_that_was_over_before_it_started_is_kept_as_its_story_says(
    stage: Stage,
) -> None:
    """Nothing was written down at its start: there was none."""
    await stage.story("never", gate("go"), policy=kept(children=1, run=-1))

    async with stage.served():
        await stage.run("web-1", "never", cancelRequested=True)
        await stage.until_gone("web-1")


async def test_a_story_that_is_gone_or_changed_does_not_change_what_was_promised(
    stage: Stage,
) -> None:
    """What holds is written down when the run starts."""
    await stage.story("release", gate("go"), policy=kept(children=1, run=1))

    async with stage.served():
        await stage.run("web-1", "release")
        await stage.until_phase("web-1", "Running")
        await stage.cluster.delete(STORIES, (stage.namespace, "release"))
        await stage.approve("web-1", "go")
        await stage.until_gone("web-1")
