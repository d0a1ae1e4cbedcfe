"""How long a step waits for what does its work."""

from temporalio.client import Client

from tests.integration.clusters import placed, placed_run
from tests.integration.missing import CHECK, blocked, checker, cluster_of, image, look_again


async def test_a_step_waits_no_longer_than_its_story(client: Client, task_queue: str) -> None:
    """What it is waited for until is the nearer of the two ends."""
    start = placed({"steps": [CHECK], "policy": {"timeouts": {"story": "1h"}}})
    cluster = cluster_of(start)

    async with placed_run(client, task_queue, start, cluster) as run:
        waiting = await blocked(run)
        await cluster.create(checker())
        await cluster.create(image())
        await look_again(run)
        await run.handle.result()

    assert waiting.steps["test"].deadline == waiting.deadline
