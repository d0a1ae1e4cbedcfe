"""`runwright dev`: everything on one folder, which survives everything."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import psutil
import pytest

from runwright.client import RunwrightClient, connect
from runwright.models.bubustack import Phase
from tests.acceptance.started import Started, environment, outcome, processes_of, runwright

_HELD: Final = """
apiVersion: bubustack.io/v1alpha1
kind: Story
metadata: {name: held}
spec:
  steps: [{name: hold, ref: {name: shell}}]
---
apiVersion: bubustack.io/v1alpha1
kind: Engram
metadata: {name: shell}
spec: {templateRef: {name: shell}}
---
apiVersion: catalog.bubustack.io/v1alpha1
kind: EngramTemplate
metadata:
  name: shell
  annotations:
    runwright.dev/local-command: |
      echo begun >>"$RUNWRIGHT_MANIFESTS/begun"
      echo >"$RUNWRIGHT_MANIFESTS/bell"
      read _ <"$RUNWRIGHT_MANIFESTS/go"
spec: {version: v1, supportedModes: [job]}
"""
"""A Story whose only step says that it begins, and ends when it is let go."""


class Machine:
    """A folder with a state folder, and a manifest whose step waits at a named pipe."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = environment(folder)
        self.manifests = folder / "manifests"
        self.manifests.mkdir()
        (self.manifests / "held.yaml").write_text(_HELD)
        os.mkfifo(self.manifests / "go")
        os.mkfifo(self.manifests / "bell")

    @asynccontextmanager
    async def dev(self) -> AsyncGenerator[tuple[Started, str]]:
        """Run `dev` on free ports; give its Temporal's address."""
        async with runwright("dev", "--port=0", "--ui-port=0", environ=self.environ) as dev:
            address = (await dev.said(r"^Temporal +([0-9.:]+)$"))[1]
            await dev.said("^Stop with Ctrl-C")
            yield dev, address

    async def begun(self) -> None:
        """Wait until a task has begun."""
        bell = os.open(self.manifests / "bell", os.O_RDONLY | os.O_NONBLOCK)
        rung = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(bell, rung.set)
        try:
            async with asyncio.timeout(30):
                await rung.wait()
        finally:
            loop.remove_reader(bell)
            os.close(bell)

    @asynccontextmanager
    async def client(self, address: str) -> AsyncGenerator[RunwrightClient]:
        """Give a client of that Temporal."""
        async with connect(self.environ, address=address) as client:
            yield client


@pytest.fixture
def machine(tmp_path: Path) -> Generator[Machine]:
    """A machine that is switched off afterwards: a `dev` that is killed leaves its server."""
    yield Machine(tmp_path)
    for process in processes_of(tmp_path):
        with suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
async def test_dev_ends_in_good_order_with_all_its_processes(
    machine: Machine, number: signal.Signals
) -> None:
    async with machine.dev() as (dev, _):
        status = await dev.stopped(number)

    assert (status, dev.text.splitlines()[-1]) == (0, "Stopping.")
    assert processes_of(machine.folder) == []


async def test_a_second_dev_on_the_folder_is_refused_and_told_whose_it_is(
    machine: Machine,
) -> None:
    async with machine.dev() as (dev, _):
        status, text = await outcome("dev", "--port=0", "--ui-port=0", environ=machine.environ)

    assert status == 2
    assert f"already runs on {machine.folder / 'state'}, as process {dev.process.pid}" in text


async def test_a_dev_that_is_told_to_end_while_it_begins_leaves_nothing_behind(
    machine: Machine,
) -> None:
    pid_file = machine.folder / "state" / "temporal.pid"
    async with runwright("dev", "--port=0", "--ui-port=0", environ=machine.environ) as dev:
        async with asyncio.timeout(30):
            while not pid_file.exists():
                await asyncio.sleep(0.005)

        await dev.stopped(signal.SIGTERM)

    assert processes_of(machine.folder) == []


async def test_a_port_that_is_taken_is_named_with_a_remedy(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, text = await outcome("dev", f"--port={port}", environ=machine.environ)

    assert status == 2
    assert f"listen on 127.0.0.1:{port}: Address already in use: choose another with --port" in text


async def test_a_state_folder_that_cannot_be_made_is_named(machine: Machine) -> None:
    in_the_way = machine.folder / "file"
    in_the_way.touch()
    environ = machine.environ | {"RUNWRIGHT_STATE": str(in_the_way / "state")}

    status, text = await outcome("dev", "--port=0", "--ui-port=0", environ=environ)

    assert status == 2
    assert f"use the state folder {in_the_way / 'state'}: Not a directory" in text


async def test_a_run_and_its_task_survive_the_end_and_the_death_of_dev(machine: Machine) -> None:
    """The task is begun once, ends while nobody is there, and the third `dev` records that."""
    async with machine.dev() as (dev, address):
        given = machine.environ | {"TEMPORAL_ADDRESS": address}
        await outcome("start", str(machine.manifests), "--name=held-1", environ=given)
        await machine.begun()
        status = await dev.stopped(signal.SIGTERM)
        assert (status, dev.text.splitlines()[-1]) == (
            0,
            "1 task goes on running; the next `runwright dev` adopts what is there.",
        )

    async with machine.dev() as (dev, _):
        assert await dev.stopped(signal.SIGKILL) == -signal.SIGKILL

    (machine.manifests / "go").write_text("\n")

    async with machine.dev() as (dev, address):
        async with machine.client(address) as client:
            state = await client.run("held-1").wait()
        await dev.stopped(signal.SIGTERM)
    assert (state.phase, state.steps["hold"].tries) == (Phase.SUCCEEDED, 1)
    assert (machine.manifests / "begun").read_text() == "begun\n"
    assert processes_of(machine.folder) == []
