"""A worker killed at the seams of a request's life: nothing is lost, and nothing runs twice.

The seams are requests to the API server, as for StoryRuns.
"""

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from adapters.kubernetes import identity
from adapters.kubernetes.resources import PODS
from testbed.cluster import Testbed
from tests.cluster.doomed import COMMAND, INSTANCE, Seam
from tests.cluster.platform import Platform, files_in, pipeline
from tests.cluster.proxy import Proxy, proxied, token_of
from tests.cluster.quick_worker import START_WINDOW
from tests.cluster.runs import WorkerProcess
from workflows import policies

_HELLO: Final = "echo hello > /kratix/output/greeting.txt"
_CONFIGURING: Final = {
    "before the request is held": Seam(r"PATCH .*/one$"),
    "after the Job was made": Seam(r"POST .*/jobs$", is_after=True),
    "before the Work is written": Seam(r"POST .*/works$"),
    "after the Work was written": Seam(r"POST .*/works$", is_after=True),
}
_DELETING: Final = {
    "after the delete Job was made": Seam(r"POST .*/jobs$", is_after=True),
    "after the Work was removed": Seam(r"DELETE .*/works/", is_after=True),
    "before a finalizer is taken": Seam(r"PATCH .*/one$"),
}


class Doom:
    """A worker that dies at a seam, and the one that takes over."""

    def __init__(self, platform: Platform, proxy: Proxy, address: str) -> None:
        self.platform = platform
        self._proxy = proxy
        given = platform.variables(address)
        self.worker = WorkerProcess(
            {**given, **proxy.environ, "RUNWRIGHT_INSTANCE": INSTANCE}, *COMMAND
        )

    def at(self, seam: Seam) -> None:
        """Have the worker killed when it comes to the seam."""
        self._proxy.once(seam.request, self.worker.kill, after=seam.is_after)

    @asynccontextmanager
    async def taken_over(self) -> AsyncGenerator[None]:
        """Have another one go on, once the worker was killed."""
        assert await self.worker.ended() == -signal.SIGKILL
        async with self.platform.served(instance=INSTANCE):
            yield


@pytest.fixture
async def doom(
    platform: Platform,
    own: Testbed,
    temporal: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncGenerator[Doom]:
    """A worker that can be doomed; who takes over learns of it as soon as it would."""
    monkeypatch.setattr(policies, "START_WINDOW", START_WINDOW)
    async with proxied(own, tmp_path, token_of(platform.account.kubeconfig)) as proxy:
        ours = Doom(platform, proxy, temporal)
        try:
            yield ours
        finally:
            await ours.worker.kill()


@pytest.mark.parametrize("seam", _CONFIGURING.values(), ids=_CONFIGURING)
async def test_a_worker_killed_while_it_configures_runs_each_pipeline_once(
    doom: Doom, seam: Seam
) -> None:
    platform = doom.platform
    await doom.worker.start()
    db = await platform.promise("db", pipeline("make", _HELLO), pipeline("check"))
    await platform.until_available(db)  # its pipelines are rehearsed before
    doom.at(seam)
    await platform.request(db)

    async with doom.taken_over():
        await platform.until_reconciled(db)
        jobs = await platform.jobs(db, "one")
        (work,) = [one for one in await platform.works(db) if files_in(one)]

    assert [one["metadata"]["labels"]["kratix.io/pipeline-name"] for one in jobs] == [
        "make",
        "check",
    ]
    assert files_in(work) == {"greeting.txt": "hello\n"}


@pytest.mark.parametrize("seam", _DELETING.values(), ids=_DELETING)
async def test_a_worker_killed_while_a_request_goes_lets_it_go_all_the_same(
    doom: Doom, seam: Seam
) -> None:
    platform = doom.platform
    manifest = platform.promise_manifest("db", pipeline("make", _HELLO))
    manifest["spec"]["workflows"]["resource"]["delete"] = [pipeline("drop")]
    await doom.worker.start()
    await platform.cluster.create(manifest)
    db = manifest["metadata"]["name"]
    await platform.request(db)
    await platform.until_reconciled(db)
    doom.at(seam)
    await platform.delete(db, "one")

    async with doom.taken_over():
        await platform.until_gone(db, "one")
        told = await platform.told("one")
        while any(map(identity.has_evidence, await platform.all(PODS))):
            await asyncio.sleep(0.1)

    assert told["PipelineStarted"].count("Delete Pipeline started: drop") == 1
    assert [one for one in await platform.works(db) if files_in(one)] == []
