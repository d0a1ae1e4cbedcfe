"""The runner that only pretends, where it goes beyond the contract."""

from datetime import timedelta

import pytest

from adapters.memory.completions import MemoryCompletions
from adapters.memory.tasks import MemoryTasks, exited, succeeded
from runwright.errors import NotFoundError
from runwright.ports import Answer
from tests.contract.backends import claim, key, task


async def test_an_immediate_task_is_over_when_it_starts() -> None:
    tasks = MemoryTasks(
        MemoryCompletions(), {"ns/web-build": succeeded({"image": "web:1"})}, immediate=True
    )

    outcome = await tasks.start(task(key()), claim("first"))

    assert outcome == succeeded({"image": "web:1"})
    assert tasks.started == ["ns/web-build"]


async def test_scripted_outcomes_go_to_the_tries_in_turn() -> None:
    script = {"ns/web-build": [exited(1), exited(2), succeeded()]}
    tasks = MemoryTasks(MemoryCompletions(), script, immediate=True)

    outcomes = [
        await tasks.start(task(key(try_number=number)), claim("c")) for number in range(1, 5)
    ]

    assert outcomes == [exited(1), exited(2), succeeded(), succeeded()]


async def test_a_task_ends_as_it_is_told() -> None:
    completions = MemoryCompletions()
    tasks = MemoryTasks(completions)
    await tasks.start(task(key()), first := claim("first"))

    assert await tasks.end("ns/web-build", exited(7)) is Answer.RECORDED

    assert await completions.outcome(first) == exited(7)


async def test_a_task_that_does_not_run_cannot_end() -> None:
    tasks = MemoryTasks(MemoryCompletions(), immediate=True)
    await tasks.start(task(key()), claim("first"))

    with pytest.raises(NotFoundError, match="task ns/web-build is not running"):
        await tasks.end("ns/web-build")


async def test_it_tells_what_it_stopped_while_it_ran() -> None:
    tasks = MemoryTasks(MemoryCompletions())
    await tasks.start(task(key("one")), claim("one"))

    await tasks.stop(key("one").model_copy(), timedelta())
    await tasks.stop(key("two"), timedelta())

    assert tasks.stopped == ["ns/one"]
