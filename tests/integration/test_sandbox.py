"""The sandbox that workflows run in."""

import asyncio
import os
from configparser import ConfigParser

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


@workflow.defn(sandboxed=True, failure_exception_types=[Exception])
class Reader:
    """Read a file, by a module that all runs share."""

    @workflow.run
    async def run(self) -> str:
        """Return what it read, if that can be had."""
        return str(ConfigParser().read(__file__))


@pytest.mark.parametrize(
    ("asking", "refusal"),
    [
        pytest.param(Curious, "Cannot access os.environ", id="in a module of its own"),
        pytest.param(Reader, "Cannot access __builtins__.open", id="in a module that is shared"),
    ],
)
async def test_a_workflow_cannot_ask_the_machine(
    client: Client, task_queue: str, asking: type, refusal: str
) -> None:
    """Ours shares more modules and asks for no contexts; it restricts what the SDK's restricts.

    In modules that are shared that is little: what they may ask, the linter settles.
    """
    worker = Worker(
        client, task_queue=task_queue, workflows=[asking], workflow_runner=WORKFLOW_RUNNER
    )

    async with worker:
        with pytest.raises(WorkflowFailureError) as refused:
            await client.execute_workflow(asking.__name__, id=task_queue, task_queue=task_queue)

    assert refusal in str(refused.value.cause)
