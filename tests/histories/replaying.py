"""Replay of a history as a worker would do it, with its converter and in its sandbox."""

from collections.abc import AsyncIterator, Sequence

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, WorkflowRunner

from adapters.temporal.converter import DATA_CONVERTER
from runwright.worker import WORKFLOW_RUNNER, WORKFLOWS


async def replayed(
    recorded: WorkflowHistory,
    workflows: Sequence[type] = WORKFLOWS,
    runner: WorkflowRunner = WORKFLOW_RUNNER,
) -> None:
    """Return if the workflows decide as those did that the history is of.

    Raises:
        NondeterminismError: they do not.
    """

    async def histories() -> AsyncIterator[WorkflowHistory]:
        yield recorded

    replayer = Replayer(workflows=workflows, data_converter=DATA_CONVERTER, workflow_runner=runner)
    # Not `replay_workflow`, which leaves its iterators open behind it.
    results = await replayer.replay_workflows(histories(), raise_on_replay_failure=False)
    for failure in results.replay_failures.values():
        raise failure
