"""What is kept of pipelines in a real cluster once they are over."""

from typing import Any

import pytest

from adapters.kubernetes import identity
from adapters.kubernetes.resources import (
    CONFIG_MAPS,
    JOBS,
    PODS,
    SERVICE_ACCOUNTS,
    WORKS,
)
from runwright.models.kratix import Parent, Plan, run_id
from runwright.models.kratix.configuration import JobDefaults, KratixConfig, WorkflowDefaults
from runwright.models.objects import Manifest
from tests.cluster.kratix import CONFIGURE, DELETE, Stand, handed_over, run, stand
from tests.cluster.test_kratix_outputs import owned_by, stored

__all__ = ["stand"]


async def planned(stand: Stand, parent: Parent, **config: Any) -> Plan:
    """Return what the configure workflow of a parent executes, by other settings."""
    plan = await stand.parents.plan(parent, CONFIGURE)
    return plan.model_copy(update={"config": KratixConfig(**config)})


async def pod_of(stand: Stand, job: Manifest) -> Manifest:
    """Create the pod of a Job that nobody controls; no node takes it."""
    metadata = job["metadata"]
    while not await stand.cluster.get(SERVICE_ACCOUNTS, stand.namespace, "default"):
        pass
    labels = {
        **metadata["labels"],
        "batch.kubernetes.io/controller-uid": metadata["uid"],
        "batch.kubernetes.io/job-name": metadata["name"],
    }
    return await stand.cluster.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "labels": labels,
            },
            "spec": {
                "schedulerName": "nobody",
                "containers": [{"name": "status-writer", "image": "none"}],
            },
        }
    )


def ours(parent: Parent, number: int, *, held: bool = False) -> dict[str, Any]:
    """Return the metadata of a Job that a worker made; `held` if its end is not recorded."""
    said = {identity.WORKFLOW: run_id(parent, CONFIGURE, number), identity.TRY: "1.1"}
    return {"annotations": said, "finalizers": [identity.EVIDENCE] if held else []}


async def test_the_newest_jobs_of_a_pipeline_are_kept(stand: Stand) -> None:
    """K22: and the Works of pipelines that are no more, as long as the workflow fails."""
    await stand.offered()
    request = await stand.request()
    await stand.pipelines.collect(run(request, "before"), handed_over())
    for number in (1, 2, 3):
        await stand.job(run(request, number=number), "Failed")
    made = [one["metadata"]["name"] for one in await _by_age(stand)]

    plan = await planned(stand, request, number_of_jobs_to_keep=2)
    await stand.pipelines.tidy(plan, works=False)

    kept = await stand.names(JOBS)
    assert len(kept) == 2
    assert set(kept) < set(made)
    assert len(await stand.names(WORKS)) == 1


async def test_what_was_kept_of_a_log_goes_with_its_job(stand: Stand) -> None:
    """A request that fails again and again would collect one for each run."""
    await stand.offered()
    request = await stand.request()
    for number in (1, 2):
        said = ours(request, number)
        job = await stand.job(run(request, number=number), "Failed", **said)
        kept_for = {"annotations": said["annotations"], "labels": job["metadata"]["labels"]}
        await stored(stand, run(request), "", name=_log_of(job), **kept_for)

    await stand.pipelines.tidy(await planned(stand, request, number_of_jobs_to_keep=1))

    (kept,) = await stand.listed(JOBS)
    logs = [name for name in await stand.names(CONFIG_MAPS) if name.endswith("-log")]
    assert logs == [_log_of(kept)]


def _log_of(job: Manifest) -> str:
    return f"{job['metadata']['name']}-log"


async def test_a_job_that_runs_or_is_not_recorded_is_kept(stand: Stand) -> None:
    await stand.offered()
    request = await stand.request()
    running = await stand.job(run(request, number=1))
    awaited = await stand.job(run(request, number=2), "Failed", **ours(request, 2, held=True))
    deleting = await stand.job(run(request, number=3, action=DELETE), "Failed")
    for number in (4, 5):
        await stand.job(run(request, number=number), "Failed")

    await stand.pipelines.tidy(await planned(stand, request, number_of_jobs_to_keep=1))

    kept = await stand.names(JOBS)
    assert {one["metadata"]["name"] for one in (running, awaited, deleting)} < set(kept)
    assert len(kept) == 4
    await _let_go(stand, awaited)


async def test_works_of_pipelines_that_are_no_more_go(stand: Stand) -> None:
    """K48: what no pipeline made stays, and what belongs to somebody else."""
    dependencies = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}]
    promise = await stand.offered(dependencies=dependencies)
    request = await stand.request()
    await stand.pipelines.collect(run(request, "before"), handed_over())
    await stand.pipelines.collect(run(request), handed_over())
    await stand.pipelines.collect(run(promise, "before"), handed_over())

    await stand.pipelines.tidy(await planned(stand, request))
    (kept,) = await stand.pipelines.works(request)
    assert kept.metadata.labels["kratix.io/pipeline-name"] == "instance"
    assert len(await stand.pipelines.works(promise)) == 2
    await stand.pipelines.tidy(await planned(stand, promise))

    (static,) = await stand.pipelines.works(promise)
    assert static.metadata.labels["kratix.io/work-type"] == "static-dependency"


async def test_what_pods_stored_goes_once_it_was_read(stand: Stand) -> None:
    """Of a Job whose outcome is recorded; else somebody may still read it."""
    await stand.offered()
    one = run(await stand.request())
    held = ours(one.parent, 1, held=True)
    job = await stand.job(one, "Complete", **held)
    await stored(stand, one, "{}", **owned_by(job))
    plan = await planned(stand, one.parent)

    await stand.pipelines.tidy(plan)
    assert await stand.cluster.get(CONFIG_MAPS, stand.namespace, "pod-1")
    await _let_go(stand, job)
    await stand.pipelines.tidy(plan)

    assert await stand.cluster.get(CONFIG_MAPS, stand.namespace, "pod-1") is None


@pytest.mark.parametrize(("seconds", "kept"), [(None, 1), (1_000_000_000, 1), (60, 0)])
async def test_pods_go_so_long_after_their_job(
    stand: Stand, seconds: int | None, kept: int
) -> None:
    await stand.offered()
    request = await stand.request()
    await pod_of(stand, await stand.job(run(request), "Failed"))
    options = JobDefaults(pod_ttl_seconds_after_finished=seconds)

    await stand.pipelines.tidy(
        await planned(stand, request, workflows=WorkflowDefaults(job_options=options))
    )

    alive = [
        one for one in await stand.listed(PODS) if not one["metadata"].get("deletionTimestamp")
    ]
    assert len(alive) == kept
    assert len(await stand.names(JOBS)) == 1


async def _by_age(stand: Stand) -> list[Manifest]:
    return sorted(
        await stand.listed(JOBS), key=lambda one: str(one["metadata"]["creationTimestamp"])
    )


async def _let_go(stand: Stand, job: Manifest) -> None:
    name = (stand.namespace, job["metadata"]["name"])
    await stand.cluster.without_finalizer(JOBS, name, identity.EVIDENCE)
