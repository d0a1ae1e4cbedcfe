"""StoryRuns of a cluster that is kept in memory."""

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from temporalio.client import WorkflowFailureError

from runwright.models.runs import CancelRun
from runwright.models.story_run import ParentRun, workflow_id
from runwright.models.tasks import TaskNote
from tests.histories.runs_of_others import call, inner
from tests.histories.stage import Scenario, Stage
from tests.integration.accounts import account_of, without
from tests.integration.clusters import UID, object_of, placed, placed_run
from tests.integration.doomed import FINALIZER, NAMESPACE, Doomed
from tests.integration.missing import CHECK, blocked, checker, cluster_of, image, look_again
from tests.integration.runs import engram, gate
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster

_OUTER: Final = ParentRun(
    name="outer", uid="9c1e", step="call", workflow_id="storyrun/default/outer/9c1e"
)
_DELETION: Final = "deletion/storyrun/default/deletion-of-a-run"
_WITH_HOOK: Final[dict[str, Any]] = {"steps": [engram("work")], "finally": [engram("clean")]}


async def blocked_until_its_engram_came(stage: Stage) -> None:
    """A step lacks its Engram, until somebody says that it is there."""
    steps = [CHECK, {**CHECK, "name": "again", "needs": ["test"]}, engram("build")]
    start = placed({"steps": steps}, name=stage.name)
    cluster = cluster_of(start, image())
    async with placed_run(stage.client, stage.task_queue, start, cluster) as run:
        await blocked(run)
        await cluster.create(checker())
        await look_again(run)
        await run.handle.result()


async def run_of_a_step_whose_hooks_lost_what_they_need(stage: Stage) -> None:
    """The run that it belongs to is deleted, and tells it to end, its `finally` step included."""
    start = placed(_WITH_HOOK, name=stage.name, parent=_OUTER)
    cluster = MemoryCluster(object_of(start, finalizers=["foregroundDeletion"]))
    async with placed_run(stage.client, stage.task_queue, start, cluster, immediate=False) as run:
        await run.until_started(1)
        await run.handle.signal("cancel", CancelRun(by="kubernetes", run_hooks=True))
        await run.tasks.end(await run.until_started(2))
        with suppress(WorkflowFailureError):
            await run.handle.result()


async def run_of_a_step_that_kept_what_its_hooks_need(stage: Stage) -> None:
    """The same, of a run that takes no deletion in the foreground."""
    await run_of_a_step_whose_hooks_lost_what_they_need(stage)


async def task_that_lacked_its_account(stage: Stage) -> None:
    """The ServiceAccount of the run was removed; its task gets on all the same."""
    start = placed({"steps": [engram("work")]}, name=stage.name)
    cluster = MemoryCluster(object_of(start))
    async with placed_run(stage.client, stage.task_queue, start, cluster, immediate=False) as run:
        work = await run.until_started(1)
        (key,) = run.tasks.executed
        await run.handle.signal("note_task", without(account_of(start)[1], key))
        await run.until(lambda state: state.steps["work"].diagnosis is not None)
        await run.handle.signal("note_task", TaskNote(key=key))
        await run.until(lambda state: state.steps["work"].diagnosis is None)
        await run.tasks.end(work)
        await run.handle.result()


async def account_that_was_made_again(stage: Stage) -> None:
    """The same, of a run that makes it again."""
    await task_that_lacked_its_account(stage)


async def executed_story_of_a_cluster(stage: Stage) -> None:
    """The object of the other run is made before that run is started."""
    start = placed({"steps": [call()]}, name=stage.name, stories=(inner(),))
    cluster = MemoryCluster(object_of(start))
    async with placed_run(stage.client, stage.task_queue, start, cluster) as run:
        with suppress(WorkflowFailureError):  # the inner one has no output that it promises
            await run.handle.result()


async def deletion_of_a_run(stage: Stage) -> None:
    """It takes the object of the run from a deletion in the foreground, and lets it go last."""
    start = placed({"steps": [gate("ask")]}, name=stage.name)
    held = object_of(start, finalizers=[FINALIZER, "foregroundDeletion"])
    async with placed_run(
        stage.client, stage.task_queue, start, MemoryCluster(NAMESPACE, held)
    ) as run:
        await run.until(lambda state: bool(state.pending_gates))
        doomed = Doomed(stage.client, stage.task_queue, run, start.name)
        await doomed.deleted(timedelta(hours=1), _DELETION)


SCENARIOS: Final[tuple[Scenario, ...]] = (
    blocked_until_its_engram_came,
    run_of_a_step_whose_hooks_lost_what_they_need,
    run_of_a_step_that_kept_what_its_hooks_need,
    task_that_lacked_its_account,
    account_that_was_made_again,
    executed_story_of_a_cluster,
    deletion_of_a_run,
)
_NAMES: Final = frozenset(scenario.__name__.replace("_", "-") for scenario in SCENARIOS)


def id_of(name: str) -> str | None:
    """Return the id of the workflow that a scenario leaves behind; None if it is none of these."""
    if name == deletion_of_a_run.__name__.replace("_", "-"):
        return _DELETION
    return workflow_id("default", name, UID) if name in _NAMES else None
