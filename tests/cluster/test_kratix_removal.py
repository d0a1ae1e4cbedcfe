"""What is kept of pipelines in a real cluster, and what goes with their parents."""

from typing import Any

import pytest

from adapters.kubernetes import identity
from adapters.kubernetes.kratix.lookups import resource_of
from adapters.kubernetes.resources import (
    CONFIG_MAPS,
    DEFINITIONS,
    JOBS,
    PODS,
    PROMISE_REVISIONS,
    RESOURCE_BINDINGS,
    SERVICE_ACCOUNTS,
    WORKS,
)
from runwright.models.kratix import SYSTEM_NAMESPACE, Parent, Plan, run_id
from runwright.models.kratix.configuration import JobDefaults, KratixConfig, WorkflowDefaults
from runwright.models.objects import Manifest
from tests.cluster.kratix import CONFIGURE, DELETE, Stand, handed_over, run, stand
from tests.cluster.test_kratix_outputs import owned_by, stored
from tests.unit.rules.kratix.documents import pipeline_manifest, workflows

__all__ = ["stand"]

JOBS_GO, WORKS_GO = "kratix.io/workflows-cleanup", "kratix.io/work-cleanup"
REQUESTS_GO, REVISIONS_GO = "kratix.io/resource-request-cleanup", "kratix.io/revision-cleanup"
BINDING_GOES, API_GOES = "kratix.io/resource-binding-cleanup", "kratix.io/api-crd-cleanup"


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


async def test_jobs_and_pods_of_a_request_go_with_it(stand: Stand) -> None:
    """Also those whose evidence nobody will ask for any more."""
    await stand.offered()
    request = await stand.request()
    held = await stand.job(run(request, number=1), "Failed", **ours(request, 1, held=True))
    await pod_of(stand, held)
    await stand.job(run(request, number=2))

    told = await stand.removal.remove(request, JOBS_GO)
    assert len(told) == 3
    while await stand.removal.remove(request, JOBS_GO):
        pass

    assert (await stand.names(JOBS), await stand.names(PODS)) == ([], [])


async def test_of_requests_of_one_name_only_that_ones_jobs_and_works_go(stand: Stand) -> None:
    """K60: in namespaces of their own, and in one for all."""
    await stand.offered()
    here, there = await stand.request(), await stand.request(namespace="default")
    await _made(stand, here, there)

    await _removed(stand, here)

    assert await _left(stand, there) == (1, 1)
    assert await _left(stand, here) == (0, 0)


async def test_where_all_requests_run_in_one_namespace_only_that_ones_go(stand: Stand) -> None:
    """K40 and K60."""
    await stand.offered(workflows={"config": {"pipelineNamespace": stand.namespace}})
    here, there = await stand.request(), await stand.request(namespace="default")
    await _made(stand, here, there)

    await _removed(stand, there)

    assert await _left(stand, here) == (1, 1)
    assert await _left(stand, there) == (0, 0)


async def test_works_go_where_pipelines_ran_before(stand: Stand) -> None:
    """Of a Promise that has another namespace for its pipelines now: else both would be placed."""
    promise = await stand.offered()
    request = await stand.request()
    await _made(stand, request)
    apart = request.model_copy(update={"pipeline_namespace": "default"})
    await _made(stand, apart)
    config = {"workflows": {"config": {"pipelineNamespace": "default"}}}
    await stand.edit(promise, spec=config)
    await stand.promises.install(promise)

    await stand.pipelines.tidy(await planned(stand, request))

    (work,) = await stand.pipelines.works(request)
    assert work.metadata.namespace == "default"


async def test_with_a_request_goes_what_it_has_anywhere(stand: Stand) -> None:
    """K60: by what each object says, and not by where the Promise has pipelines now."""
    await stand.offered()
    request, other = await stand.request(), await stand.request(namespace="default")
    apart = request.model_copy(update={"pipeline_namespace": "default"})
    await _made(stand, request, apart, other)

    await _removed(stand, request)

    assert await _left(stand, other) == (1, 1)
    assert (len(await stand.names(JOBS)), len(await stand.names(WORKS))) == (1, 1)


async def test_jobs_of_an_earlier_request_of_the_same_name_are_not_its(stand: Stand) -> None:
    """Each Job says whose it is: by its run, or by its owner."""
    await stand.offered()
    first = await stand.request()
    await stand.job(run(first, number=1), "Failed", **ours(first, 1))
    second = first.model_copy(update={"uid": "another"})
    owner = {"apiVersion": first.api_version, "kind": first.kind, "name": first.name}
    owned = {"ownerReferences": [{**owner, "uid": first.uid}]}
    await stand.job(run(first, number=2), "Failed", **owned)

    assert await stand.removal.remove(second, JOBS_GO) == []
    assert len(await stand.removal.remove(first, JOBS_GO)) == 2


async def test_a_job_that_somebody_labels_elsewhere_holds_up_no_deletion(stand: Stand) -> None:
    await stand.offered()
    request = await stand.request()
    elsewhere = request.model_copy(update={"pipeline_namespace": "default"})
    await stand.job(run(elsewhere))

    assert await stand.removal.remove(request, JOBS_GO) == []


async def test_a_binding_goes_with_its_request(stand: Stand) -> None:
    await stand.offered()
    requests = [await stand.request("orders"), await stand.request("stock")]
    for request in requests:
        await stand.parents.plan(request, CONFIGURE)

    await stand.removal.remove(requests[0], BINDING_GOES)

    assert await stand.removal.remove(requests[0], BINDING_GOES) == []
    assert await stand.names(RESOURCE_BINDINGS) == [f"{stand.name}-stock"]


async def test_the_requests_of_a_promise_go_in_their_own_time(stand: Stand) -> None:
    """Each has what holds it, and its own delete workflow."""
    promise = await stand.offered()
    held = await stand.request("held")
    await stand.request("free", namespace="default")
    await stand.edit(held, metadata={"finalizers": [WORKS_GO]})

    assert len(await stand.removal.remove(promise, REQUESTS_GO)) == 2
    left = await stand.removal.remove(promise, REQUESTS_GO)
    assert left == [f"database {stand.namespace}/held"]
    await stand.parents.release(held, WORKS_GO)

    assert await stand.removal.remove(promise, REQUESTS_GO) == []


async def test_the_versions_of_a_promise_go_whoever_held_them(stand: Stand) -> None:
    """An earlier controller's finalizer would keep them for ever."""
    promise = await stand.offered()
    (revision,) = await stand.listed(PROMISE_REVISIONS)
    name = ("", revision["metadata"]["name"])
    finalizers = {"metadata": {"finalizers": [REQUESTS_GO]}}
    await stand.cluster.patch(PROMISE_REVISIONS, name, finalizers)

    assert len(await stand.removal.remove(promise, REVISIONS_GO)) == 1

    assert await stand.removal.remove(promise, REVISIONS_GO) == []


async def test_the_works_of_a_promise_and_of_its_requests_go_with_it(stand: Stand) -> None:
    promise = await stand.offered()
    for parent in (promise, await stand.request()):
        await stand.pipelines.collect(run(parent), handed_over())

    assert len(await stand.removal.remove(promise, "kratix.io/dependencies-cleanup")) == 2

    assert await stand.names(WORKS) == []


async def test_the_api_of_a_promise_goes_last_and_only_its_own(stand: Stand) -> None:
    promise = await stand.offered()
    name = f"databases.{stand.name}.example.org"
    other = {"metadata": {"labels": {"kratix.io/promise-name": "another"}}}
    await stand.cluster.patch(DEFINITIONS, ("", name), other)
    assert await stand.removal.remove(promise, API_GOES) == []
    ours = {"metadata": {"labels": {"kratix.io/promise-name": stand.name}}}
    await stand.cluster.patch(DEFINITIONS, ("", name), ours)

    assert await stand.removal.remove(promise, API_GOES) == [f"customresourcedefinition {name}"]
    while await stand.removal.remove(promise, API_GOES):
        pass

    assert await stand.cluster.get(DEFINITIONS, "", name) is None


async def test_for_a_delete_workflow_nothing_is_removed(stand: Stand) -> None:
    promise = await stand.promise()

    assert await stand.removal.remove(promise, "kratix.io/delete-workflows") == []


async def test_a_promise_waits_for_the_configure_jobs_of_its_requests(stand: Stand) -> None:
    """K54: not for those that have ended, nor for what is no such Job."""
    promise = await stand.offered()
    request = await stand.request()
    await stand.job(run(promise))
    await stand.job(run(request, action=DELETE))
    await stand.job(run(request, number=1), "Complete")
    assert not await stand.removal.is_configuring(promise)

    job = await stand.job(run(request, number=2))

    assert await stand.removal.is_configuring(promise)
    await stand.end(job, "Failed")
    assert not await stand.removal.is_configuring(promise)


async def test_a_job_that_was_suspended_and_let_go_on_has_ended(stand: Stand) -> None:
    """K62: the condition that says that it is not suspended says nothing else."""
    promise = await stand.offered()
    job = await stand.job(run(await stand.request()))
    resumed = [{"type": "Suspended", "status": "False", "reason": "JobResumed"}]
    name = (stand.namespace, job["metadata"]["name"])
    await stand.cluster.patch(JOBS, name, {"status": {"conditions": resumed}}, subresource="status")
    assert await stand.removal.is_configuring(promise)

    await stand.end(job, "Complete")

    assert not await stand.removal.is_configuring(promise)


async def test_a_job_that_is_suspended_is_not_waited_for(stand: Stand) -> None:
    """Nobody would let it go on."""
    promise = await stand.offered()
    job = await stand.job(run(await stand.request()))
    name = (stand.namespace, job["metadata"]["name"])

    await stand.cluster.patch(JOBS, name, {"spec": {"suspend": True}})

    assert not await stand.removal.is_configuring(promise)


async def test_the_delete_workflow_of_a_promise_is_its_own(stand: Stand) -> None:
    """K56 and K53: what its requests run is none of it."""
    both = {
        "workflows": {
            **workflows(pipeline_manifest("bye"), type_="promise", action="delete")["workflows"],
            **workflows(pipeline_manifest("a"), action="delete")["workflows"],
        }
    }
    promise = await stand.offered(**both)

    plan = await stand.parents.plan(promise, DELETE)

    assert (plan.names, plan.parent.home) == (("bye",), SYSTEM_NAMESPACE)


async def _by_age(stand: Stand) -> list[Manifest]:
    return sorted(
        await stand.listed(JOBS), key=lambda one: str(one["metadata"]["creationTimestamp"])
    )


async def _let_go(stand: Stand, job: Manifest) -> None:
    name = (stand.namespace, job["metadata"]["name"])
    await stand.cluster.without_finalizer(JOBS, name, identity.EVIDENCE)


async def _made(stand: Stand, *requests: Parent) -> None:
    for request in requests:
        one = run(request)
        await stand.job(one, "Complete", **ours(request, 1))
        await stand.pipelines.collect(one, handed_over())


async def _removed(stand: Stand, request: Parent) -> None:
    for finalizer in (WORKS_GO, JOBS_GO):
        while await stand.removal.remove(request, finalizer):
            pass


async def _left(stand: Stand, request: Parent) -> tuple[int, int]:
    """Return how many Jobs and Works a request has."""
    name = run_id(request, CONFIGURE, 1)
    jobs = [
        one
        for one in await stand.listed(JOBS)
        if identity.annotations(one)[identity.WORKFLOW] == name
    ]
    assert resource_of(request).plural == "databases"
    return len(jobs), len(await stand.pipelines.works(request))
