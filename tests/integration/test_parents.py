"""Requests for a Promise on a real Temporal: what starts their pipelines, and what comes of it."""

from typing import Final

from temporalio.client import Client

from runwright.models.kratix import Standing
from tests.integration.parents import (
    condition_in,
    phases_in,
    placed,
    promise_of,
    request_of,
)

MANUAL: Final = "kratix.io/manual-reconciliation"


async def test_two_pipelines_run_one_after_the_other_to_the_end(
    client: Client, task_queue: str
) -> None:
    """K3 and K6."""
    async with placed(client, task_queue, promise_of("a", "b")) as place:
        request = await place.apply(request_of())
        await request.until_runs("a")
        assert phases_in(request.status()) == ["Running", "Pending"]
        await request.end("a")
        await request.end("b")
        report = await request.until_stands(Standing.READY)

    status = request.status()
    assert request.ran() == ["a", "b"]
    assert phases_in(status) == ["Succeeded", "Succeeded"]
    assert status["observedGeneration"] == 1
    assert condition_in(status, "Reconciled") == ("True", "Reconciled")
    assert [one.ending for one in report.past] == ["Succeeded"]
