"""A worker that finds out for itself whether its cluster has Promises."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from runwright.errors import ClusterUnavailableError, RefusedError, RunwrightError
from runwright.ports import Unmeasured
from runwright.settings import Settings
from runwright.worker.promises import PromisesPart
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster


class _Cluster(MemoryCluster):
    """An API server that will not say, and then has none."""

    def __init__(self, *troubles: RunwrightError) -> None:
        super().__init__()
        self._troubles = iter(troubles)
        self.said = asyncio.Event()

    async def serves(self, api_version: str) -> bool:  # noqa: ARG002 - it has nothing
        """Return that it has no such kind."""
        for trouble in self._troubles:
            raise trouble
        self.said.set()
        return False


async def test_a_cluster_that_does_not_say_whether_it_has_promises_is_asked_again() -> None:
    """What else the worker looks after must not end over that."""
    cluster = _Cluster(RefusedError("HTTP 403"), ClusterUnavailableError("HTTP 503"))
    soon = {"cluster_resync_interval": timedelta(milliseconds=1)}
    settings = Settings(state=Path("/nonexistent")).model_copy(update=soon)
    part = PromisesPart(cluster, cast("Any", None), settings, Unmeasured())
    looking = asyncio.create_task(part.run())
    async with asyncio.timeout(10):
        said = asyncio.create_task(cluster.said.wait())
        await asyncio.wait([looking, said], return_when=asyncio.FIRST_COMPLETED)

    assert not looking.done()
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking
