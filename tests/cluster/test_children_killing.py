"""A worker killed at every seam of a run within a run: there is one child, and it runs once."""

from pathlib import Path
from typing import Final

import pytest
from temporalio.client import Client

from adapters.kubernetes.resources import STORY_RUNS
from testbed.cluster import Testbed
from tests.cluster.account import Account
from tests.cluster.doomed import RUN, Scene, Scenes, Seam
from tests.cluster.quick_worker import START_WINDOW
from tests.cluster.runs import executes, phase_of, step
from tests.cluster.test_children import ended
from workflows import policies

_CHILD: Final = f"{RUN}-call"
_STARTING: Final = {
    "before the child is made": Seam(r"POST .*/storyruns$"),
    "after the child was made": Seam(r"POST .*/storyruns$", is_after=True),
    "before the child is marked": Seam(rf"PATCH .*/storyruns/{_CHILD}$"),
    "after the child was marked": Seam(rf"PATCH .*/storyruns/{_CHILD}$", is_after=True),
    "after its ServiceAccount was made": Seam(r"POST .*/serviceaccounts$", is_after=True),
    "before the child shows itself": Seam(rf"PATCH .*/storyruns/{_CHILD}/status$"),
    "after its Job was made": Seam(r"POST .*/jobs$", is_after=True),
}
_ENDING: Final = {
    "after the pod ended, before that is reported": Seam(rf"GET .*/stepruns/{_CHILD}-build$"),
    "before the child's end is shown": Seam(rf"PATCH .*/storyruns/{_CHILD}/status$"),
    "after the child's end was shown": Seam(rf"PATCH .*/storyruns/{_CHILD}/status$", is_after=True),
    "before the parent's end is shown": Seam(rf"PATCH .*/storyruns/{RUN}/status$"),
}
_BEGINNING_ANEW: Final = {
    "before the earlier child is removed": Seam(rf"DELETE .*/storyruns/{_CHILD}$"),
    "after the earlier child was removed": Seam(rf"DELETE .*/storyruns/{_CHILD}$", is_after=True),
    "after the next child was made": Seam(r"POST .*/storyruns$", is_after=True),
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


async def _prepared(scene: Scene) -> None:
    """Create the Story `release`, which executes another one."""
    await scene.story(executes("call", "inner"))
    await scene.stage.story("inner", step("build"))


async def _is_as_if_nothing_happened(scene: Scene) -> None:
    """Return once the run is over, which succeeded, as its child did that was executed once."""
    async with scene.taken_over():
        state = await scene.over("Succeeded", "Failed")
        await scene.stage.until_phase(_CHILD, "Succeeded", "Failed")
    phases = {one["metadata"]["name"]: phase_of(one) for one in await scene.stage.all(STORY_RUNS)}
    assert phases == {RUN: "Succeeded", _CHILD: "Succeeded"}
    assert state.steps["call"].phase == "Succeeded"
    assert scene.ledger.began == {f"{_CHILD}-build": 1}


async def test_a_worker_killed_while_a_child_starts_has_it_executed_once(scenes: Scenes) -> None:
    async def play(scene: Scene, seam: Seam) -> None:
        await _prepared(scene)
        scene.doom(seam)
        await scene.worker.start()

        await scene.start()
        await scene.died()

        await _is_as_if_nothing_happened(scene)

    await scenes.each(_STARTING, play)


async def test_a_worker_killed_while_a_child_ends_loses_nothing_of_it(scenes: Scenes) -> None:
    async def play(scene: Scene, seam: Seam) -> None:
        scene.ledger.hold(f"{_CHILD}-build")
        await _prepared(scene)
        await scene.worker.start()
        await scene.start()
        await scene.ledger.until_began(f"{_CHILD}-build")

        scene.doom(seam)
        await scene.ledger.let_go()
        await scene.died()

        await _is_as_if_nothing_happened(scene)

    await scenes.each(_ENDING, play)


async def test_a_worker_killed_while_a_child_begins_anew_has_it_executed_once_more(
    scenes: Scenes,
) -> None:
    async def play(scene: Scene, seam: Seam) -> None:
        given = {"with": {"x": "{{ inputs.x }}"}}
        script = f'{scene.ledger.script}; test "$BUBU_TRIGGER_DATA" = \'{{"x":2}}\''
        await scene.story(executes("call", "inner", **given), script=script)
        await scene.stage.story("inner", step("build", "work", **given))
        await scene.worker.start()
        run = await scene.stage.run(RUN, "release", inputs={"x": 1})
        await ended(scene.stage, run)

        scene.doom(seam)
        await scene.stage.runs.run(RUN, scene.stage.namespace).retry(inputs={"x": 2})
        await scene.died()
        async with scene.taken_over():
            state = await scene.over("Succeeded")

        assert state.steps["call"].phase == "Succeeded"
        assert scene.ledger.began == {f"{_CHILD}-build": 2}

    await scenes.each(_BEGINNING_ANEW, play)
