"""However a StoryRun is deleted, what always comes last in it runs before it goes."""

import pytest

from adapters.kubernetes.resources import JOBS, PODS
from runwright.models.bubustack import Phase
from tests.cluster.hands import ENDLESS, KUBECTL_PROPAGATION, delete, running_pod
from tests.cluster.runs import Stage, retries, step


@pytest.mark.parametrize("cascade", KUBECTL_PROPAGATION)
async def test_hooks_run_however_a_run_is_deleted(stage: Stage, cascade: str) -> None:
    """Argo CD deletes in the foreground, which takes what a run owns before the run itself."""
    await stage.engram("work", ENDLESS)
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
