"""Waiting for a task to be started, without anybody who is busy with that."""

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from activities import tasks as module
from activities.tasks import TaskActivities
from adapters.memory.completions import MemoryCompletions
from adapters.memory.tasks import MemoryTasks
from runwright.models.tasks import Backend
from tests.contract.backends import claim, key, task


async def test_a_task_that_was_started_is_not_waited_for() -> None:
    tasks = MemoryTasks(MemoryCompletions())
    await tasks.start(task(key()), claim("first"))
    expecting = TaskActivities({Backend.LOCAL: tasks})

    await ActivityEnvironment().run(expecting.expect_task, key())


async def test_one_that_is_not_is_for_temporal_to_ask_about_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever keeps it is told by who meets it: that it is not there yet is no alarm."""
    monkeypatch.setattr(module, "_LOOKS", [timedelta()] * 3)
    expecting = TaskActivities({Backend.LOCAL: MemoryTasks(MemoryCompletions())})

    with pytest.raises(ApplicationError, match="ns/web-build: it was not started yet") as caught:
        await ActivityEnvironment().run(expecting.expect_task, key())

    assert caught.value.type == "NotStartedError"
    assert caught.value.category is ApplicationErrorCategory.BENIGN
    assert not caught.value.non_retryable
