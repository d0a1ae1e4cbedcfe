"""What an intake of Promises outlives."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Final

import pytest

from adapters.kubernetes.cluster import ALL, Listed, Selection
from adapters.kubernetes.objects import KubernetesObjects
from adapters.kubernetes.parents import intake
from adapters.kubernetes.parents.beginning import Manner
from adapters.kubernetes.parents.intake import ParentIntake, ParentWard, ParentWays
from adapters.kubernetes.resources import CONFIG_MAPS, RESOURCE_BINDINGS, Resource
from adapters.kubernetes.status import KubernetesStatus
from adapters.temporal.entities import TemporalEntities
from runwright.errors import ClusterUnavailableError
from runwright.models.kratix import ResourceRequest, Seen
from runwright.models.kratix.keys import MANUAL_RECONCILIATION, ON, PROMISE_NAME
from runwright.models.objects import Manifest
from runwright.rules.kratix.bindings import binding_of
from runwright.rules.kratix.deletion import REQUEST_STEPS
from runwright.rules.kratix.kept import Kind
from runwright.rules.kratix.parents import request_parent
from tests.unit.adapters_kubernetes.watched_cluster import WatchedCluster
from tests.unit.rules.kratix.documents import API, Fields, promise, promise_manifest


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


class UpgradedCluster(WatchedCluster):
    """An API server that is slow to list the requests in a version that is new."""

    def __init__(self, *objects: Manifest) -> None:
        super().__init__(*objects)
        self.listed = asyncio.Event()

    async def list(self, resource: Resource, selection: Selection = ALL) -> Listed:  # noqa: ARG002
        """Return the objects of that kind; every kind here has few."""
        if resource.api_version == "example.org/v2":
            await self.listed.wait()
        return await super().list(resource)


class KeptEntities(TemporalEntities):
    """Entities that keep what they were told."""

    def __init__(self) -> None:
        self.told: list[Seen] = []

    async def tell(self, workflow_id: str, seen: Seen) -> bool:
        """Hear it."""
        if workflow_id.endswith("/r-1"):
            self.told.append(seen)
        return True


def definition(version: str) -> Fields:
    """Return the definition of the requests for the Promise `database`."""
    versions = [
        {"name": "v1", "served": True, "storage": version == "v1"},
        {"name": "v2", "served": True, "storage": version == "v2"},
    ]
    metadata = {"name": "databases.example.org", "uid": "d-1", "labels": NAMED}
    established = {"type": "Established", "status": "True"}
    spec = {**API["spec"], "versions": versions}
    return {**API, "metadata": metadata, "spec": spec, "status": {"conditions": [established]}}


_DATABASES: Final = Resource("example.org/v1", "Database", "databases")
NAMED: Final = {PROMISE_NAME: "database"}
REQUEST: Final[Fields] = {
    "apiVersion": "example.org/v1",
    "kind": "Database",
    "metadata": {
        "name": "orders",
        "namespace": "shop",
        "uid": "r-1",
        "labels": NAMED,
        "finalizers": list(REQUEST_STEPS),
    },
    "spec": {},
}


async def _allow(_promise: str, _kind: Kind) -> None:
    return


def intake_of(cluster: WatchedCluster, entities: TemporalEntities) -> ParentIntake:
    """Return the intake of a cluster."""
    ways = ParentWays(
        entities, KubernetesStatus(cluster, "w-1"), KubernetesObjects(cluster), _allow
    )
    return ParentIntake(cluster, ways, ParentWard(Manner("c")))


async def test_an_api_server_that_is_away_when_settings_are_read_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a worker would end with it, and all that it does for others."""
    monkeypatch.setattr(intake, "_READ_AGAIN", timedelta(0))
    cluster = AwayCluster()
    running = asyncio.create_task(intake_of(cluster, KeptEntities()).run())
    async with asyncio.timeout(10):
        again = asyncio.create_task(cluster.read_again.wait())
        await asyncio.wait([running, again], return_when=asyncio.FIRST_COMPLETED)

    assert not running.done()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_requests_that_are_listed_anew_in_another_version_are_not_gone() -> None:
    """Their entities would end, and the pipelines that run be stopped, for none was deleted."""
    cluster, entities = (
        UpgradedCluster(promise_manifest(), definition("v1"), REQUEST),
        KeptEntities(),
    )
    one = intake_of(cluster, entities)
    running = asyncio.create_task(one.run())
    async with asyncio.timeout(10):
        while not entities.told:
            await asyncio.sleep(0.01)
        cluster.put(definition("v2"))
        while (kind := one.kinds.kind_of("database")) is None or kind.api_version[-2:] != "v2":
            await asyncio.sleep(0.01)
        while len(one.queue):
            await asyncio.sleep(0.01)
        cluster.listed.set()
        while not one.kinds.is_synced or len(one.queue):
            await asyncio.sleep(0.01)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running

    assert not any(seen.is_deleted for seen in entities.told)


async def test_who_asks_for_a_run_on_a_binding_asks_its_request() -> None:
    """K18: the label moves, so that no run comes of it twice."""
    labels = {**NAMED, "kratix.io/resource-name": "orders"}
    request = request_parent("database", promise().spec, ResourceRequest.model_validate(REQUEST))
    binding = binding_of(request, labels, "latest")
    binding["metadata"] |= {"uid": "b-1", "labels": {**labels, MANUAL_RECONCILIATION: ON}}
    cluster = UpgradedCluster(promise_manifest(), definition("v1"), REQUEST, binding)
    one = intake_of(cluster, KeptEntities())
    running = asyncio.create_task(one.run())

    async with asyncio.timeout(10):
        while not _asks(await cluster.get(_DATABASES, "shop", "orders")):
            await asyncio.sleep(0.01)
        while _asks(await cluster.get(RESOURCE_BINDINGS, "shop", binding["metadata"]["name"])):
            await asyncio.sleep(0.01)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def _asks(manifest: Manifest | None) -> bool:
    assert manifest
    return (manifest["metadata"].get("labels") or {}).get(MANUAL_RECONCILIATION) == ON
