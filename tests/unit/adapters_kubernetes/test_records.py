"""What a try finds in the object that stands for its step."""

from datetime import timedelta
from typing import Any

from adapters.kubernetes import identity
from adapters.kubernetes.records import Records
from adapters.kubernetes.resources import STEP_RUNS
from runwright.models.objects import Manifest
from runwright.models.tasks import Task, TaskKey, TaskRecord
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster
from tests.unit.adapters_kubernetes.tries import KEY


def step_run(key: TaskKey, **parts: Any) -> Manifest:
    """Return the StepRun of a try."""
    return {
        "apiVersion": "runs.bubustack.io/v1alpha1",
        "kind": "StepRun",
        "metadata": {
            "name": key.name,
            "namespace": key.namespace,
            "annotations": identity.annotations_of(key),
        },
        **parts,
    }


async def test_a_later_try_finds_its_own_key_and_no_end_of_an_earlier_one() -> None:
    """The run may be executed again with other inputs; what else is there stays."""
    spec = {"stepId": "build", "idempotencyKey": "order-7"}
    there = step_run(KEY, spec=spec, status={"phase": "Failed", "exitCode": 1, "effects": ["paid"]})
    cluster = MemoryCluster(there)
    key = KEY.model_copy(update={"execution": "second", "activation": 2})
    task = Task(key=key, command=(), timeout=timedelta(minutes=1), grace=timedelta(0), max_output=0)
    record = TaskRecord(
        manifest=there, renewed={"idempotencyKey": "order-8"}, running={}, cleared=("exitCode",)
    )

    await Records(cluster).renew(task, record, there)

    found = await cluster.get(STEP_RUNS, KEY.namespace, KEY.name)
    assert found is not None
    assert found["spec"] == {"stepId": "build", "idempotencyKey": "order-8"}
    assert found["status"] == {"effects": ["paid"]}
    assert found["metadata"]["annotations"] == identity.annotations_of(key)
