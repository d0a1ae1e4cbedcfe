"""The first entity of a parent, and what has to be gone before there is another one."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import ALL, Listed, Selection
from adapters.kubernetes.objects import KubernetesObjects
from adapters.kubernetes.parents import beginning
from adapters.kubernetes.parents.beginning import Beginning, Manner
from adapters.kubernetes.parents.notes import ParentNotes
from adapters.kubernetes.resources import Resource
from adapters.kubernetes.status import KubernetesStatus
from adapters.temporal.entities import TemporalEntities
from runwright.errors import StillRunningError
from runwright.models.kratix import Seen, Sight, StartParent, WorkflowAction, run_id
from runwright.ports import Fate, RunStanding, Unmeasured
from runwright.rules.kratix.intervals import DEFAULT_INTERVAL
from runwright.rules.kratix.jobs.labels import labels_of_job
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster
from tests.unit.rules.kratix.runs import REQUEST, run_of

SEEN = Seen(sight=Sight(generation=1, hash="0" * 32), version="7", interval=DEFAULT_INTERVAL)
RUN = run_id(REQUEST, WorkflowAction.CONFIGURE, 3)


class LostEntities(TemporalEntities):
    """A Temporal that was set up anew."""

    def __init__(self) -> None:
        self.started: list[StartParent] = []

    async def standing(self, workflow_id: str) -> RunStanding:  # noqa: ARG002 - it knows none
        """Return that nothing is known of it."""
        return RunStanding(Fate.MISSING)

    async def start(self, start: StartParent) -> str:
        """Keep what is started."""
        self.started.append(start)
        return "r-1"


class HeldObjects(KubernetesObjects):
    """Jobs that do not go as long as their node is away."""

    def __init__(self, *left: str) -> None:
        self.left = list(left)

    async def remove_tasks(self, workflow_id: str, namespace: str) -> list[str]:
        """Return what is still there."""
        assert (workflow_id, namespace) == (RUN, "shop")
        return self.left


class JobCluster(MemoryCluster):
    """A cluster that lists its Jobs by several labels."""

    async def list(self, resource: Resource, selection: Selection = ALL) -> Listed:
        """Return the objects of that kind in the namespace."""
        wanted = resource.kind, selection.namespace
        return Listed([one for key, one in self.objects.items() if key[:2] == wanted], "1")


MANNER = Manner("c", stop_after=timedelta(minutes=3), delete_retries=2)


def cluster_of() -> MemoryCluster:
    """Return a cluster with a request, and the Job of its third run."""
    metadata = {"name": REQUEST.name, "namespace": "shop", "uid": REQUEST.uid}
    there: Any = {"apiVersion": REQUEST.api_version, "kind": REQUEST.kind, "metadata": metadata}
    marked = {"annotations": {identity.WORKFLOW: RUN}, "labels": labels_of_job(run_of())}
    job: Any = {"name": "kratix-database-orders-1", "namespace": "shop", **marked}
    return JobCluster(there, {"apiVersion": "batch/v1", "kind": "Job", "metadata": job})


async def test_no_entity_is_started_beside_a_job_that_an_earlier_one_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would make a second Job of the same parent."""
    monkeypatch.setattr(beginning, "_REMOVED_WITHIN", 1)
    cluster, entities, objects = cluster_of(), LostEntities(), HeldObjects("job shop/x")
    notes = ParentNotes(cluster, KubernetesStatus(cluster, "w-1"))
    one = Beginning(cluster, entities, objects, notes, MANNER, Unmeasured())

    with pytest.raises(StillRunningError, match="an earlier run left: job shop/x"):
        await one.begin(REQUEST, SEEN, "", is_new=False)
    before = list(entities.started)
    objects.left = []
    await one.begin(REQUEST, SEEN, "", is_new=False)

    assert before == []
    assert [start.runs for start in entities.started] == [3]
    (start,) = entities.started
    assert (start.stop_after, start.delete_retries) == (MANNER.stop_after, 2)
    told = [one["reason"] for key, one in cluster.objects.items() if key[0] == "Event"]
    assert "JobsLeft" in told
