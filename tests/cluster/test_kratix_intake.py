"""Promises and requests on a cluster: taken in, run in real pods, and let go again."""

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
    assert holds(request, "ConfigureWorkflowCompleted")
