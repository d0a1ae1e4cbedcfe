"""What the ports of Kratix's workflows promise, whatever keeps Promises and requests."""

from typing import Any

import pytest

from runwright.errors import NotFoundError
from runwright.models.kratix import Parent, PipelineRun, WorkflowAction
from runwright.models.kratix.keys import (
    MANUAL_RECONCILIATION,
    RESOURCE_REQUEST_CLEANUP,
    RUN_FROM_START,
    WORK_CLEANUP,
    WORKFLOW_SUSPENDED,
)
from runwright.rules.kratix.works import packed
from tests.contract.kratix import ContractPlatform
from tests.unit.rules.kratix.documents import pipeline, pipeline_manifest, workflows
from tests.unit.rules.kratix.runs import run_of

CONFIGURE, DELETE = WorkflowAction.CONFIGURE, WorkflowAction.DELETE
PIPELINES = workflows(pipeline_manifest("a"), pipeline_manifest("b"))


def run(parent: Parent, name: str = "a", action: WorkflowAction = CONFIGURE) -> PipelineRun:
    """Return a run of a pipeline."""
    return run_of(parent, action, pipeline(name))


def handed_over(*paths: str, **texts: str) -> dict[str, Any]:
    """Return the last word of a pod that left these files and texts."""
    return {"files": {path: packed(b"a: 1") for path in paths}, **texts}


async def works(platform: ContractPlatform, parent: Parent) -> list[str]:
    """Return of which pipelines a parent has Works."""
    found = await platform.pipelines.works(parent)
    return sorted(one.metadata.labels["kratix.io/pipeline-name"] for one in found)


async def test_a_parent_with_another_uid_is_gone(platform: ContractPlatform) -> None:
    await platform.offered()
    other = (await platform.request()).model_copy(update={"uid": "another"})

    assert await platform.parents.see(other) is None
    assert await platform.parents.mark(other, [MANUAL_RECONCILIATION], []) is None
    assert await platform.parents.release(other, WORK_CLEANUP) is None


async def test_labels_are_changed_and_seen(platform: ContractPlatform) -> None:
    await platform.offered()
    request = await platform.request()
    await platform.parents.mark(request, [WORKFLOW_SUSPENDED], [])

    seen = await platform.parents.mark(request, [MANUAL_RECONCILIATION], [WORKFLOW_SUSPENDED])

    assert seen
    assert seen.sight.is_on(MANUAL_RECONCILIATION)
    assert not seen.sight.is_on(WORKFLOW_SUSPENDED)
    assert seen == await platform.parents.see(request)


async def test_labels_that_are_so_make_no_version(platform: ContractPlatform) -> None:
    await platform.offered()
    request = await platform.request()
    before = await platform.parents.mark(request, [MANUAL_RECONCILIATION], [])

    assert await platform.parents.mark(request, [MANUAL_RECONCILIATION], []) == before


async def test_what_changed_is_not_older(platform: ContractPlatform) -> None:
    await platform.offered()
    request = await platform.request()
    before = await platform.parents.see(request)

    after = await platform.parents.mark(request, [MANUAL_RECONCILIATION], [])

    assert before
    assert after
    assert before.is_older_than(after)
    assert not after.is_older_than(before)


async def test_a_deleted_parent_is_there_until_nothing_holds_it(
    platform: ContractPlatform,
) -> None:
    await platform.offered()
    request = await platform.request()
    await platform.hold(request, WORK_CLEANUP, "example.org/mine")
    await platform.delete(request)

    seen = await platform.parents.release(request, WORK_CLEANUP)

    assert seen
    assert (seen.is_deleted, seen.finalizers) == (True, ("example.org/mine",))
    assert await platform.parents.release(request, "example.org/mine") is None
    assert await platform.parents.see(request) is None


async def test_a_plan_has_the_pipelines_in_their_order(platform: ContractPlatform) -> None:
    await platform.offered(**PIPELINES)
    request = await platform.request()

    plan = await platform.parents.plan(request, CONFIGURE)

    assert (plan.names, plan.parent, plan.promise_version) == (("a", "b"), request, "not-set")
    assert plan.seen == await platform.parents.see(request)


async def test_what_is_gone_has_no_plan(platform: ContractPlatform) -> None:
    await platform.offered(**PIPELINES)
    request = await platform.request()
    await platform.delete(request)

    with pytest.raises(NotFoundError, match=r"(?i)plan configure of database .*orders: it is gone"):
        await platform.parents.plan(request, CONFIGURE)


async def test_what_a_pipeline_puts_out_is_a_work_of_its_parent(
    platform: ContractPlatform,
) -> None:
    """K30: but not while it wants to run again; nor is there one of a delete pipeline."""
    await platform.offered(**PIPELINES)
    request, other = await platform.request(), await platform.request("stock")
    held = handed_over("a.yaml", control="suspend: true")

    assert (await platform.pipelines.collect(run(request), held)).control.holds
    await platform.pipelines.collect(run(request, action=DELETE), handed_over("a.yaml"))
    assert await works(platform, request) == []
    for name in ("a", "b", "a"):
        collected = await platform.pipelines.collect(run(request, name), handed_over("a.yaml"))
        assert collected.problem == ""

    assert await works(platform, request) == ["a", "b"]
    assert await works(platform, other) == []


@pytest.mark.parametrize(
    "texts", [{"control": "retryAfter: 1d"}, {"status": "kratix: 1"}, {"selectors": "a: 1"}]
)
async def test_what_cannot_be_read_is_a_problem(
    platform: ContractPlatform, texts: dict[str, str]
) -> None:
    """K31, K45 and K47."""
    await platform.offered(**PIPELINES)
    request = await platform.request()

    collected = await platform.pipelines.collect(run(request), handed_over("a.yaml", **texts))

    assert ".yaml" in collected.problem
    assert await works(platform, request) == []


async def test_works_of_pipelines_that_are_no_more_go(platform: ContractPlatform) -> None:
    """K22 and K48: unless the workflow failed."""
    await platform.offered(**PIPELINES)
    request = await platform.request()
    plan = await platform.parents.plan(request, CONFIGURE)
    for name in ("a", "before"):
        await platform.pipelines.collect(run(request, name), handed_over("a.yaml"))

    await platform.pipelines.tidy(plan, works=False)
    assert await works(platform, request) == ["a", "before"]
    await platform.pipelines.tidy(plan)

    assert await works(platform, request) == ["a"]


async def test_works_go_with_their_parent_and_no_others(platform: ContractPlatform) -> None:
    """K60."""
    await platform.offered(**PIPELINES)
    here, there = await platform.request(), await platform.request("orders", "default")
    for parent in (here, there):
        await platform.pipelines.collect(run(parent), handed_over("a.yaml"))

    while await platform.removal.remove(here, WORK_CLEANUP):
        pass

    assert (await works(platform, here), await works(platform, there)) == ([], ["a"])


async def test_requests_go_with_their_promise_once_nothing_holds_them(
    platform: ContractPlatform,
) -> None:
    promise = await platform.offered()
    held, _ = await platform.request(), await platform.request("stock")
    await platform.hold(held, WORK_CLEANUP)

    await platform.removal.remove(promise, RESOURCE_REQUEST_CLEANUP)
    left = await platform.removal.remove(promise, RESOURCE_REQUEST_CLEANUP)
    await platform.parents.release(held, WORK_CLEANUP)

    assert [one.rpartition("/")[2] for one in left] == ["orders"]
    assert list(await platform.removal.remove(promise, RESOURCE_REQUEST_CLEANUP)) == []


async def test_every_request_is_asked_to_run_anew(platform: ContractPlatform) -> None:
    """K16."""
    promise = await platform.offered()
    requests = [await platform.request(), await platform.request("stock", "default")]

    assert await platform.promises.ask_requests(promise) == 2

    for one in requests:
        seen = await platform.parents.see(one)
        assert seen
        assert seen.sight.is_on(RUN_FROM_START)


async def test_an_installed_promise_is_served(platform: ContractPlatform) -> None:
    promise = await platform.offered()

    installed = await platform.promises.install(promise)
    request = await platform.request()

    assert (installed.problems, installed.is_served, installed.version) == ((), True, "not-set")
    assert (installed.kind, installed.api_version) == (request.kind, request.api_version)
