"""Runs of steps, when the run that they belong to is redriven."""

import asyncio
from typing import Any

from temporalio.client import Client, WorkflowHandle

from runwright.models.bubustack import Phase
from tests.integration.clusters import PlacedRun, placed, placed_run
from tests.integration.runs import engram, gate
from tests.integration.test_redriving import (
    Redriver,
    annotated,
    cluster_of,
    over,
    steps_started,
)
from tests.integration.test_story_run_children import executes, story


async def test_from_a_step_the_run_of_another_one_goes_on_where_it_failed(
    client: Client, task_queue: str
) -> None:
    """As in a retry from that step: nobody asked for what it had done to be done again."""
    inner = story("inner", engram("first"), gate("go", "first"))
    start = placed({"steps": [engram("build"), executes("call", "inner")]}, stories=(inner,))
    cluster = cluster_of(start)
    decision = {"gate": "go", "by": "ada"}

    async with placed_run(client, task_queue, start, cluster) as run:
        child = await _child_at_its_gate(client, run)
        await child.signal("decide_gate", {**decision, "verdict": "reject"})
        await over(run, Phase.FAILED)
        await annotated(run, step="build:t1")
        await Redriver(client, task_queue, cluster).redrive(run.name)
        await _child_at_its_gate(client, run, activation=2)
        await child.signal("decide_gate", {**decision, "verdict": "approve"})
        await run.handle.result()

    assert sorted(steps_started(run)) == ["build", "build", "call-first"]


async def _child_at_its_gate(
    client: Client, run: PlacedRun, activation: int = 1
) -> WorkflowHandle[Any, Any]:
    """Return the run of the step `call`, once that execution of it waits at its gate."""
    while True:
        state = await run.state()
        child = state.steps["call"].child
        if state.activation == activation and child and child.gates:
            return client.get_workflow_handle(child.workflow_id)
        await asyncio.sleep(0.02)
