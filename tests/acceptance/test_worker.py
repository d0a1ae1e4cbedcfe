"""`runwright worker` and `runwright setup`, on a Temporal of one's own choice."""

import json
import re
import signal
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from adapters.temporal.server import Addresses, serving
from tests.acceptance.started import environment, outcome, runwright
from tests.scraping import asked, free_address, read
from workflows.presentation import SEARCH_ATTRIBUTES

_EVENT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} [A-Z]+ [\w.]+: \S.*\n", flags=re.ASCII
)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def _unprepared_server(folder: Path) -> AsyncGenerator[dict[str, str]]:
    """Run a server that knows no search attributes; give the environment that leads there."""
    async with serving(folder, Addresses(0, 0), ()) as server:
        yield environment(folder, TEMPORAL_ADDRESS=server.grpc)


async def test_a_worker_without_a_server_does_not_start(tmp_path: Path) -> None:
    environ = environment(tmp_path, TEMPORAL_ADDRESS=f"127.0.0.1:{_free_port()}")

    status, text = await outcome("worker", environ=environ)

    assert status == 3
    assert f"connect to Temporal at {environ['TEMPORAL_ADDRESS']}" in text


async def test_a_worker_may_wait_for_its_server(tmp_path: Path) -> None:
    """As it must where both are started at once; it says each reason once, not at every attempt.

    A server that comes up may have another one than that nobody listens there.
    """
    port = _free_port()
    environ = environment(tmp_path, TEMPORAL_ADDRESS=f"127.0.0.1:{port}")

    async with runwright("worker", "--wait-for-server", environ=environ) as worker:
        await worker.said("action=temporal_awaited")
        async with serving(tmp_path, Addresses(port, 0), SEARCH_ATTRIBUTES):
            await worker.said("action=worker_started")
            status = await worker.stopped(signal.SIGTERM)

    lines = [line for line in worker.text.splitlines() if "temporal_awaited" in line]
    reasons = [line.partition("waiting: ")[2] for line in lines]
    assert status == 0
    assert len(reasons) == len(set(reasons)) > 0


async def test_a_worker_that_waits_can_be_stopped(tmp_path: Path) -> None:
    environ = environment(tmp_path, TEMPORAL_ADDRESS=f"127.0.0.1:{_free_port()}")

    async with runwright("worker", "--wait-for-server", environ=environ) as worker:
        await worker.said("action=temporal_awaited")

        status = await worker.stopped(signal.SIGINT)

    assert status == 0


async def test_a_namespace_is_set_up_once_and_then_served(tmp_path: Path) -> None:
    """The same holds on any Temporal: nothing of ours is in it before."""
    async with _unprepared_server(tmp_path) as environ:
        refused = await outcome("worker", environ=environ)
        first = await outcome("setup", environ=environ)
        second = await outcome("setup", environ=environ)
        async with runwright("worker", environ=environ) as worker:
            await worker.said("action=worker_started")
            status = await worker.stopped(signal.SIGTERM)

    where = f"Namespace default at {environ['TEMPORAL_ADDRESS']}"
    names = ", ".join(key.name for key in SEARCH_ATTRIBUTES)
    assert refused[0] == 2
    assert f"does not know the search attributes {names}: run `runwright setup`" in refused[1]
    assert first == (0, f"{where} is ready; registered {names}.\n")
    assert second == (0, f"{where} is ready; there was nothing to do.\n")
    assert status == 0


async def test_a_set_up_may_wait_for_its_server(tmp_path: Path) -> None:
    """In a pod, where to begin anew takes longer each time."""
    port = _free_port()
    environ = environment(tmp_path, TEMPORAL_ADDRESS=f"127.0.0.1:{port}")

    async with runwright("setup", "--wait-for-server", environ=environ) as setup:
        await setup.said("waiting: connect to Temporal")
        async with serving(tmp_path, Addresses(port, 0), ()):
            status = await setup.ended()

    assert status == 0
    assert "is ready; registered" in setup.text


async def test_a_set_up_that_waits_can_be_stopped(tmp_path: Path) -> None:
    environ = environment(tmp_path, TEMPORAL_ADDRESS=f"127.0.0.1:{_free_port()}")

    async with runwright("setup", "--wait-for-server", environ=environ) as setup:
        await setup.said("waiting: connect to Temporal")
        status = await setup.stopped(signal.SIGTERM)

    assert status == 3


async def test_each_event_of_a_worker_is_one_line(tmp_path: Path, temporal: str) -> None:
    """What collects logs takes a line for an event."""
    environ = environment(tmp_path, TEMPORAL_ADDRESS=temporal)

    async with runwright("worker", environ=environ) as worker:
        await worker.said("action=worker_started")
        await worker.stopped(signal.SIGTERM)

    assert [line for line in worker.lines if not _EVENT.fullmatch(line)] == []
    assert "action=worker_ended task_queue=runwright-local" in worker.lines[-1]


async def test_the_log_can_be_of_json(tmp_path: Path, temporal: str) -> None:
    """Every line of it: a traceback, and what Temporal's own core says, too."""
    environ = environment(tmp_path, TEMPORAL_ADDRESS=temporal, RUNWRIGHT_LOG_FORMAT="json")

    async with runwright("worker", environ=environ) as worker:
        await worker.said("worker_started")
        await worker.stopped(signal.SIGTERM)

    events = [json.loads(line) for line in worker.lines]
    assert [event["action"] for event in events if "action" in event] == [
        "worker_started",
        "worker_draining",
        "worker_ended",
    ]
    assert all({"time", "level", "logger", "message"} <= event.keys() for event in events)


async def test_a_log_of_json_tells_why_a_worker_ends(tmp_path: Path) -> None:
    """Who collects it reads nothing else."""
    environ = environment(
        tmp_path, TEMPORAL_ADDRESS=f"127.0.0.1:{_free_port()}", RUNWRIGHT_LOG_FORMAT="json"
    )

    status, text = await outcome("worker", environ=environ)

    event = json.loads(text.splitlines()[0])
    assert status == 3
    assert (event["level"], event["action"]) == ("ERROR", "worker_failed")
    assert event["error"] == "TemporalUnavailableError"
    assert event["message"].startswith("worker ends: connect to Temporal at 127.0.0.1:")


async def test_a_worker_tells_what_it_lacks_and_how_it_is(tmp_path: Path) -> None:
    """A kubelet lets it live meanwhile, and nobody's rollout goes on to the next."""
    port, probes, metrics = _free_port(), free_address(), free_address()
    environ = environment(
        tmp_path,
        TEMPORAL_ADDRESS=f"127.0.0.1:{port}",
        RUNWRIGHT_PROBES=str(probes),
        RUNWRIGHT_METRICS=str(metrics),
    )

    async with runwright("worker", "--wait-for-server", environ=environ) as worker:
        await worker.said("action=temporal_awaited")
        alive, without = await asked(f"{probes}/healthz"), await asked(f"{probes}/readyz")
        async with serving(tmp_path, Addresses(port, 0), SEARCH_ATTRIBUTES):
            await worker.said("action=worker_started")
            ready, scraped = await asked(f"{probes}/readyz"), await asked(f"{metrics}/metrics")
            await worker.stopped(signal.SIGTERM)

    assert alive == (200, "ok\n")
    assert without[0] == 503
    assert without[1].startswith(f"Temporal: connect to Temporal at 127.0.0.1:{port}: ")
    assert ready == (200, "ready\n")
    names = {name for name, _ in read(scraped[1])}
    assert names >= {"runwright_runs_started_total", "temporal_request"}


@pytest.mark.parametrize("name", ["PROBES", "METRICS"])
async def test_an_address_where_somebody_listens_is_refused(tmp_path: Path, name: str) -> None:
    """A worker that nobody can look after would be found out too late."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        taken = f"127.0.0.1:{held.getsockname()[1]}"
        environ = environment(tmp_path, **{f"RUNWRIGHT_{name}": taken})

        status, text = await outcome("worker", environ=environ)

    assert status == 2
    assert f"error: listen for {name.lower()} at {taken}: " in text
    assert "Address already in use" in text


async def test_a_worker_that_could_start_no_task_does_not_serve(
    tmp_path: Path, temporal: str
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    state = str(in_the_way / "state")
    environ = environment(tmp_path, TEMPORAL_ADDRESS=temporal, RUNWRIGHT_STATE=state)

    status, text = await outcome("worker", environ=environ)

    assert status == 3
    assert f"use the state folder {state}: Not a directory" in text


async def test_a_setting_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    status, text = await outcome("worker", environ=environment(tmp_path, RUNWRIGHT_DRAINS="PT5S"))

    assert status == 2
    assert "RUNWRIGHT_DRAINS: there is no such setting" in text
