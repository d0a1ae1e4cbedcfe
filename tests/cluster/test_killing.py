"""A worker killed at every seam of a run: nothing is lost, and nothing is executed twice.

The seams are the requests to the API server: what a worker does is done in one of them, or in
Temporal between two of them.
"""

from pathlib import Path
from typing import Final

import pytest
from temporalio.client import Client

from adapters.kubernetes.resources import JOBS, PODS, STEP_RUNS, STORY_RUNS
from runwright.models.objects import Manifest
from runwright.rules.bubustack.redrive import OBSERVED, REDRIVE
from testbed.cluster import Testbed
from tests.cluster.account import Account
from tests.cluster.doomed import RUN, Scene, Scenes, Seam
from tests.cluster.hands import annotate
from tests.cluster.quick_worker import START_WINDOW
from tests.cluster.runs import retries, step
from workflows import policies

_STARTING: Final = {
    "before the run is marked as started": Seam(r"PATCH .*/storyruns/web-1$"),
    "after the run was marked as started": Seam(r"PATCH .*/storyruns/web-1$", is_after=True),
    "after its ServiceAccount was made": Seam(r"POST .*/serviceaccounts$", is_after=True),
    "after the StepRun was made": Seam(r"POST .*/stepruns$", is_after=True),
    "after the Job was made": Seam(r"POST .*/jobs$", is_after=True),
    "after the start was noted": Seam(r"PATCH .*/stepruns/web-1-build/status$", is_after=True),
    "before a status is written": Seam(r"PATCH .*/storyruns/web-1/status$"),
    "after a status was written": Seam(r"PATCH .*/storyruns/web-1/status$", is_after=True),
}
_ENDING: Final = {
    "after the pod ended, before that is reported": Seam(r"GET .*/stepruns/web-1-build$"),
    "after the end was reported, before the pod is let go": Seam(r"PATCH .*/pods/"),
    "after the pod was let go": Seam(r"PATCH .*/pods/", is_after=True),
    "after the Job was let go": Seam(r"PATCH .*/jobs/web-1-build$", is_after=True),
    "before the end is shown": Seam(r"PATCH .*/storyruns/web-1/status$"),
    "after the end was shown": Seam(r"PATCH .*/storyruns/web-1/status$", is_after=True),
}
_STOPPING: Final = {
    "before the stop is noted": Seam(r"PATCH .*/jobs/web-1-build$"),
    "after the stop was noted": Seam(r"PATCH .*/jobs/web-1-build$", is_after=True),
    "after the pod was told to end": Seam(r"DELETE .*/pods/", is_after=True),
}
_RETRYING: Final = {
    "before the earlier Job is removed": Seam(r"DELETE .*/jobs/web-1-build$"),
    "after the earlier Job was removed": Seam(r"DELETE .*/jobs/web-1-build$", is_after=True),
    "after the StepRun was cleared": Seam(r"PATCH .*/stepruns/web-1-build/status$", is_after=True),
    "after the StepRun was taken over": Seam(r"PATCH .*/stepruns/web-1-build$", is_after=True),
    "after the next Job was made": Seam(r"POST .*/jobs$", is_after=True),
}
_DELETING: Final = {
    "after the namespace was looked at": Seam(r"GET /api/v1/namespaces/[^/]+$", is_after=True),
    "while the running step is stopped": Seam(r"DELETE .*/pods/", is_after=True),
    "while the hook is started": Seam(r"POST .*/jobs$", is_after=True),
    "after its tasks were removed": Seam(r"DELETE .*/jobs/web-1-build$", is_after=True),
    "before its object is released": Seam(r"PATCH .*/storyruns/web-1$"),
    "after its object was released": Seam(r"PATCH .*/storyruns/web-1$", is_after=True),
}
_REDRIVING: Final = {
    "while its steps are stopped": Seam(r"DELETE .*/pods/", is_after=True),
    "before its StepRuns are removed": Seam(r"DELETE .*/stepruns/web-1-build$"),
    "after its StepRuns were removed": Seam(r"DELETE .*/stepruns/web-1-build$", is_after=True),
    "before the token is noted": Seam(r"PATCH .*/storyruns/web-1$"),
    "after the token was noted": Seam(r"PATCH .*/storyruns/web-1$", is_after=True),
}


@pytest.fixture
def scenes(
    node: Testbed,
    client: Client,
    account: Account,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Scenes:
    """Where workers can be doomed; those that take over learn of it as soon as they would."""
    monkeypatch.setattr(policies, "START_WINDOW", START_WINDOW)
    return Scenes(node, client, account, tmp_path)


async def test_a_worker_killed_while_a_step_starts_has_it_executed_once(scenes: Scenes) -> None:
    async def play(scene: Scene, seam: Seam) -> None:
        await scene.story(step("build"))
        scene.doom(seam)
        await scene.worker.start()

        await scene.start()
        await scene.died()
        async with scene.taken_over():
            state = await scene.over("Succeeded", "Failed")

        assert state.phase == "Succeeded"
        assert state.steps["build"].tries == 1
        assert scene.ledger.began == {"web-1-build": 1}
        assert await scene.step_phases() == {"web-1-build": "Succeeded"}

    await scenes.each(_STARTING, play)


async def test_a_worker_killed_while_a_step_ends_loses_nothing_of_it(scenes: Scenes) -> None:
    async def play(scene: Scene, seam: Seam) -> None:
        await scene.run_until_step_runs(step("build"))

        scene.doom(seam)
        await scene.ledger.let_go()
        await scene.died()
        async with scene.taken_over():
            state = await scene.over("Succeeded", "Failed")

        assert state.phase == "Succeeded"
        assert scene.ledger.began == {"web-1-build": 1}
        assert await scene.step_phases() == {"web-1-build": "Succeeded"}

    await scenes.each(_ENDING, play)


async def test_a_worker_killed_while_it_stops_a_step_stops_it_all_the_same(
    scenes: Scenes,
) -> None:
    async def play(scene: Scene, seam: Seam) -> None:
        await scene.run_until_step_runs(step("build"))

        scene.doom(seam)
        await scene.cancel()
        await scene.died()
        async with scene.taken_over():
            state = await scene.over("Finished")

        assert state.steps["build"].phase == "Canceled"
        assert scene.ledger.began == {"web-1-build": 1}
        assert await scene.step_phases() == {"web-1-build": "Canceled"}

    await scenes.each(_STOPPING, play)


async def test_a_worker_killed_between_two_tries_has_each_executed_once(scenes: Scenes) -> None:
    """A try that was prepared and never started is none that was lost."""

    async def play(scene: Scene, seam: Seam) -> None:
        script = f'{scene.ledger.script}; test "$RUNWRIGHT_TRY" = 2 || exit 137'
        await scene.story(step("build", execution=retries(1, "12s")), script=script)
        await scene.worker.start()

        await scene.start()
        await scene.stage.until("web-1-build", _waits_for_its_retry, STEP_RUNS)
        scene.doom(seam)
        await scene.died()
        async with scene.taken_over():
            state = await scene.over("Succeeded", "Failed")

        assert state.steps["build"].phase == "Succeeded"
        assert state.steps["build"].tries == 2
        assert scene.ledger.began == {"web-1-build": 2}

    await scenes.each(_RETRYING, play)


async def test_a_worker_killed_while_it_deletes_a_run_leaves_nothing_of_it(
    scenes: Scenes,
) -> None:
    async def play(scene: Scene, seam: Seam) -> None:
        await scene.run_until_step_runs(step("build"), **{"finally": [step("tidy")]})

        scene.doom(seam)
        await scene.stage.cluster.delete(STORY_RUNS, (scene.stage.namespace, RUN))
        await scene.died()
        async with scene.taken_over():
            await scene.stage.until_gone(RUN)
            await scene.stage.until_none(JOBS, PODS, STEP_RUNS)

        assert scene.ledger.began == {"web-1-build": 1, "web-1-tidy": 1}

    await scenes.each(_DELETING, play)


async def test_a_worker_killed_while_it_redrives_a_run_has_it_executed_once_more(
    scenes: Scenes,
) -> None:
    """Between the end of one execution and the note that another one has begun."""

    async def play(scene: Scene, seam: Seam) -> None:
        await scene.run_until_step_runs(step("build"))

        scene.doom(seam)
        await annotate(scene.stage, RUN, {REDRIVE: "t1"})
        await scene.died()
        async with scene.taken_over():
            await scene.stage.until(RUN, _is_executed_again)
            await scene.ledger.let_go()
            state = await scene.over("Succeeded", "Failed")
            await scene.stage.until(RUN, _has_heeded)

        assert (state.phase, state.activation) == ("Succeeded", 2)
        assert scene.ledger.began == {"web-1-build": 2}
        assert await scene.step_phases() == {"web-1-build": "Succeeded"}

    await scenes.each(_REDRIVING, play)


def _is_executed_again(run: Manifest) -> bool:
    return bool((run.get("status") or {}).get("attempts") == 2)


def _has_heeded(run: Manifest) -> bool:
    return bool(run["metadata"]["annotations"].get(OBSERVED[REDRIVE]) == "t1")


def _waits_for_its_retry(record: Manifest) -> bool:
    return "nextRetryAt" in (record.get("status") or {})
