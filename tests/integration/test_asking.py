"""What a workflow asks of a cluster: answered at once, or by an activity that people see."""

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ActivityError
from temporalio.worker import Worker

from runwright.errors import RefusedError
from runwright.worker import WORKFLOW_RUNNER
from tests.histories.replaying import replayed
from tests.integration.asking import Asking, AskingTwice, Cluster
from workflows import asking

AT_ONCE = True
AT_LENGTH = False
Handle = WorkflowHandle[Any, str]


@asynccontextmanager
async def served(client: Client, task_queue: str, cluster: Cluster) -> AsyncGenerator[None]:
    """Have a worker of that cluster."""
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=[Asking, AskingTwice],
        activities=[cluster.ask],
        workflow_runner=WORKFLOW_RUNNER,
    ):
        yield


async def begin(client: Client, task_queue: str) -> Handle:
    """Have a workflow ask."""
    name = f"asking-{uuid.uuid4()}"
    return await client.start_workflow(Asking.run, "who", id=name, task_queue=task_queue)


async def for_ever(_: str) -> None:
    """Answer nothing."""
    await asyncio.Event().wait()


async def until_asked(cluster: Cluster, times: int) -> None:
    """Return once it was asked that often."""
    while len(cluster.questions) < times:
        await asyncio.sleep(0.01)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment is shorter than in operation."""
    monkeypatch.setattr(asking, "AT_ONCE", timedelta(seconds=0.2))


async def test_what_is_answered_at_once_is_no_activity(client: Client, task_queue: str) -> None:
    cluster = Cluster()
    async with served(client, task_queue, cluster):
        handle = await begin(client, task_queue)
        answer = await handle.result()

    assert answer == "who!"
    assert cluster.questions == [("who", AT_ONCE)]
    history = await handle.fetch_history()
    kinds = [one.event_type for one in history.events]
    assert EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED not in kinds
    assert kinds.count(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED) == 1
    await replayed(history, [Asking])


@pytest.mark.usefixtures("impatient")
async def test_what_is_not_answered_at_once_is_an_activity_and_may_be_given_up(
    client: Client, task_queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    """People see for what it waits, and it heeds them; the log has nothing to say of it."""
    cluster = Cluster(for_ever)
    async with served(client, task_queue, cluster):
        handle = await begin(client, task_queue)
        await until_asked(cluster, 2)
        pending = (await handle.describe()).raw_description.pending_activities
        await handle.signal(Asking.give_up)
        answer = await handle.result()

    assert [one.activity_type.name for one in pending] == ["ask_cluster"]
    assert cluster.questions == [("who", AT_ONCE), ("who", AT_LENGTH)]
    assert answer == "given up"
    assert [one.name for one in caplog.records if one.levelno >= logging.WARNING] == []


async def test_what_is_refused_is_refused_to_an_activity(
    client: Client, task_queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    """People see that, too; the log says it once."""

    async def refuse(question: str) -> None:
        message = f"answer {question}: HTTP 403"
        raise RefusedError(message)

    cluster = Cluster(refuse)
    async with served(client, task_queue, cluster):
        handle = await begin(client, task_queue)
        with (
            caplog.at_level(logging.WARNING, "temporalio.activity"),
            pytest.raises(WorkflowFailureError) as failed,
        ):
            await handle.result()

    assert cluster.questions == [("who", AT_ONCE), ("who", AT_LENGTH)]
    assert isinstance(failed.value.cause, ActivityError)
    assert str(failed.value.cause.cause) == "RefusedError: answer who: HTTP 403"
    assert [one.name for one in caplog.records].count("temporalio.activity") == 1


async def test_a_question_that_is_given_up_is_not_asked_again(
    client: Client, task_queue: str
) -> None:
    async def hold_up(question: str) -> None:
        if question == "when":
            await asyncio.Event().wait()

    cluster = Cluster(hold_up)
    async with served(client, task_queue, cluster):
        answer = await client.execute_workflow(
            AskingTwice.run,
            args=["when", "who"],
            id=f"asking-{uuid.uuid4()}",
            task_queue=task_queue,
        )

    assert answer == "who! True"
    assert sorted(cluster.questions) == [("when", AT_ONCE), ("who", AT_ONCE)]


async def test_a_worker_that_ends_while_it_asks_leaves_the_question_to_the_next(
    client: Client, task_queue: str
) -> None:
    """Its end cancels what it is at, which is no wish of the workflow's."""
    cluster = Cluster(for_ever)
    async with served(client, task_queue, cluster):
        handle = await begin(client, task_queue)
        await until_asked(cluster, 1)
    cluster.reply = None
    async with served(client, task_queue, cluster):
        answer = await handle.result()

    assert answer == "who!"
