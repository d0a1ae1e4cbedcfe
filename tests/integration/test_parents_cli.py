"""The commands for Promises and requests, on a real Temporal."""

import json
from pathlib import Path

import pytest
from temporalio.client import Client

from adapters.memory.tasks import exited
from tests.acceptance.conftest import Terminal, ended, terminal_at
from tests.integration.parents import Entity, placed, promise_of, request_of


@pytest.fixture
def terminal(temporal: str, tmp_path: Path) -> Terminal:
    """A terminal that knows the cluster of the entities."""
    return terminal_at(tmp_path, temporal, RUNWRIGHT_CLUSTER="c")


def address_of(request: Entity) -> str:
    """Return how a command names a request."""
    parent = request.parent
    return f"request/{parent.promise}/{parent.namespace}/{parent.name}"


async def test_a_run_that_is_asked_for_is_waited_for(
    client: Client, task_queue: str, terminal: Terminal
) -> None:
    """It has not started yet when it was asked for: it is ready all the same, as before."""
    async with placed(client, task_queue, promise_of("a")) as place:
        request = await place.apply(request_of())
        await request.end("a")
        await request.until_ran(1)
        command = await terminal.begin("retry", address_of(request), "--wait")
        await request.end("a", exited(3), times=2)
        result = await ended(command)

    assert result.status == 1
    assert "runs again, all pipelines" in result.err
    assert "Failed" in result.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--input", "x=1"], "--input is for runs"),
        (["--all"], "--all is for runs"),
        (["--all", "--input", "x=1"], "--input and --all are for runs"),
    ],
    ids=" ".join,
)
async def test_what_does_nothing_for_a_request_is_refused(
    terminal: Terminal, words: list[str], said: str
) -> None:
    result = await terminal.run("retry", "Database/shop/orders", *words)

    assert (result.status, said in result.err) == (2, True), result.err


async def test_what_is_not_looked_after_is_told_with_the_cluster_that_was_meant(
    terminal: Terminal,
) -> None:
    """The wrong RUNWRIGHT_CLUSTER is the likeliest reason."""
    result = await terminal.run("get", "promise/none")

    assert result.status == 2
    assert result.err.splitlines()[0] == (
        "error: there is no promise/none that is looked after in cluster c"
    )
    assert "hint: RUNWRIGHT_CLUSTER is to be as the worker has it" in result.err


async def test_a_message_calls_a_request_what_it_is(
    client: Client, task_queue: str, terminal: Terminal
) -> None:
    async with placed(client, task_queue, promise_of("a")) as place:
        request = await place.apply(request_of())
        await request.end("a")
        await request.until_ran(1)

    result = await terminal.run("pause", address_of(request))

    assert result.err.splitlines() == [f"error: pause {address_of(request)}: it is over"]


async def test_a_list_says_that_there_are_more(
    client: Client, task_queue: str, terminal: Terminal
) -> None:
    async with placed(client, task_queue, promise_of("a")) as place:
        for name in ("one", "two"):
            request = await place.apply(request_of(name))
            await request.end("a")
            await request.until_ran(1)
        paused = await terminal.run("resume", address_of(request))
        first = await terminal.run("list", "requests", "--limit", "1", "--output", "json")

    assert paused.out == f"not paused: {address_of(request)} goes on as it did\n"
    assert len(json.loads(first.out)) == 1
    assert first.err == "there are more requests: --limit 10 shows more of them\n"
