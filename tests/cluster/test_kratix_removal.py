"""What goes with Promises and requests in a real cluster."""

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Selection
from adapters.kubernetes.kratix.lookups import resource_of
from adapters.kubernetes.parents.allowance import Allowance
from adapters.kubernetes.resources import (
    CLUSTER_ROLES,
    DEFINITIONS,
    JOBS,
    PODS,
    PROMISE_REVISIONS,
    RESOURCE_BINDINGS,
    WORKS,
)
from runwright.models.kratix import SYSTEM_NAMESPACE, Parent, run_id
from runwright.rules.kratix.kept import Kind
from tests.cluster.kratix import CONFIGURE, DELETE, Stand, handed_over, run, stand
from tests.cluster.test_kratix_tidying import ours, planned, pod_of
from tests.unit.rules.kratix.documents import pipeline_manifest, workflows

__all__ = ["stand"]

JOBS_GO, WORKS_GO = "kratix.io/workflows-cleanup", "kratix.io/work-cleanup"
REQUESTS_GO, REVISIONS_GO = "kratix.io/resource-request-cleanup", "kratix.io/revision-cleanup"
BINDING_GOES, API_GOES = "kratix.io/resource-binding-cleanup", "kratix.io/api-crd-cleanup"
ACCESS_GOES = "kratix.io/dynamic-controller-dependant-resources-cleanup"


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


async def test_what_a_worker_may_do_with_requests_goes_after_their_kind(stand: Stand) -> None:
    """Who asks once more, for an answer that came late, is told that the request is gone."""
    promise = await stand.offered()
    kind = Kind(f"{stand.name}.example.org/v1", "Database", "databases")
    await Allowance(stand.cluster).grant(stand.name, kind)
    (role,) = await _gathered(stand)

    while await stand.removal.remove(promise, ACCESS_GOES):
        pass
    await stand.removal.remove(promise, API_GOES)
    assert await _gathered(stand) == [role]
    while await stand.removal.remove(promise, API_GOES):
        pass

    assert await _gathered(stand) == []


async def _gathered(stand: Stand) -> list[str]:
    """Return the roles by which the worker may look after the requests."""
    labels = f"kratix.io/promise-name={stand.name},runwright.dev/requests=true"
    found = (await stand.cluster.list(CLUSTER_ROLES, Selection(labels=labels))).items
    return [one["metadata"]["name"] for one in found]


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
    assert not await stand.removal.configuring(promise)

    job = await stand.job(run(request, number=2))

    named = [f"{request.namespace}/{request.name}"]
    assert await stand.removal.configuring(promise) == named
    await stand.end(job, "Failed")
    assert not await stand.removal.configuring(promise)


async def test_a_job_that_was_suspended_and_let_go_on_has_ended(stand: Stand) -> None:
    """K62: the condition that says that it is not suspended says nothing else."""
    promise = await stand.offered()
    job = await stand.job(run(await stand.request()))
    resumed = [{"type": "Suspended", "status": "False", "reason": "JobResumed"}]
    name = (stand.namespace, job["metadata"]["name"])
    await stand.cluster.patch(JOBS, name, {"status": {"conditions": resumed}}, subresource="status")
    assert await stand.removal.configuring(promise)

    await stand.end(job, "Complete")

    assert not await stand.removal.configuring(promise)


async def test_a_job_that_is_suspended_is_not_waited_for(stand: Stand) -> None:
    """Nobody would let it go on."""
    promise = await stand.offered()
    job = await stand.job(run(await stand.request()))
    name = (stand.namespace, job["metadata"]["name"])

    await stand.cluster.patch(JOBS, name, {"spec": {"suspend": True}})

    assert not await stand.removal.configuring(promise)


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
