"""What the parent shows between one pipeline and the next."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client

from adapters.memory.kratix import MemoryMirror
from adapters.memory.platform import MemoryPlatform
from adapters.memory.tasks import MemoryTasks
from adapters.temporal.completions import TemporalCompletions
from runwright.models.objects import StatusUpdate
from runwright.models.tasks import Claim, Task, TaskOutcome
from runwright.rules.kubernetes.fields import entries, text
from tests.integration.platforms import KeptTasks, placed_pipelines, platform_of, ports_of
from workflows import pipeline_state


def phases_shown(platform: MemoryPlatform) -> list[str]:
    """Return the phases that the parent shows."""
    status = platform.status(platform.parent("shop", "orders"))
    shown = entries(status, "kratix", "workflows", "configure", "pipelines")
    return [text(one, "phase") for one in shown]


class Noting(MemoryMirror):
    """Notes the phases after each write."""

    def __init__(self, platform: MemoryPlatform) -> None:
        super().__init__(platform)
        self._written = platform
        self.phases: list[list[str]] = []

    async def show(self, update: StatusUpdate) -> None:
        """Write."""
        await super().show(update)
        if update.patches:
            self.phases.append(phases_shown(self._written))


class Reading(MemoryTasks):
    """Jobs whose pods read their parent when they start."""

    def __init__(self, client: Client, platform: MemoryPlatform) -> None:
        super().__init__(TemporalCompletions(client))
        self._platform = platform
        self.read: list[str] = []

    async def start(self, task: Task, claim: Claim) -> TaskOutcome | None:
        """Read the parent's status, and start."""
        status = self._platform.status(self._platform.parent("shop", "orders"))
        self.read.append(text(status, "stage"))
        return await super().start(task, claim)


async def test_the_end_of_a_pipeline_is_shown_with_the_beginning_of_the_next(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Job of the next one need not wait for it, and it is one write if that comes soon."""
    monkeypatch.setattr(pipeline_state, "_SWIFT", timedelta(minutes=1))
    platform = platform_of("a", "b")
    mirror = Noting(platform)
    ports = ports_of(platform)._replace(mirror=mirror)

    async with placed_pipelines(client, task_queue, platform, ports=ports) as run:
        await run.until_running("a")
        await run.end("a")
        await run.until_running("b")
        await run.end("b")
        await run.ended()

    assert mirror.phases == [
        ["Running", "Pending"],
        ["Succeeded", "Running"],
        ["Succeeded", "Succeeded"],
    ]


async def test_the_next_pipeline_reads_the_status_that_the_one_before_it_left(
    client: Client, task_queue: str
) -> None:
    platform = platform_of("a", "b")
    tasks = Reading(client, platform)

    async with placed_pipelines(client, task_queue, platform, tasks=tasks) as run:
        await run.until_running("a")
        await run.leave("a", status="stage: one")
        await run.until_running("b")
        await run.end("b")
        await run.ended()

    assert tasks.read == ["", "one"]


async def test_the_end_of_a_pipeline_is_shown_though_the_next_one_cannot_begin(
    client: Client, task_queue: str
) -> None:
    platform = platform_of("a", "b")
    tasks = KeptTasks(client)

    async with placed_pipelines(client, task_queue, platform, tasks=tasks) as run:
        await run.until_running("a")
        tasks.holds = True
        await run.end("a")
        while phases_shown(platform) != ["Succeeded", "Pending"]:
            await asyncio.sleep(0.02)

    assert run.started() == ["a"]
