"""Kill the worker of a request at any call it makes: no label is lost, and no Job runs twice."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

import pytest
from temporalio.client import Client

from adapters.memory.platform import MemoryPlatform
from runwright.models.kratix import (
    Parent,
    ParentGone,
    ParentReport,
    Standing,
    StartParent,
    Trigger,
    parent_id,
)
from tests.integration.doomed_platform import KeptPlatform
from tests.integration.parents import promise_of, request_of

MANUAL: Final = "kratix.io/manual-reconciliation"
FINALIZERS: Final = ["kratix.io/delete-workflows", "kratix.io/work-cleanup"]
SEAMS: Final = [
    "before start",
    *(
        f"{when} {name}"
        for name in ("plan", "prepare", "mark", "show", "collect", "release")
        for when in ("before", "after")
    ),
]
"""A Job that was started, of which its worker could not tell, is for whoever observes it."""


class Machine:
    """A platform in a file, and a worker that serves it."""

    def __init__(self, client: Client, address: str, task_queue: str, folder: Path) -> None:
        self.client, self.task_queue = client, task_queue
        self.folder = folder
        self.kept = KeptPlatform(folder / "platform.json")
        self._arguments = [address, task_queue, str(folder / "platform.json")]
        self.worker: subprocess.Popen[bytes] | None = None

    def start_worker(self, seam: str = "") -> None:
        """Start a worker that dies at the seam."""
        doom = [seam, str(self.folder / "mark")] if seam else []
        module = "tests.integration.doomed_platform"
        self.worker = subprocess.Popen([sys.executable, "-m", module, *self._arguments, *doom])

    async def worker_died(self) -> None:
        """Wait for the worker to die of SIGKILL."""
        assert self.worker is not None
        assert await asyncio.to_thread(self.worker.wait, 60) == -signal.SIGKILL

    def end_worker(self) -> None:
        """Kill the worker that runs."""
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()

    async def start(self) -> Parent:
        """Keep a platform with one request that is asked to run anew, and start its entity."""
        request = request_of(finalizers=list(FINALIZERS), labels={MANUAL: "true"})
        platform = MemoryPlatform(promise_of("a", "b", delete=["d"]), request)
        parent, seen = platform.parent("shop", "orders"), None
        self.kept.keep(platform, [])
        seen = platform.seen(parent)
        assert seen is not None
        start = StartParent(parent=parent, cluster="c", seen=seen)
        await self.client.start_workflow(
            "ResourceRequest", start, id=parent_id(parent), task_queue=self.task_queue
        )
        return parent

    async def until_ready(self, parent: Parent) -> ParentReport:
        """Return the first report in which the request is ready."""
        handle = self.client.get_workflow_handle(parent_id(parent))
        async with asyncio.timeout(60):
            while True:
                report: ParentReport = await handle.query("state", result_type=ParentReport)
                if report.standing is Standing.READY:
                    return report
                await asyncio.sleep(0.05)

    async def delete(self, parent: Parent) -> ParentGone:
        """Delete the request, and return how its entity ended."""
        with self.kept.opened() as (platform, _):
            platform.delete(parent)
            seen = platform.seen(parent)
        handle = self.client.get_workflow_handle(parent_id(parent), result_type=ParentGone)
        await handle.signal("see", seen)
        gone: ParentGone = await handle.result()
        return gone


@pytest.fixture
async def machine(
    client: Client, temporal: str, task_queue: str, tmp_path: Path
) -> AsyncGenerator[Machine]:
    """A machine without a worker yet."""
    machine = Machine(client, temporal, task_queue, tmp_path)
    yield machine
    machine.end_worker()


@pytest.mark.parametrize("seam", SEAMS)
async def test_a_worker_that_is_killed_at_any_call_loses_nothing_and_repeats_nothing(
    machine: Machine, seam: str
) -> None:
    """K64: upstream takes the label away, dies, and the run that it asked for is lost."""
    machine.start_worker(seam)
    parent = await machine.start()
    if "release" not in seam:
        await machine.worker_died()
        machine.start_worker()
    report = await machine.until_ready(parent)
    deleting = asyncio.create_task(machine.delete(parent))
    if "release" in seam:
        await machine.worker_died()
        machine.start_worker()
    gone = await deleting

    with machine.kept.opened() as (platform, ran):
        pipelines = [name.split("-orders-")[1][0] for name in ran]
        assert platform.gone == ["orders"]
    assert pipelines == ["a", "b", "d"]
    assert [one.trigger for one in report.past] == [Trigger.MANUAL]
    assert gone.runs == 2
