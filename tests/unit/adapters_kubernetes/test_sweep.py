"""What a sweep makes of runs that were ended without their own code."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, cast

import pytest

from adapters.kubernetes import story_sweep
from adapters.kubernetes.informer import Name
from adapters.kubernetes.story_sweep import StoryRunSweep
from runwright.models.bubustack import StoryRun
from runwright.models.story_run import run_of, workflow_id
from runwright.ports import Fate, RunStanding
from runwright.rules.bubustack.intake import RUN_ID
from runwright.rules.bubustack.redrive import REDRIVE

_RUN: Final = StoryRun.model_validate(
    {
        "metadata": {"name": "web-1", "namespace": "shop", "uid": "7f3a"},
        "spec": {"storyRef": {"name": "release"}},
        "status": {"phase": "Running"},
    }
)


class _Intake:
    """One open run, and what was written and told of it."""

    def __init__(self, run: StoryRun = _RUN) -> None:
        self._run = run
        self.status: dict[str, Any] = {}
        self.told: dict[str, str] = {}
        self.notes = self

    def open_run(self, _: Name) -> StoryRun:
        """Return the run."""
        return self._run

    async def write(self, _: StoryRun, status: dict[str, Any]) -> None:
        """Note the status."""
        self.status = status

    async def warn(self, _: StoryRun, reason: str, message: str) -> None:
        """Note the Event."""
        self.told[reason] = message


class _Terminated:
    """A Temporal in which somebody terminated the run, in a cluster whose node is dead."""

    def __init__(self, *left: str) -> None:
        self._left = left

    async def standing(self, _: str) -> RunStanding:
        """Return that it was terminated."""
        return RunStanding(Fate.ENDED_OUTSIDE, "r1", "Terminated", "wrong image")

    async def remove_tasks(self, _: str, __: str) -> Sequence[str]:
        """Return what does not go."""
        return self._left


@pytest.mark.parametrize("left", [(), ("pod shop/web-1-build-x7k2p",)], ids=["all gone", "a pod"])
async def test_what_is_left_of_a_run_that_was_ended_outside_is_told(
    monkeypatch: pytest.MonkeyPatch, left: tuple[str, ...]
) -> None:
    monkeypatch.setattr(story_sweep, "_REMOVED_WITHIN", 1)
    intake, outside = _Intake(), _Terminated(*left)
    ours = StoryRunSweep(cast("Any", intake), cast("Any", outside), cast("Any", outside))

    await _looked(ours)

    assert intake.status["phase"] == "Failed"
    assert intake.told.pop("Terminated") == "wrong image"
    assert [name in intake.told.get("TasksLeft", "") for name in left] == [True] * len(left)
    assert bool(intake.told) is bool(left)


async def test_a_run_between_two_executions_is_left_alone() -> None:
    """Its last one is over, and what it showed was wiped: nobody must say that it failed."""
    annotations = {RUN_ID: "r1", REDRIVE: "t1"}
    metadata = _RUN.metadata.model_copy(update={"annotations": annotations})
    intake = _Intake(_RUN.model_copy(update={"metadata": metadata, "status": None}))
    outside = _Terminated()
    ours = StoryRunSweep(cast("Any", intake), cast("Any", outside), cast("Any", outside))

    await _looked(ours)

    assert (intake.status, intake.told) == ({}, {})


async def _looked(sweep: StoryRunSweep) -> None:
    """Return once the sweep has looked at the run."""
    sweep.queue.add(("shop", "web-1"))
    looking = asyncio.create_task(sweep.queue.run())
    while len(sweep.queue):
        await asyncio.sleep(0)
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking


class _Orphans:
    """An intake that knows none of the StoryRuns of two runs, of which one is there."""

    def __init__(self) -> None:
        self.abandoned: list[str] = []
        self.story_runs = self

    def objects(self) -> dict[Name, Any]:
        """Return that none is known."""
        return {}

    def serves(self, namespace: str) -> bool:
        """Return whether it is this intake's."""
        return namespace == "shop"

    async def is_there(self, _namespace: str, name: str, _uid: str) -> bool:
        """Return whether the cluster has it."""
        return name == "there"

    def abandon(self, _namespace: str, name: str, _uid: str) -> None:
        """Note that it is to be ended."""
        self.abandoned.append(name)


async def test_a_run_whose_story_run_is_gone_is_ended() -> None:
    intake, nothing = _Orphans(), cast("Any", None)
    ours = StoryRunSweep(cast("Any", intake), nothing, nothing)
    open_ids = [
        *(workflow_id(namespace, "gone", "u-1") for namespace in ("shop", "elsewhere")),
        workflow_id("shop", "there", "u-2"),
        "storyrun/shop//u-3",
    ]

    for workflow in ours.unknown(open_ids):
        await ours.abandon_if_gone(workflow)

    assert intake.abandoned == ["gone"]


def test_the_id_of_a_workflow_says_which_run_it_is() -> None:
    assert run_of(workflow_id("shop", "web-1", "7f3a")) == ("shop", "web-1", "7f3a")
    others = ("deletion/storyrun/shop/web-1/7f3a", "storyrun/a", "storyrun/shop//7f3a", "")
    assert [run_of(other) for other in others] == [None] * 4
