"""Promises and requests in trouble: what people and pipelines do that nobody foresaw."""

import asyncio
from datetime import timedelta

import pytest

from adapters.kubernetes.cluster import Selection
from adapters.kubernetes.resources import CONFIG_MAPS, JOBS, PODS, SERVICE_ACCOUNTS, Resource
from runwright.models.kratix import (
    SYSTEM_NAMESPACE,
    Ending,
    ParentReport,
    PipelinePhase,
    RunAgain,
)
from runwright.models.kratix.keys import MANUAL_RECONCILIATION, ON, PROMISE_NAME, WORKFLOW_SUSPENDED
from runwright.models.objects import Manifest
from runwright.models.runs import CancelRun
from tests.cluster.platform import Platform, condition, holds, phases, pipeline, shown
from workflows import policies

_SUSPENDS = """
if grep -q 'go: true' /kratix/input/object.yaml; then exit 0; fi
printf 'suspend: true\\nmessage: check the plan\\n' > /kratix/metadata/workflow-control.yaml
"""
_WAITS = """
if [ -n "${RUNWRIGHT_RESUMED:-}" ]; then exit 0; fi
printf 'suspend: true\\nmessage: check the backup\\n' > /kratix/metadata/workflow-control.yaml
"""
_RETRIES = "echo 'retryAfter: 1s' > /kratix/metadata/workflow-control.yaml"
_UNTIL_TOLD = "trap 'exit 1' TERM; while :; do sleep 0.2; done"
_ONCE = {"jobOptions": {"backoffLimit": 0}, "restartPolicy": "Never"}
_FORGES = "echo 'kratix: {workflows: {pipelines: []}}' > /kratix/metadata/status.yaml"


async def deleted(platform: Platform, drop: Manifest) -> str:
    """Return a Promise whose request `one` was fulfilled, and deleted then; `drop` runs for it."""
    manifest = platform.promise_manifest("db", pipeline("make"))
    manifest["spec"]["workflows"]["resource"]["delete"] = [drop]
    await platform.cluster.create(manifest)
    db = str(manifest["metadata"]["name"])
    await platform.request(db)
    await platform.until_reconciled(db)
    await platform.delete(db, "one")
    return db


async def test_a_suspended_pipeline_is_run_again_and_no_other(platform: Platform) -> None:
    """K28: by whoever removes the label."""
    async with platform.served():
        db = await platform.promise(
            "db", pipeline("make"), pipeline("plan", _SUSPENDS), pipeline("apply")
        )
        await platform.request(db)
        held = await platform.until(
            lambda one: phases(one) == ["Succeeded", "Suspended", "Pending"], db, "one"
        )
        await platform.until(
            lambda one: one["metadata"]["labels"].get(WORKFLOW_SUSPENDED) == ON, db, "one"
        )
        async with platform.another_job(db):
            await platform.label(db, "one", {WORKFLOW_SUSPENDED: None})
        await platform.edit(db, go=True)
        await platform.until_reconciled(db)
        names = [
            one["metadata"]["labels"]["kratix.io/pipeline-name"]
            for one in await platform.jobs(db, "one")
        ]

    entry = held["status"]["kratix"]["workflows"]["configure"]["pipelines"][1]
    assert entry["message"] == "check the plan"
    assert names[:3] == ["make", "plan", "plan"]
    assert names[3:] == ["make", "plan", "apply"]


async def test_a_pipeline_that_wants_to_be_run_later_is_counted(platform: Platform) -> None:
    """K29."""
    async with platform.served():
        db = await platform.promise("db", pipeline("make", _RETRIES))
        await platform.request(db)

        request = await platform.until(
            lambda one: any(it.get("attempts", 0) >= 2 for it in shown(one)), db, "one"
        )

    assert len(await platform.jobs(db, "one")) >= 2
    assert shown(request)[0]["phase"] in {"Suspended", "Running"}


async def test_an_image_that_cannot_be_pulled_is_mended_in_its_promise(platform: Platform) -> None:
    """Its Job can never start: the run that mends it does not wait for it."""
    made = pipeline("make")
    wrong = pipeline("make")
    wrong["spec"]["containers"][0]["image"] = "testbed.local/no-such-image:1"
    async with platform.served():
        db = await platform.promise("db", wrong)
        await platform.request(db)
        stalled = await platform.until(
            lambda one: any("cannot be pulled" in it.get("message", "") for it in shown(one)),
            *(db, "one"),
        )
        workflows = {"resource": {"configure": [made]}}
        await platform.patch_promise(db, {"workflows": workflows})
        await platform.until_reconciled(db)
        told = await platform.told("one")

    (message,) = [it["message"] for it in shown(stalled)]
    assert "correct the pipeline in its Promise" in message
    assert (
        f"`runwright cancel {platform.kind(db).kind}/{platform.namespace}/one` ends it" in message
    )
    assert "PipelineStalled" in told


async def test_a_run_whose_job_never_started_is_cancelled_and_says_so(platform: Platform) -> None:
    """And not that it failed, nor that nobody knows why."""
    wrong = pipeline("make")
    wrong["spec"]["containers"][0]["image"] = "testbed.local/no-such-image:1"
    async with platform.served():
        db = await platform.promise("db", wrong)
        request = await platform.request(db)
        await platform.until(
            lambda one: any("cannot be pulled" in it.get("message", "") for it in shown(one)),
            *(db, "one"),
        )
        asked = CancelRun(by="ops", reason="bad image")
        await platform.entity(request, db).signal("cancel", asked)
        stopped = await platform.until(
            lambda one: any("ops" in it.get("message", "") for it in shown(one)), db, "one"
        )

    assert [it["message"] for it in shown(stopped)] == ["Cancelled by ops: bad image"]


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have workers wait for two seconds where somebody may still start a task, not for thirty."""
    monkeypatch.setattr(policies, "START_WINDOW", timedelta(seconds=2))


async def refused(platform: Platform) -> str:
    """Return a Promise whose request `one` does not get on: a quota leaves no room for its Job."""
    db = await platform.promise("db", pipeline("make"))
    await platform.until_available(db)
    await platform.kubectl("create", "quota", "few", "--hard=count/jobs.batch=0")
    await platform.request(db, size=1)
    await platform.until(
        lambda one: any("exceeded quota" in it.get("message", "") for it in shown(one)), db, "one"
    )
    return db


async def until_over(platform: Platform, db: str) -> ParentReport:
    """Return what the entity of the request `one` knows, once its first run is over."""
    request = await platform.get(db, "one")
    assert request
    while not (report := await platform.report(request, db)).past:
        await asyncio.sleep(0.1)
    return report


@pytest.mark.usefixtures("soon")
async def test_a_run_whose_job_a_quota_refuses_is_cancelled(platform: Platform) -> None:
    """K58: nothing can take the place of the Job either, for that is a Job as well."""
    async with platform.served():
        db = await refused(platform)
        request = await platform.get(db, "one")
        assert request
        await platform.entity(request, db).signal("cancel", CancelRun(by="ada"))
        report = await until_over(platform, db)
        none = await platform.jobs(db, "one")
        await platform.kubectl("delete", "quota", "few")
        await platform.edit(db, size=2)
        await platform.until_reconciled(db)

    assert (report.past[-1].ending, none) == (Ending.FAILED, [])
    assert len(await platform.jobs(db, "one")) == 1


@pytest.mark.usefixtures("soon")
async def test_a_job_that_a_quota_refuses_makes_way_for_another_spec(platform: Platform) -> None:
    """K58: whoever asks for less gets it, and nothing of what was asked for before."""
    async with platform.served():
        db = await refused(platform)
        await platform.edit(db, size=2)
        report = await until_over(platform, db)
        await platform.kubectl("delete", "quota", "few")
        request = await platform.until_reconciled(db)
        later = await platform.report(request, db)

    assert [one.ending for one in report.past] == [Ending.INTERRUPTED]
    assert later.runs == 2
    assert len(await platform.jobs(db, "one")) == 1
    assert request["metadata"]["generation"] == request["status"]["observedGeneration"]


async def test_a_delete_pipeline_that_failed_is_run_again_when_somebody_says_so(
    platform: Platform,
) -> None:
    """K51."""
    drop = pipeline("drop", "exit 1", **_ONCE)
    async with platform.served():
        db = await deleted(platform, drop)
        failed = await platform.until(
            lambda one: condition(one, "DeleteWorkflowCompleted") != {}, db, "one"
        )
        once = await platform.jobs(db, "one", "delete")
        await platform.label(db, "one", {MANUAL_RECONCILIATION: ON})
        while len(again := await platform.jobs(db, "one", "delete")) < 2:
            await asyncio.sleep(0.1)
        told = await platform.told("one")

    assert condition(failed, "DeleteWorkflowCompleted")["reason"] == "DeleteWorkflowFailed"
    assert (len(once), len(again)) == (1, 2)
    assert "Failed Pipeline" in told


async def test_a_delete_pipeline_that_suspends_keeps_the_works_until_it_goes_on(
    platform: Platform,
) -> None:
    """K52: by whoever removes the label, and then the request goes."""
    drop = pipeline("drop", _WAITS)
    async with platform.served():
        db = await deleted(platform, drop)
        await platform.until(
            lambda one: one["metadata"]["labels"].get(WORKFLOW_SUSPENDED) == ON, db, "one"
        )
        held = await platform.until(lambda one: phases(one, "delete") == ["Suspended"], db, "one")
        works = await platform.works(db)
        once = await platform.jobs(db, "one", "delete")
        await platform.label(db, "one", {WORKFLOW_SUSPENDED: None})
        await platform.until_gone(db, "one")

    assert condition(held, "DeleteWorkflowCompleted")["reason"] == "DeleteWorkflowSuspended"
    assert condition(held, "DeleteWorkflowCompleted")["status"] == "False"
    assert condition(held, "Reconciled")["status"] == "Unknown"
    assert condition(held, "Reconciled")["reason"] == "WorkflowSuspended"
    assert shown(held, "delete")[0]["message"] == "check the backup"
    assert (len(once), len(works)) == (1, 1)
    assert await platform.works(db) == []


@pytest.mark.parametrize(
    "resource", [JOBS, SERVICE_ACCOUNTS, CONFIG_MAPS], ids=lambda one: one.kind
)
async def test_what_is_deleted_by_hand_in_the_middle_holds_nothing_up(
    platform: Platform, resource: Resource
) -> None:
    """A Job that is gone is none that succeeded: what becomes of it is said, and mended."""
    async with platform.served():
        db = await platform.promise("db", pipeline("make", "sleep 12"), pipeline("check"))
        request = await platform.request(db)
        while not any(map(_works, await platform.all(PODS))):
            await asyncio.sleep(0.05)
        await platform.delete_all(resource, db)
        if resource is JOBS:
            await platform.until(lambda one: "Failed" in phases(one), db, "one")
            await platform.entity(request, db).execute_update("run_again", RunAgain())
        await platform.until_reconciled(db)


def _works(pod: Manifest) -> bool:
    """Return whether the author's step runs: the reader before it needs its account."""
    containers: list[Manifest] = (pod.get("status") or {}).get("initContainerStatuses") or []
    return any(one["name"] == "work" and "running" in one["state"] for one in containers)


async def test_a_promise_with_fifty_requests_goes(platform: Platform) -> None:
    async with platform.served():
        db = await platform.promise("db")
        for number in range(50):
            await platform.request(db, f"r-{number}")
        await platform.until(lambda one: bool(one["metadata"].get("finalizers")), db, "r-49")
        await platform.delete(db)
        await platform.until_gone(db)


async def test_a_promise_that_is_deleted_in_the_foreground_runs_its_delete_pipeline(
    platform: Platform,
) -> None:
    """So Argo CD deletes; Kubernetes takes the Job that runs then, and no other."""
    manifest = platform.promise_manifest("db", pipeline("make"))
    own = {"configure": [pipeline("setup", _UNTIL_TOLD)], "delete": [pipeline("bye", **_ONCE)]}
    manifest["spec"]["workflows"]["promise"] = own
    db = str(manifest["metadata"]["name"])
    async with platform.served():
        promise = await platform.cluster.create(manifest)
        its_own = Selection(SYSTEM_NAMESPACE, f"{PROMISE_NAME}={db}")
        while not any(map(_works, (await platform.cluster.list(PODS, its_own)).items)):
            await asyncio.sleep(0.05)
        await platform.kubectl("delete", "promise", db, "--cascade=foreground", "--wait=false")
        await platform.until_gone(db)
        report = await platform.report(promise)

    ended = [one.phase for one in report.state.delete.pipelines]
    assert ended == [PipelinePhase.SUCCEEDED]


async def test_a_pipeline_cannot_write_a_status_that_is_not_its_own(platform: Platform) -> None:
    """K47: it fails, and says why."""
    async with platform.served():
        db = await platform.promise("db", pipeline("make", _FORGES))
        await platform.request(db)
        request = await platform.until(lambda one: phases(one) == ["Failed"], db, "one")

    assert not holds(request, "ConfigureWorkflowCompleted")
    assert condition(request, "Reconciled")["message"] == "Failing"


async def test_a_promise_has_its_requests_run_anew(platform: Platform) -> None:
    """K16."""
    async with platform.served():
        db = await platform.promise("db", pipeline("make"))
        await platform.request(db)
        await platform.until_reconciled(db)
        workflows = {"resource": {"configure": [pipeline("make"), pipeline("more")]}}
        await platform.patch_promise(db, {"workflows": workflows})
        await platform.until(lambda one: phases(one) == ["Succeeded"] * 2, db, "one")
