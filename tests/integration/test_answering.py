"""Work that is cancelled at the moment at which it gets an answer."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from temporalio.client import Client
from temporalio.worker import Worker

from runwright.worker import WORKFLOW_RUNNER
from tests.integration.answering import Answering, answer


@asynccontextmanager
async def served(client: Client, task_queue: str) -> AsyncGenerator[None]:
    """Have a worker for the workflow."""
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=[Answering],
        activities=[answer],
        workflow_runner=WORKFLOW_RUNNER,
    ):
        yield


async def test_a_cancellation_that_meets_an_answer_is_heeded(
    client: Client, task_queue: str
) -> None:
    """A run would wait for ever for work that goes on: who waited heard of the answer alone."""
    name = f"answering-{uuid.uuid4()}"
    async with served(client, task_queue):
        handle = await client.start_workflow(Answering.run, id=name, task_queue=task_queue)
        while not (await handle.describe()).raw_description.pending_activities:
            await asyncio.sleep(0.01)
        pending = client.get_async_activity_handle(workflow_id=name, run_id=None, activity_id="1")
        while (await handle.describe()).raw_description.pending_activities[0].attempt < 1:
            await asyncio.sleep(0.01)
    await handle.signal("cancel")  # nobody is there: both are heard at once
    await pending.complete("yes")
    async with served(client, task_queue):
        went_on = await handle.result()

    assert went_on == 0
