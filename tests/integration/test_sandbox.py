"""The sandbox that workflows run in."""

import asyncio
import os

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.worker import Worker

from runwright.worker import WORKFLOW_RUNNER


@workflow.defn(sandboxed=True, failure_exception_types=[Exception])
class Curious:
    """Ask the machine what a workflow must not ask it."""

    @workflow.run
    async def run(self) -> str:
        """Return something of the environment, if that can be had."""
        await asyncio.sleep(0.01)
        return os.environ["PATH"]


async def test_a_workflow_cannot_ask_the_machine(client: Client, task_queue: str) -> None:
    """Ours asks for no contexts of payloads; what it restricts is all the SDK's."""
    worker = Worker(
        client, task_queue=task_queue, workflows=[Curious], workflow_runner=WORKFLOW_RUNNER
    )

    async with worker:
        with pytest.raises(WorkflowFailureError) as refused:
            await client.execute_workflow(Curious.run, id=task_queue, task_queue=task_queue)

    assert "Cannot access os.environ" in str(refused.value.cause)
