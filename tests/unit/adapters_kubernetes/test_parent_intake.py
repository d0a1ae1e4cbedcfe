"""What an intake of Promises outlives."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import pytest

from adapters.kubernetes.objects import KubernetesObjects
from adapters.kubernetes.parents import intake
from adapters.kubernetes.parents.beginning import Manner
from adapters.kubernetes.parents.intake import ParentIntake, ParentWard, ParentWays
from adapters.kubernetes.resources import CONFIG_MAPS, Resource
from adapters.kubernetes.status import KubernetesStatus
from adapters.temporal.entities import TemporalEntities
from runwright.errors import ClusterUnavailableError
from runwright.models.objects import Manifest
from runwright.rules.kratix.kept import Kind
from tests.unit.adapters_kubernetes.watched_cluster import WatchedCluster


class AwayCluster(WatchedCluster):
    """An API server that is away for the first who asks for settings."""

    def __init__(self) -> None:
        super().__init__()
        self.read_again = asyncio.Event()

    async def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        """Return the object, if somebody answers."""
        found = await super().get(resource, namespace, name)
        if resource == CONFIG_MAPS:
            if self.looked_up[resource.kind] == 1:
                message = "get configmap kratix: Cannot connect"
                raise ClusterUnavailableError(message)
            self.read_again.set()
        return found


async def _allow(_promise: str, _kind: Kind) -> None:
    return


def intake_of(cluster: WatchedCluster) -> ParentIntake:
    """Return the intake of a cluster without Promises: nobody is told anything."""
    nobody: Any = object.__new__(TemporalEntities)
    ways = ParentWays(nobody, KubernetesStatus(cluster, "w-1"), KubernetesObjects(cluster), _allow)
    return ParentIntake(cluster, ways, ParentWard(Manner("c")))


async def test_an_api_server_that_is_away_when_settings_are_read_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a worker would end with it, and all that it does for others."""
    monkeypatch.setattr(intake, "_READ_AGAIN", timedelta(0), raising=False)
    cluster = AwayCluster()
    running = asyncio.create_task(intake_of(cluster).run())
    async with asyncio.timeout(10):
        again = asyncio.create_task(cluster.read_again.wait())
        await asyncio.wait([running, again], return_when=asyncio.FIRST_COMPLETED)

    assert not running.done()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
