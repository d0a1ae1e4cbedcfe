"""Many deadlines on one timer: each rings in time, and few of them cost anything."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.worker import Worker

from runwright.worker import WORKFLOW_RUNNER
from tests.integration.alarmed import Alarmed, Deadlines


async def rung(
    client: Client, task_queue: str, after: Sequence[int], given_up: Sequence[int] = ()
) -> tuple[list[int], int]:
    """Return the places of the deadlines as they came, and how many timers that took."""
    deadlines = Deadlines(
        after=tuple(timedelta(milliseconds=one) for one in after), given_up=tuple(given_up)
    )
    async with Worker(
        client, task_queue=task_queue, workflows=[Alarmed], workflow_runner=WORKFLOW_RUNNER
    ):
        handle = await client.start_workflow(
            Alarmed.run, deadlines, id=f"alarmed-{uuid.uuid4()}", task_queue=task_queue
        )
        order = await handle.result()
    events = (await handle.fetch_history()).events
    timers = [one for one in events if one.event_type == EventType.EVENT_TYPE_TIMER_STARTED]
    return order, len(timers)


@pytest.mark.parametrize(
    ("after", "order"),
    [
        pytest.param([20, 120, 220], [0, 1, 2], id="as they were set"),
        pytest.param([220, 120, 20], [2, 1, 0], id="the last one first"),
        pytest.param([120, 20, 220], [1, 0, 2], id="mixed"),
        pytest.param([50, 50, 50], [0, 1, 2], id="all at once"),
        pytest.param([0, 20], [0, 1], id="one that is due already"),
    ],
)
async def test_everyone_is_woken_when_the_moment_comes(
    client: Client, task_queue: str, after: list[int], order: list[int]
) -> None:
    woken, _ = await rung(client, task_queue, after)

    assert woken == order


async def test_deadlines_at_one_moment_share_a_timer(client: Client, task_queue: str) -> None:
    _, timers = await rung(client, task_queue, [50] * 20)

    assert timers == 1


async def test_a_deadline_that_nobody_waits_for_any_more_costs_no_timer(
    client: Client, task_queue: str
) -> None:
    """Nearly every task ends before its deadline."""
    woken, timers = await rung(client, task_queue, [50, 3_600_000, 7_200_000], given_up=[1, 2])

    assert woken == [0]
    assert timers == 1
