"""Runs in a list."""

from temporalio.client import Client

from runwright.client import RunwrightClient
from tests.integration.runs import gate, start_of, started


async def test_a_run_that_was_retried_is_listed_once(client: Client, task_queue: str) -> None:
    start = start_of({"steps": [gate("ask")]})

    async with started(client, task_queue, start) as going:
        await going.run.reject("ask", by="ada")
        await going.run.wait()
        again = await going.run.retry()
        phases: list[str] = []
        while phases != ["Running"]:
            found = await RunwrightClient(client, task_queue).runs()
            phases = [run.phase for run in found if run.name == start.name]
        await again.approve("ask")
        await again.wait()

    assert phases == ["Running"]
