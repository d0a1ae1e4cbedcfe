"""What `dev` does with the state folder before it serves from it."""

import os
import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from adapters.local.pruning import prune
from adapters.temporal.server import RETENTION, Addresses, Server, serving
from runwright.cli.state_folder import occupied
from runwright.errors import RefusedError, TemporalUnavailableError


def test_a_full_disk_is_refused_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database on a full disk stands still without a word that a person would find."""
    usage = shutil.disk_usage(tmp_path)._replace(free=1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    with pytest.raises(RefusedError, match="1024 KiB are free on its disk"), occupied(tmp_path):
        pass


def test_the_folder_is_free_again_when_its_holder_is_gone(tmp_path: Path) -> None:
    with (
        occupied(tmp_path),
        pytest.raises(RefusedError, match=f"as process {os.getpid()}"),
        occupied(tmp_path),
    ):
        pass

    with occupied(tmp_path):
        assert (tmp_path / "dev.lock").read_text() == f"{os.getpid()}\n"


def test_tasks_that_are_done_for_long_are_removed_and_no_others(tmp_path: Path) -> None:
    done = tmp_path / "tasks" / "done"
    for name in ("web-1/old", "web-1/new", "web-2/old"):
        (done / name).mkdir(parents=True)
        (done / name / "log").touch()
    ages_ago = time.time() - timedelta(days=8).total_seconds()
    for name in ("web-1/old", "web-2/old"):
        os.utime(done / name, (ages_ago, ages_ago))

    removed = prune(tmp_path, timedelta(days=7))

    assert removed == 2
    assert [path.relative_to(done) for path in done.rglob("*")] == [
        Path("web-1"),
        Path("web-1/new"),
        Path("web-1/new/log"),
    ]


def test_a_folder_without_tasks_has_nothing_to_remove(tmp_path: Path) -> None:
    assert prune(tmp_path, timedelta(days=7)) == 0


async def test_a_server_can_be_ended_while_it_comes_up(tmp_path: Path) -> None:
    """One who signals twice does not wait for it to answer; it must not stay behind."""
    with pytest.raises(TemporalUnavailableError, match="ended by itself with status -9"):
        async with serving(tmp_path, Addresses(0, 0), (), begun=Server.kill):
            pytest.fail("it came up")

    assert list(tmp_path.glob("*.pid")) == []


async def test_closed_runs_can_be_looked_at_for_a_month(client: Client) -> None:
    """A development server's own choice is a day: a run from Friday would be gone on Monday."""
    request = DescribeNamespaceRequest(namespace=client.namespace)

    described = await client.workflow_service.describe_namespace(request)

    assert described.config.workflow_execution_retention_ttl.ToTimedelta() == RETENTION
