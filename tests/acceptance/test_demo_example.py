"""The example beside its README: what the demo does not show of it."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from temporalio.client import Client

from runwright.cli.demo import EXAMPLE
from runwright.cli.manifests import sources_of
from runwright.client import RunwrightClient
from runwright.errors import InvalidManifestError
from runwright.models.bubustack import Phase
from runwright.rules.bubustack.starting import Overrides, start_of
from runwright.rules.manifests import read_manifests
from runwright.settings import Settings
from runwright.worker import serve


@asynccontextmanager
async def _served(client: Client, state: Path) -> AsyncGenerator[RunwrightClient]:
    """Have a worker of local tasks, on a queue of its own."""
    settings = Settings(state=state, cluster=f"example-{uuid.uuid4().hex[:8]}")
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(client, settings, stop))
    try:
        yield RunwrightClient(client, settings.task_queue, settings.cluster)
    finally:
        stop.set()
        await serving


async def test_a_rejected_release_is_undone_and_announced(client: Client, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    start = start_of(
        read_manifests(sources_of([str(EXAMPLE)])),
        Overrides(name=f"shop-{uuid.uuid4().hex[:8]}", inputs={"journal": str(journal)}),
    )

    async with _served(client, tmp_path / "state") as runwright:
        run = await runwright.start(start)
        await run.reject("approve-release", by="ada", comment="not on a Friday")
        state = await run.wait()

    assert state.phase is Phase.COMPENSATED
    assert {name: step.phase for name, step in state.steps.items()} == {
        "build": Phase.SUCCEEDED,
        "unit-tests": Phase.SUCCEEDED,
        "security-scan": Phase.SUCCEEDED,
        "migrate-database": Phase.SUCCEEDED,
        "approve-release": Phase.FAILED,
        "deploy": Phase.SKIPPED,
        "undo-migration": Phase.SUCCEEDED,
        "announce": Phase.SUCCEEDED,
    }
    begun = [line.split()[1] for line in journal.read_text().splitlines()]
    assert sorted(begun[:2]) == ["build", "unit-tests"]
    assert begun[2:] == ["security-scan", "security-scan", "migrate-database", "undo-migration"]


def test_a_version_that_is_none_is_refused_before_anything_starts() -> None:
    bundle = read_manifests(sources_of([str(EXAMPLE)]))

    with pytest.raises(InvalidManifestError, match=r"spec\.inputs\.version: must match"):
        start_of(bundle, Overrides(inputs={"version": "next"}))
