"""Outputs that take long to be held against their schema, many at once."""

from typing import Any, Final

from temporalio.client import Client

from adapters.memory.tasks import succeeded
from runwright.models.bubustack import EngramTemplate, Phase
from tests.integration.pondering import Efforts, failures_in
from tests.integration.runs import engram, start_of, started
from workflows.effort import MOST_EFFORT

HARDEST: Final = 200_000
"""What the steps of one validation, in which each counts as two, come to."""
WIDE: dict[str, Any] = {"items": {"allOf": [{"type": "string"}] * 50}}


async def test_outputs_that_come_together_are_checked_one_after_the_other(
    client: Client, task_queue: str, efforts: Efforts
) -> None:
    """Each takes about as long as one may; Temporal takes all of them in a row for a deadlock."""
    image = EngramTemplate.model_validate(
        {
            "metadata": {"name": "image"},
            "spec": {
                "version": "1",
                "supportedModes": ["job"],
                "outputSchema": {"properties": {"x": WIDE}},
            },
        }
    )
    names = [f"s{number}" for number in range(6)]
    start = start_of({"steps": list(map(engram, names))}, templates=(image,))
    outcomes = {name: succeeded({"x": ["y"] * 150}) for name in names}

    async with started(client, task_queue, start, outcomes) as going:
        state = await going.run.wait()
        events = (await client.get_workflow_handle(going.run.workflow_id).fetch_history()).events

    assert state.phase is Phase.SUCCEEDED
    assert failures_in(events) == []
    assert max(efforts.taken) < MOST_EFFORT + HARDEST
