"""However a StoryRun is deleted, what always comes last in it runs before it goes."""

import pytest

from adapters.kubernetes.resources import JOBS, PODS
from runwright.models.bubustack import Phase
from tests.cluster.hands import (
    ENDLESS_ONCE,
    KUBECTL_PROPAGATION,
    SLOW_TO_END,
    delete,
    running_pod,
)
from tests.cluster.runs import Stage, retries, step


@pytest.mark.parametrize("cascade", KUBECTL_PROPAGATION)
async def test_hooks_run_however_a_run_is_deleted(stage: Stage, cascade: str) -> None:
    """Argo CD deletes in the foreground, which takes what a run owns before the run itself.

    The pod takes a while to end: the run hears of its own deletion before it hears of that.
    """
    await stage.engram("work", SLOW_TO_END)
    await stage.engram("tidy")
    hooks = [step("clean", "tidy", execution=retries(0)), step("tell", "tidy", "clean")]
    await stage.story("release", step("build"), **{"finally": hooks})

    async with stage.served():
        run = await stage.run("web-1", "release")
        await running_pod(stage, "web-1-build")
        await delete(stage, "storyrun", "web-1", f"--cascade={cascade}")
        await stage.until_gone("web-1")
        state = await stage.state(run)
        left = await stage.all(JOBS) + await stage.all(PODS)

    phases = {name: one.phase for name, one in state.steps.items()}
    assert phases == {
        "build": Phase.CANCELED,
        "clean": Phase.SUCCEEDED,
        "tell": Phase.SUCCEEDED,
    }
    assert left == []


async def test_a_hook_that_is_ended_by_the_deletion_is_tried_again(stage: Stage) -> None:
    """It ran already when what the run owns was to go first: its Job went, and its account."""
    await stage.engram("work", ENDLESS_ONCE)
    await stage.engram("tidy")
    hooks = [step("clean", execution=retries(2)), step("tell", "tidy", "clean")]
    await stage.story("release", step("build", "tidy"), **{"finally": hooks})

    async with stage.served():
        run = await stage.run("web-1", "release")
        await running_pod(stage, "web-1-clean")
        await delete(stage, "storyrun", "web-1", "--cascade=foreground")
        await stage.until_gone("web-1")
        state = await stage.state(run)

    phases = {name: (one.phase, one.tries) for name, one in state.steps.items()}
    assert phases == {
        "build": (Phase.SUCCEEDED, 1),
        "clean": (Phase.SUCCEEDED, 2),
        "tell": (Phase.SUCCEEDED, 1),
    }
