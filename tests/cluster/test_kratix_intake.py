"""Promises and requests on a cluster: taken in, run in real pods, and let go again."""

import asyncio
from datetime import timedelta
from typing import Final

from adapters.kubernetes import identity
from adapters.kubernetes.resources import JOBS, PODS, PROMISES, WORKS
from runwright.models.kratix.keys import ON, PAUSED, WORKFLOW_ACTION
from runwright.models.objects import Manifest
from runwright.rules.kratix.deletion import REQUEST_STEPS
from tests.cluster.platform import Platform, condition, files_in, holds, phases, pipeline

_PUT_OUT = (
    "echo hello > /kratix/output/greeting.txt; echo 'url: https://x' > /kratix/metadata/status.yaml"
)


async def test_a_request_is_fulfilled_from_the_moment_its_kind_is_served(
    platform: Platform,
) -> None:
    """K2, K3, K6: held, run pipeline by pipeline, and shown."""
    async with platform.served():
        db = await platform.promise("db", pipeline("make", _PUT_OUT), pipeline("check"))
        await platform.request(db, size=1)
        request = await platform.until_reconciled(db)
        (work,) = [
            one
            for one in await platform.works(db)
            if one["metadata"]["labels"].get("kratix.io/pipeline-name") == "make"
        ]
        promise = await platform.until_available(db)

    assert request["metadata"]["finalizers"] == list(REQUEST_STEPS)
    assert request["metadata"]["labels"]["kratix.io/promise-name"] == db
    assert phases(request) == ["Succeeded", "Succeeded"]
    assert request["status"]["url"] == "https://x"
    assert files_in(work) == {"greeting.txt": "hello\n"}
    assert len(await platform.jobs(db, "one")) == 2
    assert condition(promise, "Available")["reason"] == "PromiseAvailable"
    assert promise["status"]["kind"] == request["kind"]
    assert promise["status"]["apiVersion"] == request["apiVersion"]
    assert holds(request, "ConfigureWorkflowCompleted")


async def test_nothing_is_told_and_nothing_runs_at_a_resync(platform: Platform) -> None:
    """Two thousand requests at rest must cost next to nothing."""
    async with platform.served(cluster_resync_interval=timedelta(seconds=1)):
        db = await platform.promise("db", pipeline("make"))
        await platform.request(db)
        request = await platform.until_reconciled(db)
        await platform.until(lambda one: condition(one, "WorksSucceeded") != {}, db, "one")
        while any(map(identity.has_evidence, await platform.all(JOBS) + await platform.all(PODS))):
            await asyncio.sleep(0.05)
        before = await platform.signals(request, db)
        audited = platform.account.audited()
        listed = f"list {platform.kind(db).plural}.{platform.kind(db).api_version.split('/')[0]}"
        while [str(one.right) for one in audited.requests()].count(listed) < 3:
            await asyncio.sleep(0.1)
        asked = [one for one in audited.requests() if one.right.verb not in {"list", "watch"}]

    assert await platform.signals(request, db) == before
    assert {str(one.right) for one in asked} <= {
        "get configmaps",
        "update leases.coordination.k8s.io",
    }


async def test_a_promise_that_cannot_be_read_says_so_with_every_problem(
    platform: Platform,
) -> None:
    """K44: and is installed as soon as it can be."""
    broken = [pipeline(name, parallelism=3) for name in ("make", "check")]
    manifest = platform.promise_manifest("db", *broken)
    async with platform.served():
        await platform.cluster.create(manifest)
        db = manifest["metadata"]["name"]
        refused = await platform.until(lambda one: condition(one, "Available") != {}, db)
        while "InvalidPromise" not in (told := await platform.told(db, "default")):
            await asyncio.sleep(0.1)
        good = {"resource": {"configure": [pipeline("make")]}}
        await platform.cluster.patch(PROMISES, ("", db), {"spec": {"workflows": good}})
        await platform.until_available(db)

    said = condition(refused, "Available")["message"]
    assert "configure[0].spec.parallelism" in said
    assert "configure[1].spec.parallelism" in said
    assert "configure[1].spec.parallelism" in told["InvalidPromise"][0]


async def test_a_paused_promise_starts_nothing_and_goes_on_where_it_is_let(
    platform: Platform,
) -> None:
    """K36, K37."""
    async with platform.served():
        db = await platform.promise("db", pipeline("make"), labels={PAUSED: ON})
        await platform.until(
            lambda one: condition(one, "Available").get("reason") == "PausedReconciliation", db
        )
        await platform.label(db, "", {PAUSED: None})
        await platform.request(db)
        await platform.until_reconciled(db)
        await platform.label(db, "one", {PAUSED: ON})
        paused = await platform.until(
            lambda one: condition(one, "Reconciled").get("reason") == "PausedReconciliation",
            *(db, "one"),
        )
        await platform.edit(db, size=2)
        await platform.label(db, "one", {PAUSED: None})
        await platform.until_reconciled(db)
        jobs = await platform.jobs(db, "one")

    assert paused
    assert len(jobs) == 2  # the first, and one after the pause: none for the change in it
    assert len(await platform.jobs(db, "one")) == 2


async def test_an_entity_that_was_terminated_is_started_again_from_the_status(
    platform: Platform,
) -> None:
    async with platform.served():
        db = await platform.promise("db", pipeline("make"))
        await platform.request(db)
        request = await platform.until_reconciled(db)
        await platform.entity(request, db).terminate(reason="wrong cluster")
        while "WorkflowRestarted" not in (told := await platform.told("one")):
            await asyncio.sleep(0.1)
        report = await platform.report(request, db)

    assert "wrong cluster" in told["WorkflowRestarted"][0]
    assert report.state.configure.succeeded == 1
    assert len(await platform.jobs(db, "one")) == 1


async def test_a_request_whose_workflow_was_lost_can_be_deleted_all_the_same(
    platform: Platform,
) -> None:
    """Missing in Temporal must not keep an object for ever."""
    async with platform.served():
        db = await platform.promise("db", pipeline("make"))
        await platform.request(db)
        request = await platform.until_reconciled(db)
    await platform.entity(request, db).terminate(reason="lost")
    await platform.delete(db, "one")

    async with platform.served():
        await platform.until_gone(db, "one")


async def test_two_requests_of_one_name_are_two(platform: Platform) -> None:
    """K60: the Jobs and Works of one survive the other."""
    other = f"{platform.namespace}-b"
    platform.testbed.kubectl("create", "namespace", other)
    try:
        async with platform.served():
            db = await platform.promise("db", pipeline("make", _PUT_OUT))
            await platform.request(db)
            await platform.request(db, namespace=other)
            await platform.until_reconciled(db)
            while len(await platform.works(db)) < 2:
                await asyncio.sleep(0.1)
            kind = platform.kind(db)
            await platform.cluster.delete(kind, (other, "one"))
            while await platform.cluster.get(kind, other, "one"):
                await asyncio.sleep(0.1)
            works, jobs = await platform.works(db), await platform.jobs(db, "one")
    finally:
        platform.testbed.kubectl("delete", "namespace", other, "--wait=false")

    assert [one["metadata"]["namespace"] for one in works] == [platform.namespace]
    assert [one["metadata"]["namespace"] for one in jobs] == [platform.namespace]


async def test_twenty_edits_in_two_seconds_are_the_one_in_progress_and_the_newest(
    platform: Platform,
) -> None:
    async with platform.served():
        script = "sleep 20; cp /kratix/input/object.yaml /kratix/output/"
        db = await platform.promise("db", pipeline("make", script))
        await platform.request(db, size=0)
        while not await platform.jobs(db, "one"):
            await asyncio.sleep(0.05)
        for size in range(1, 21):
            await platform.edit(db, size=size)
            await asyncio.sleep(0.1)
        await platform.until_reconciled(db)
        (work,) = await platform.works(db)

    assert len(await platform.jobs(db, "one")) == 2
    assert "size: 20" in files_in(work)["object.yaml"]


async def test_a_change_of_a_work_is_shown_on_its_request(platform: Platform) -> None:
    """Somebody schedules Works elsewhere, and writes how that went."""
    async with platform.served():
        db = await platform.promise("db", pipeline("make", _PUT_OUT))
        await platform.request(db)
        await platform.until(
            lambda one: condition(one, "WorksSucceeded").get("status") == "Unknown", db, "one"
        )
        (work,) = await platform.works(db)
        key = work["metadata"]["namespace"], work["metadata"]["name"]
        ready = {"type": "Ready", "status": "True", "reason": "Ready", "message": "Ready"}
        now = {"lastTransitionTime": "2026-01-02T03:04:05Z"}
        patch = {"status": {"conditions": [{**ready, **now}]}}
        await platform.cluster.patch(WORKS, key, patch, subresource="status")
        request = await platform.until(lambda one: holds(one, "WorksSucceeded"), db, "one")

    assert holds(request, "Reconciled")


async def test_a_request_is_deleted_in_order_by_its_delete_pipeline(platform: Platform) -> None:
    """K49, K50: while its configure Job runs it waits for that."""
    delete = {"delete": [pipeline("drop", "echo bye")]}
    manifest = platform.promise_manifest("db", pipeline("make", "sleep 3"))
    manifest["spec"]["workflows"]["resource"] |= delete
    async with platform.served():
        await platform.cluster.create(manifest)
        db = manifest["metadata"]["name"]
        await platform.request(db)
        while not await platform.jobs(db, "one"):
            await asyncio.sleep(0.05)
        await platform.delete(db, "one")
        while not await platform.jobs(db, "one", "delete"):
            await asyncio.sleep(0.05)
        pods = await platform.all(PODS)
        await platform.until_gone(db, "one")
        events = await platform.told("one")

    configures = [one for one in pods if one["metadata"]["labels"][WORKFLOW_ACTION] == "configure"]
    assert [one["status"]["phase"] for one in configures] == ["Succeeded"]
    assert "Delete Pipeline started: drop" in events["PipelineStarted"]


async def test_a_promise_follows_those_that_it_requires(platform: Platform) -> None:
    """K38: as they come, and as they go; each says whom the other one is."""
    async with platform.served():
        network = platform.name("network")
        db = await platform.promise("db", requiredPromises=[{"name": network}])
        lacking = await platform.until(lambda one: condition(one, _REQUIRED) != {}, db)
        await platform.promise("network")
        await platform.until_available(db)
        required = await platform.until(_is_required, network)
        await platform.delete(network)
        without = await platform.until(lambda one: not holds(one, _REQUIRED), db)
        await platform.until_gone(network)
        await platform.promise("network")
        await platform.until_available(db)
        await platform.until(_is_required, network)
        await platform.delete(db)
        free = await platform.until(lambda one: not _is_required(one), network)

    assert condition(lacking, _REQUIRED)["reason"] == "RequirementsNotInstalled"
    assert condition(without, _REQUIRED)["reason"] == "RequirementsNotInstalled"
    assert not holds(without, "Available")
    assert required["status"]["requiredBy"] == [{"promise": {"name": db, "version": "not-set"}}]
    assert free["status"]["requiredBy"] == []


_REQUIRED: Final = "RequirementsFulfilled"


def _is_required(promise: Manifest) -> bool:
    return bool((promise.get("status") or {}).get("requiredBy"))


async def test_a_promise_takes_its_requests_with_it(platform: Platform) -> None:
    async with platform.served():
        db = await platform.promise("db", pipeline("make"))
        for number in range(5):
            await platform.request(db, f"r-{number}")
        await platform.until_reconciled(db, "r-4")
        await platform.delete(db)
        await platform.until_gone(db)
