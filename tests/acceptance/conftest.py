"""The command line as a user has it: processes of its own, a real server, a real worker."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_ENDS_WITHIN = 100.0
"""Seconds; a command may follow several pods."""


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Terminal:
    """Where commands are typed: a folder and an environment."""

    folder: Path
    environ: Mapping[str, str]

    def with_environ(self, **changed: str) -> "Terminal":
        """Return the same place with other variables."""
        return Terminal(self.folder, {**self.environ, **changed})

    async def begin(self, *words: str) -> Process:
        """Begin `runwright` and return it while it runs."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "runwright",
            *words,
            cwd=self.folder,
            env=dict(self.environ),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
        )

    async def run(self, *words: str, typed: str = "") -> Result:
        """Run `runwright` to its end."""
        return await ended(await self.begin(*words), typed)


async def ended(process: Process, typed: str = "") -> Result:
    """Return how a process ends."""
    out, err = await asyncio.wait_for(process.communicate(typed.encode()), _ENDS_WITHIN)
    status = process.returncode
    assert status is not None
    return Result(status, out.decode(), err.decode())


async def until_said(stream: asyncio.StreamReader | None, said: str) -> str:
    """Return what a process writes, up to the line in which it says that."""
    assert stream is not None
    lines: list[str] = []
    async with asyncio.timeout(_ENDS_WITHIN):
        while not lines or said not in lines[-1]:
            line = await stream.readline()
            assert line, f"{said!r} was never said, but {lines}"
            lines.append(line.decode())
    return "".join(lines)


def terminal_at(folder: Path, address: str, **more: str) -> Terminal:
    """Return a terminal whose Temporal is at that address, and whose state is in the folder."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return Terminal(
        folder,
        {
            **kept,
            "TZ": "UTC",
            "PYTHONUTF8": "1",
            "TEMPORAL_ADDRESS": address,
            "TEMPORAL_CONFIG_FILE": os.devnull,
            "RUNWRIGHT_STATE": str(folder / "state"),
            **more,
        },
    )


@asynccontextmanager
async def working(terminal: Terminal) -> AsyncGenerator[Process]:
    """Run a worker until the block is left; what it says stays in `worker.log`."""
    with (terminal.folder / "worker.log").open("ab") as log:
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "runwright",
            "worker",
            env={**terminal.environ, "RUNWRIGHT_DRAIN": "PT0S"},
            stdout=log,
            stderr=log,
        )
    try:
        yield worker
    finally:
        if worker.returncode is None:
            worker.send_signal(signal.SIGTERM)
        await worker.wait()


@pytest.fixture(scope="session")
async def terminal(
    temporal: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Terminal]:
    """A terminal with a server and a worker, shared by all tests: each names its own runs."""
    place = terminal_at(tmp_path_factory.mktemp("terminal"), temporal, RUNWRIGHT_CLUSTER="terminal")
    async with working(place):
        yield place


@pytest.fixture
def offline(tmp_path: Path) -> Terminal:
    """A terminal without a server."""
    return terminal_at(tmp_path, "127.0.0.1:1")


def release(ship: str = "echo shipped") -> str:
    """Return the manifests of a release that ships by that command."""
    return f"""
apiVersion: bubustack.io/v1alpha1
kind: Story
metadata: {{name: release}}
spec:
  inputsSchema: {{properties: {{tag: {{type: string}}}}}}
  steps:
  - {{name: build, ref: {{name: builder}}}}
  - {{name: sign-off, type: gate, needs: [build]}}
  - {{name: ship, ref: {{name: shipper}}, needs: [sign-off]}}
---
apiVersion: bubustack.io/v1alpha1
kind: Engram
metadata: {{name: builder}}
spec: {{templateRef: {{name: builds}}}}
---
apiVersion: bubustack.io/v1alpha1
kind: Engram
metadata: {{name: shipper}}
spec: {{templateRef: {{name: ships}}}}
---
apiVersion: catalog.bubustack.io/v1alpha1
kind: EngramTemplate
metadata: {{name: builds, annotations: {{runwright.dev/local-command: "echo built"}}}}
spec: {{version: v1, supportedModes: [job]}}
---
apiVersion: catalog.bubustack.io/v1alpha1
kind: EngramTemplate
metadata: {{name: ships, annotations: {{runwright.dev/local-command: "{ship}"}}}}
spec: {{version: v1, supportedModes: [job]}}
---
apiVersion: runs.bubustack.io/v1alpha1
kind: StoryRun
metadata: {{name: release-1}}
spec: {{storyRef: {{name: release}}, inputs: {{tag: v1}}}}
"""
