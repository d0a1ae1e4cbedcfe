"""Deleting a run ends in time, whatever does not."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from adapters.kubernetes import identity
from adapters.kubernetes.resources import JOBS, PODS, Resource
from adapters.temporal.runs import TemporalRuns
from runwright.errors import RefusedError
from runwright.models.deletion import Deleted
from runwright.models.runs import CancelRun
from tests.integration.clusters import object_of, placed, placed_run
from tests.integration.doomed import FINALIZER, NAMESPACE, Doomed
from tests.integration.runs import gate
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster


class _DeadNode(MemoryCluster):
    """A cluster in which no pod ends any more."""

    async def delete(self, resource: Resource, name: tuple[str, str], **given: Any) -> bool:
        """Remove the object, if it is no pod."""
        return resource is not PODS and await super().delete(resource, name, **given)


@asynccontextmanager
async def waiting(
    client: Client, task_queue: str, kind: type[MemoryCluster] = MemoryCluster
) -> AsyncGenerator[Doomed]:
    """Give a run that waits at a gate, to be deleted."""
    start = placed({"steps": [gate("ask")]})
    held = object_of(start, finalizers=[FINALIZER, "foregroundDeletion", "somebody/else"])
    cluster = kind(NAMESPACE, held)
    async with placed_run(client, task_queue, start, cluster) as run:
        yield Doomed(client, task_queue, run, start.name)


async def test_a_run_that_cannot_be_told_to_end_is_terminated_at_once(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Temporal takes 10,000 signals of a run and refuses the next; no grace changes that."""

    async def refuse(_: object, workflow_id: str, request: CancelRun) -> bool:  # noqa: ARG001
        message = "tell the run to end: exceeded workflow execution limit for signal events"
        raise RefusedError(message)

    monkeypatch.setattr(TemporalRuns, "tell_to_end", refuse)

    async with waiting(client, task_queue) as doomed:
        deleted = await doomed.deleted(timedelta(hours=1))
        ended = await doomed.run.handle.describe()
        left = await doomed.finalizers()

    assert deleted == Deleted(was_open=True, was_terminated=True)
    assert ended.status is WorkflowExecutionStatus.TERMINATED
    assert "could not be told to end" in doomed.told()["Terminated"]
    assert left == ["somebody/else"]


async def test_a_pod_that_never_goes_does_not_hold_the_object_for_ever(
    client: Client, task_queue: str
) -> None:
    """Its node may be dead; who waits for the deletion is told what is left."""
    async with waiting(client, task_queue, _DeadNode) as doomed:
        label = {identity.RUN: identity.run_digest(doomed.run.handle.id)}
        for kind in (JOBS, PODS):
            metadata = {"name": "web-a", "namespace": "default", "labels": label}
            await doomed.run.cluster.create(
                {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
            )
        await doomed.deleted(timedelta(seconds=1))
        left = await doomed.finalizers()

    assert "pod default/web-a" in doomed.told()["TasksLeft"]
    assert left == ["somebody/else"]


async def test_what_a_run_owns_does_not_go_before_it(client: Client, task_queue: str) -> None:
    """A foreground deletion would take from hooks what they need."""
    async with waiting(client, task_queue) as doomed:
        deleted = await doomed.deleted(timedelta(minutes=1))
        left = await doomed.finalizers()

    assert deleted == Deleted(was_open=True, was_terminated=False)
    assert left == ["somebody/else"]
    assert "TasksLeft" not in doomed.told()
