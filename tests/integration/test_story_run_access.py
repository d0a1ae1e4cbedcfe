"""What the tasks of a run in a cluster act as: made before them, and again for what comes last."""

import asyncio

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import CancelledError

from adapters.kubernetes.resources import SERVICE_ACCOUNTS, STORY_RUNS, Resource
from runwright.errors import ClusterUnavailableError
from runwright.models.bubustack import Phase
from runwright.models.objects import Manifest
from runwright.models.runs import CancelRun, PauseRun
from runwright.models.story_run import ParentRun
from runwright.models.tasks import TaskNote
from tests.integration.accounts import account_of, without
from tests.integration.clusters import PlacedRun, object_of, placed, placed_run
from tests.integration.runs import engram
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster

SPEC = {"steps": [engram("work")], "finally": [engram("clean")]}


class _AwayAtFirst(MemoryCluster):
    """An API server that makes no ServiceAccount until it is `back`."""

    def __init__(self, *objects: Manifest) -> None:
        super().__init__(*objects)
        self.asked = asyncio.Event()
        self.back = False

    async def create(self, manifest: Manifest, resource: Resource | None = None) -> Manifest:
        """Create the object, or say that it cannot be done now."""
        if manifest["kind"] == SERVICE_ACCOUNTS.kind and not self.back:
            self.asked.set()
            message = "create serviceaccount: HTTP 503 away"
            raise ClusterUnavailableError(message)
        return await super().create(manifest, resource)


async def ended_by_cancel(run: PlacedRun) -> None:
    """Return once the run is closed as cancelled."""
    with pytest.raises(WorkflowFailureError, match="Workflow execution failed") as failure:
        await run.handle.result()
    assert isinstance(failure.value.cause, CancelledError)


async def test_a_cancel_while_the_account_is_made_is_a_cancel(
    client: Client, task_queue: str
) -> None:
    """The activity that is broken off is no refusal of the cluster."""
    start = placed(SPEC)
    cluster = _AwayAtFirst(object_of(start))

    async with placed_run(client, task_queue, start, cluster) as run:
        await cluster.asked.wait()
        await run.handle.signal("cancel", CancelRun(by="ada"))
        await ended_by_cancel(run)
        state = await run.state()

    assert {step.phase for step in state.steps.values()} == {Phase.SKIPPED}
    assert (await run.shown())["phase"] == Phase.FINISHED
    assert run.tasks.started == []


async def test_a_run_that_is_deleted_while_its_account_is_made_runs_its_hooks(
    client: Client, task_queue: str
) -> None:
    """They wait for the account as the first steps did."""
    start = placed(SPEC)
    cluster = _AwayAtFirst(object_of(start))

    async with placed_run(client, task_queue, start, cluster) as run:
        await cluster.asked.wait()
        await run.handle.signal("cancel", CancelRun(by="kubernetes", run_hooks=True))
        cluster.back = True
        await ended_by_cancel(run)

    assert run.tasks.started == [f"default/{start.name}-clean"]


async def test_a_paused_run_that_is_deleted_in_its_hooks_runs_the_rest_of_them(
    client: Client, task_queue: str
) -> None:
    """Nobody can resume it any more; it would hold its object until it is terminated."""
    rest = {"finally": [engram("clean"), engram("tell", "clean")]}
    start = placed({"steps": [{"name": "check", "type": "condition"}], **rest})

    async with placed_run(
        client, task_queue, start, MemoryCluster(object_of(start)), immediate=False
    ) as run:
        cleaning = await run.until_started(1)
        await run.handle.signal("pause", PauseRun(by="ada"))
        await run.handle.signal("cancel", CancelRun(by="kubernetes", run_hooks=True))
        await run.tasks.end(cleaning)
        await run.tasks.end(await run.until_started(2))
        state = await run.handle.result()

    assert state.steps["tell"].phase is Phase.SUCCEEDED


async def test_a_run_whose_object_is_gone_starts_nothing_and_fails(
    client: Client, task_queue: str
) -> None:
    """There is nobody to show it to, and nothing that its pods would go with."""
    start = placed(SPEC)

    async with placed_run(client, task_queue, start, MemoryCluster()) as run:
        with pytest.raises(WorkflowFailureError, match="Workflow execution failed"):
            await run.handle.result()
        state = await run.state()

    assert (state.phase, state.reason) == (Phase.FAILED, "ExecutionFailed")
    assert "the one that the run was started for is gone" in state.message
    assert run.tasks.started == []


async def test_an_account_that_a_task_cannot_start_without_is_made_again(
    client: Client, task_queue: str
) -> None:
    """Somebody removed it, or what ends a deletion in the foreground did so late."""
    start = placed(SPEC)
    cluster = MemoryCluster(object_of(start))

    async with placed_run(client, task_queue, start, cluster, immediate=False) as run:
        work = await run.until_started(1)
        await cluster.delete(SERVICE_ACCOUNTS, account_of(start))
        (key,) = run.tasks.executed
        await run.handle.signal("note_task", without(account_of(start)[1], key))
        while await cluster.get(SERVICE_ACCOUNTS, *account_of(start)) is None:
            await asyncio.sleep(0.01)
        await run.handle.signal("note_task", TaskNote(key=key))
        await run.tasks.end(work)
        await run.tasks.end(await run.until_started(2))
        state = await run.handle.result()

    assert state.phase is Phase.SUCCEEDED


async def test_hooks_get_their_account_again_and_keep_it(client: Client, task_queue: str) -> None:
    """The deletion in the foreground came back: somebody asked for it once more."""
    start = placed(SPEC)
    going = {"deletionTimestamp": "2026-03-01T12:00:00Z", "finalizers": ["somebody/else"]}
    cluster = MemoryCluster(object_of(start))

    async with placed_run(client, task_queue, start, cluster, immediate=False) as run:
        await run.until_started(1)
        key = start.namespace, start.name
        await cluster.patch(STORY_RUNS, key, {"metadata": going})
        await run.handle.signal("cancel", CancelRun(by="kubernetes", run_hooks=True))
        hook = await run.until_started(2)
        again = {"finalizers": ["somebody/else", "foregroundDeletion"]}
        await cluster.patch(STORY_RUNS, key, {"metadata": again})
        await cluster.delete(SERVICE_ACCOUNTS, account_of(start))
        note = without(account_of(start)[1], run.tasks.executed[1])
        await run.handle.signal("note_task", note)
        while await cluster.get(SERVICE_ACCOUNTS, *account_of(start)) is None:
            await asyncio.sleep(0.01)
        there = await cluster.get(STORY_RUNS, *key)
        await run.tasks.end(hook)
        await ended_by_cancel(run)

    assert there
    assert there["metadata"]["finalizers"] == ["somebody/else"]


async def test_the_account_that_a_policy_names_is_its_authors_to_make(
    client: Client, task_queue: str
) -> None:
    start = placed(SPEC)
    cluster = MemoryCluster(object_of(start))

    async with placed_run(client, task_queue, start, cluster, immediate=False) as run:
        work = await run.until_started(1)
        await cluster.delete(SERVICE_ACCOUNTS, account_of(start))
        (key,) = run.tasks.executed
        await run.handle.signal("note_task", without("deployer", key))
        await run.until(lambda state: state.steps["work"].diagnosis is not None)
        await run.tasks.end(work)
        await run.tasks.end(await run.until_started(2))
        await run.handle.result()

    assert await cluster.get(SERVICE_ACCOUNTS, *account_of(start)) is None


async def test_the_run_of_a_step_keeps_what_its_hooks_need_before_they_run(
    client: Client, task_queue: str
) -> None:
    """The run that it belongs to tells it to end, before its own deletion was looked at."""
    parent = ParentRun(name="outer", uid="9c1e", step="call", workflow_id="storyrun/default/outer")
    start = placed(SPEC, parent=parent)
    cluster = MemoryCluster(object_of(start, finalizers=["foregroundDeletion", "somebody/else"]))

    async with placed_run(client, task_queue, start, cluster, immediate=False) as run:
        await run.until_started(1)
        await run.handle.signal("cancel", CancelRun(by="kubernetes", run_hooks=True))
        hook = await run.until_started(2)
        there = await cluster.get(STORY_RUNS, start.namespace, start.name)
        await run.tasks.end(hook)
        await ended_by_cancel(run)

    assert there
    assert there["metadata"]["finalizers"] == ["somebody/else"]


async def test_an_account_that_went_with_its_object_is_made_again_for_the_hooks(
    client: Client, task_queue: str
) -> None:
    """Kubernetes may remove what an object owns before the object itself."""
    start = placed(SPEC)
    cluster = MemoryCluster(object_of(start))

    async with placed_run(client, task_queue, start, cluster, immediate=False) as run:
        while not run.tasks.started:
            await asyncio.sleep(0.01)
        await cluster.delete(SERVICE_ACCOUNTS, account_of(start))
        await run.handle.signal("cancel", CancelRun(by="kubernetes", run_hooks=True))
        while len(run.tasks.started) < 2:
            await asyncio.sleep(0.01)
        made_again = await cluster.get(SERVICE_ACCOUNTS, *account_of(start))
        await run.tasks.end(f"default/{start.name}-clean")
        await ended_by_cancel(run)

    assert made_again is not None
