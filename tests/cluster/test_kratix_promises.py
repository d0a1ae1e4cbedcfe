"""What a Promise needs in a real cluster before requests for it can be fulfilled."""

import pytest

from adapters.kubernetes.kratix.lookups import resource_of
from adapters.kubernetes.resources import DEFINITIONS, PROMISE_REVISIONS, PROMISES, WORKS
from runwright.errors import NotFoundError
from runwright.models.kratix import SYSTEM_NAMESPACE
from runwright.models.objects import Manifest
from runwright.rules.kratix.works import unpacked
from tests.cluster.kratix import Stand, stand
from tests.unit.rules.kratix.documents import pipeline_manifest, workflows

__all__ = ["stand"]

VERSION = "kratix.io/promise-version"
ASKED = "internal.workflows.kratix.io/run-from-start"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "databases"}}


async def versions(stand: Stand) -> dict[str, str]:
    """Return the versions of everything that an installation writes."""
    return {
        one["metadata"]["name"]: one["metadata"]["resourceVersion"]
        for kind in (DEFINITIONS, PROMISE_REVISIONS, WORKS)
        for one in await stand.listed(kind)
    }


async def definition(stand: Stand) -> Manifest:
    """Return the definition of the Promise's API."""
    (one,) = await stand.listed(DEFINITIONS)
    return one


async def latest(stand: Stand) -> list[tuple[str, bool]]:
    """Return the versions that are kept, and whether each says that it is the latest."""
    return sorted(
        (
            one["spec"]["version"],
            one["metadata"]["labels"].get("kratix.io/latest-revision") == "true"
            and one["status"]["latest"],
        )
        for one in await stand.listed(PROMISE_REVISIONS)
    )


async def test_the_api_of_a_promise_is_served_with_a_status(stand: Stand) -> None:
    promise = await stand.promise()

    installed = await stand.promises.install(promise)

    assert (installed.problems, installed.is_served, installed.version) == ((), True, "not-set")
    request = await stand.request()
    shown = {"message": "Pending", "whatever": {"a": 1}}
    kind, name = resource_of(request), (request.namespace, request.name)
    await stand.cluster.patch(kind, name, {"status": shown}, subresource="status")
    assert (await stand.there(request))["status"] == shown


async def test_what_is_so_already_is_not_written(stand: Stand) -> None:
    promise = await stand.offered(dependencies=[NAMESPACE])
    before = await versions(stand)

    await stand.promises.install(promise)

    assert await versions(stand) == before
    assert len(before) == 3


async def test_a_change_of_the_api_is_served(stand: Stand) -> None:
    """And what its author took out of it is gone."""
    promise = await stand.offered()
    api = stand.api
    schema = api["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    changed = {
        **schema,
        "properties": {"spec": {"type": "object", "properties": {"a": {"type": "string"}}}},
    }
    api["spec"]["versions"][0] |= {"schema": {"openAPIV3Schema": changed}}
    await stand.edit(promise, spec={"api": api})

    await stand.promises.install(promise)

    served = (await definition(stand))["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert served["properties"]["spec"]["properties"] == {"a": {"type": "string"}}


async def test_every_problem_of_a_promise_is_told_and_nothing_is_installed(stand: Stand) -> None:
    """K44."""
    promise = await stand.promise(
        **workflows(pipeline_manifest("a", unknown=1), pipeline_manifest("b", other=1)),
        annotations={"kratix.io/reconciliation-interval": "59s"},
    )

    installed = await stand.promises.install(promise)

    assert [one.partition(": ")[2] for one in installed.problems] == [
        "there is no such field",
        "there is no such field",
        'must be at least "1m0s", is "59s"',
    ]
    assert not installed.is_served
    assert await versions(stand) == {}


async def test_an_api_that_the_api_server_does_not_take_is_a_problem(stand: Stand) -> None:
    api = stand.api
    api["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["x"] = {"type": "no"}

    installed = await stand.promises.install(await stand.promise(api=api))

    (problem,) = installed.problems
    assert problem.startswith("spec.api: apply customresourcedefinition databases.")
    assert "HTTP 422" in problem


async def test_a_pipeline_that_no_job_can_be_made_of_is_a_problem(stand: Stand) -> None:
    """Only the API server knows all that is wrong with a pod; it is asked before anything is."""
    step = {"name": "create", "image": "a"}
    twice = pipeline_manifest("twice", containers=[step, step])
    both = workflows(pipeline_manifest(), twice)["workflows"]
    both["promise"] = {"delete": [pipeline_manifest("bye", nodeSelector={"a": "b c"})]}

    installed = await stand.promises.install(await stand.promise(workflows=both))

    told = [one.partition(": create job ") for one in installed.problems]
    assert [path for path, _, _ in told] == [
        "spec.workflows.promise.delete[0]",
        "spec.workflows.resource.configure[1]",
    ]
    assert 'Duplicate value: "create"' in told[1][2]
    assert await versions(stand) == {}


async def test_a_namespace_for_pipelines_that_is_not_there_is_a_problem(stand: Stand) -> None:
    given = {**workflows(pipeline_manifest())["workflows"], "config": {"pipelineNamespace": "no"}}

    installed = await stand.promises.install(await stand.promise(workflows=given))

    (problem,) = installed.problems
    assert 'namespaces "no" not found' in problem


async def test_the_api_of_another_promise_is_not_taken_over(stand: Stand) -> None:
    promise = await stand.offered()
    name = ("", f"databases.{stand.name}.example.org")
    other = {"metadata": {"labels": {"kratix.io/promise-name": "another"}}}
    await stand.cluster.patch(DEFINITIONS, name, other)

    installed = await stand.promises.install(promise)

    (problem,) = installed.problems
    assert 'is defined by the Promise "another"' in problem
    await stand.cluster.delete(DEFINITIONS, name)


async def test_a_promise_without_an_api_is_served(stand: Stand) -> None:
    promise = await stand.promise(api=None)

    installed = await stand.promises.install(promise)

    assert (installed.is_served, installed.problems) == (True, ())
    assert await stand.promises.ask_requests(promise) == 0


async def test_each_version_of_a_promise_is_kept(stand: Stand) -> None:
    """And one says that it is the latest."""
    promise = await stand.offered(labels={VERSION: "v1"})
    assert await latest(stand) == [("v1", True)]
    await stand.edit(promise, metadata={"labels": {VERSION: "v2"}})

    installed = await stand.promises.install(promise)

    assert installed.version == "v2"
    assert await latest(stand) == [("v1", False), ("v2", True)]


async def test_a_promise_without_a_version_changes_the_one_that_is_kept(stand: Stand) -> None:
    promise = await stand.offered()
    (before,) = await stand.listed(PROMISE_REVISIONS)
    await stand.edit(promise, spec={"destinationSelectors": [{"matchLabels": {"a": "b"}}]})

    await stand.promises.install(promise)

    (after,) = await stand.listed(PROMISE_REVISIONS)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"]["promiseSpec"] == (await stand.there(promise))["spec"]


async def test_dependencies_are_a_work_that_is_written_when_they_change(stand: Stand) -> None:
    promise = await stand.offered(
        dependencies=[NAMESPACE], destinationSelectors=[{"matchLabels": {"environment": "dev"}}]
    )
    before = await stand.work(SYSTEM_NAMESPACE)
    (group,) = before["spec"]["workloadGroups"]
    assert "kratix.io/last-updated-at" in before["metadata"]["annotations"]
    assert b"name: databases" in unpacked(group["workloads"][0]["content"])
    assert group["destinationSelectors"] == [
        {"matchLabels": {"environment": "dev"}, "source": "promise"}
    ]
    more = [NAMESPACE, {**NAMESPACE, "metadata": {"name": "more"}}]

    await stand.edit(promise, spec={"dependencies": more})
    await stand.promises.install(promise)

    after = await stand.work(SYSTEM_NAMESPACE)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    (group,) = after["spec"]["workloadGroups"]
    assert b"name: more" in unpacked(group["workloads"][0]["content"])


async def test_without_dependencies_their_work_goes(stand: Stand) -> None:
    promise = await stand.offered(dependencies=[NAMESPACE])

    await stand.edit(promise, spec={"dependencies": None})
    await stand.promises.install(promise)

    assert await stand.names(WORKS) == []


async def test_it_is_told_how_required_promises_were_found(stand: Stand) -> None:
    """K38."""
    required = [
        {"name": f"{stand.name}-ready", "version": "v1"},
        {"name": f"{stand.name}-other", "version": "v2"},
        {"name": f"{stand.name}-away"},
        {"name": f"{stand.name}-missing"},
    ]
    for name, status in (("ready", "Available"), ("other", "Available"), ("away", "Unavailable")):
        await _another(stand, f"{stand.name}-{name}", status)

    installed = await stand.promises.install(await stand.promise(requiredPromises=required))

    assert [one.state for one in installed.required] == [
        "Requirement installed",
        "Requirement not installed at the specified version",
        "Requirement not available",
        "Requirement not installed",
    ]
    for name in ("ready", "other", "away"):
        await stand.cluster.delete(PROMISES, ("", f"{stand.name}-{name}"))


async def test_every_request_is_asked_to_run_anew(stand: Stand) -> None:
    """K16: in all namespaces; one that is asked already is not written."""
    promise = await stand.offered()
    requests = [await stand.request(f"r{number}") for number in range(10)]
    requests.append(await stand.request("there", namespace="default"))

    assert await stand.promises.ask_requests(promise) == 11
    seen = [await stand.parents.see(one) for one in requests]
    assert all(one is not None and one.sight.is_on(ASKED) for one in seen)
    assert await stand.promises.ask_requests(promise) == 11

    assert [await stand.parents.see(one) for one in requests] == seen


async def test_a_request_that_goes_is_not_asked(stand: Stand) -> None:
    promise = await stand.offered()
    request = await stand.request()
    await stand.edit(request, metadata={"finalizers": ["kratix.io/work-cleanup"]})
    await stand.removal.remove(promise, "kratix.io/resource-request-cleanup")

    assert await stand.promises.ask_requests(promise) == 0

    await stand.parents.release(request, "kratix.io/work-cleanup")


async def test_a_promise_that_is_gone_cannot_be_installed(stand: Stand) -> None:
    promise = await stand.promise()
    await stand.cluster.delete(PROMISES, ("", stand.name))

    with pytest.raises(NotFoundError, match=r"install promise .*: it is gone"):
        await stand.promises.install(promise)


async def _another(stand: Stand, name: str, status: str) -> None:
    """Create another Promise, in version v1."""
    manifest = {
        "apiVersion": "platform.kratix.io/v1alpha1",
        "kind": "Promise",
        "metadata": {"name": name, "labels": {VERSION: "v1"}},
        "spec": {},
    }
    await stand.cluster.create(manifest)
    shown = {"status": {"status": status}}
    await stand.cluster.patch(PROMISES, ("", name), shown, subresource="status")
