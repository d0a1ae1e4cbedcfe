"""The sandbox that workflows run in."""

import asyncio
import os
from configparser import ConfigParser
from typing import Final

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.worker import Worker

from adapters.temporal.standings import failure_of_code
from runwright.worker import WORKFLOW_RUNNER

LONG: Final = 5_000_000
"""Rounds of a loop: some tenths of a second."""
SHORT: Final = 0.05
"""Seconds that a workflow gets for a turn where the SDK gives two."""


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


@workflow.defn(sandboxed=True)
class Ponderer:
    """Think for longer than it may, beside a task that waits, and let nobody break that off."""

    @workflow.run
    async def run(self) -> str:
        """Return that it is through."""
        waiting = asyncio.create_task(workflow.wait_condition(lambda: False))
        await asyncio.sleep(0.001)
        left = LONG
        while left:
            try:
                while left:
                    left -= 1
            except BaseException:  # noqa: S112 - as one that meets a finaliser is lost
                continue
        waiting.cancel()
        return "through"


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


@pytest.mark.timeout(40)
async def test_a_run_that_was_taken_for_stuck_goes_on(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine every run may be; the SDK clears it away while it still thinks."""
    worker = Worker(
        client, task_queue=task_queue, workflows=[Ponderer], workflow_runner=WORKFLOW_RUNNER
    )
    with monkeypatch.context() as impatient:
        impatient.setattr(vars(worker)["_workflow_worker"], "_deadlock_timeout_seconds", SHORT)
        async with worker:
            run = await client.start_workflow(
                Ponderer.__name__, id=task_queue, task_queue=task_queue, result_type=str
            )
            while not any(failure_of_code([one]) for one in (await run.fetch_history()).events):
                await asyncio.sleep(0.01)
            impatient.undo()
            result = await run.result()

    assert result == "through"
