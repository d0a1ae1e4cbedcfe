"""What an intake of Promises outlives."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
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
from runwright.models.kratix import Requirers, ResourceRequest, Seen
from runwright.models.kratix.keys import (
    MANUAL_RECONCILIATION,
    ON,
    PROMISE_NAME,
    PROMISE_VERSION,
)
from runwright.models.objects import Manifest
from runwright.rules.kratix.bindings import binding_of
from runwright.rules.kratix.deletion import REQUEST_STEPS, promise_finalizers
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
        self.looked: list[str] = []
        """Who was told to look at its Promise."""
        self.requirers: dict[str, list[str]] = {}
        """What each was told last of who requires it."""

    async def tell(self, workflow_id: str, seen: Seen) -> bool:
        """Hear it."""
        if workflow_id.endswith("/r-1"):
            self.told.append(seen)
        return True

    async def look_at_parent(self, workflow_id: str) -> bool:
        """Look."""
        self.looked.append(workflow_id.split("/")[1])
        return True

    async def another_look(self, act: Callable[[Manifest], None], manifest: Manifest) -> None:
        """Do that, and return once somebody was told to look at its Promise."""
        before = len(self.looked)
        act(manifest)
        await until(lambda: len(self.looked) > before)

    async def see_requirers(self, workflow_id: str, requirers: Requirers) -> bool:
        """Keep them."""
        names = [one.promise.name for one in requirers.promises]
        self.requirers[workflow_id.split("/")[1]] = names
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


def intake_of(
    cluster: WatchedCluster,
    entities: TemporalEntities,
    allow: Callable[[str, Kind], Awaitable[None]] = _allow,
) -> ParentIntake:
    """Return the intake of a cluster."""
    ways = ParentWays(entities, KubernetesStatus(cluster, "w-1"), KubernetesObjects(cluster), allow)
    return ParentIntake(cluster, ways, ParentWard(Manner("c")))


@contextlib.asynccontextmanager
async def running(one: ParentIntake) -> AsyncGenerator[asyncio.Task[None]]:
    """Have an intake run; give the task that runs it."""
    task = asyncio.create_task(one.run())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], object]) -> None:
    """Return once that holds."""
    while not holds():
        await asyncio.sleep(0.01)


async def test_an_api_server_that_is_away_when_settings_are_read_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a worker would end with it, and all that it does for others."""
    monkeypatch.setattr(intake, "_READ_AGAIN", timedelta(0))
    cluster = AwayCluster()

    async with asyncio.timeout(10), running(intake_of(cluster, KeptEntities())) as task:
        again = asyncio.create_task(cluster.read_again.wait())
        await asyncio.wait([task, again], return_when=asyncio.FIRST_COMPLETED)

        assert not task.done()


async def test_requests_that_are_listed_anew_in_another_version_are_not_gone() -> None:
    """Their entities would end, and the pipelines that run be stopped, for none was deleted."""
    cluster, entities = (
        UpgradedCluster(promise_manifest(), definition("v1"), REQUEST),
        KeptEntities(),
    )
    one = intake_of(cluster, entities)

    async with asyncio.timeout(10), running(one):
        await until(lambda: bool(entities.told))
        cluster.put(definition("v2"))
        await until(lambda: (it := one.kinds.kind_of("database")) and it.api_version[-2:] == "v2")
        await until(lambda: not len(one.queue))
        cluster.listed.set()
        await until(lambda: one.kinds.is_listed("database") and not len(one.queue))

    assert not any(seen.is_deleted for seen in entities.told)


async def test_requests_are_watched_anew_where_their_kind_was_made_anew() -> None:
    """The right to watch them went with the old one, even if nobody heard of that in between."""
    allowed: list[str] = []

    async def allow(promise: str, _: Kind) -> None:
        allowed.append(promise)

    first, second = definition("v1"), definition("v1")
    second["metadata"] = {**first["metadata"], "uid": "d-2"}
    cluster = WatchedCluster(promise_manifest(), first)
    one = intake_of(cluster, KeptEntities(), allow)

    async with asyncio.timeout(10), running(one):
        await until(lambda: one.kinds.is_listed("database"))
        cluster.put(second)
        await until(lambda: len(allowed) == 2)

    assert allowed == ["database", "database"]


async def test_a_kind_that_goes_is_not_taken_for_another_one_of_its_promise() -> None:
    """Who renames the API of a Promise leaves the old one behind, with its requests."""
    old, new = definition("v1"), definition("v1")
    old["metadata"] = {**old["metadata"], "name": "bases.example.org", "uid": "d-0"}
    cluster = WatchedCluster(promise_manifest(), old, new)
    one = intake_of(cluster, KeptEntities())

    async with asyncio.timeout(10), running(one):
        await until(lambda: one.kinds.is_listed("database"))
        cluster.remove(old)
        await until(lambda: len(one.kinds.definitions.objects()) == 1)
        is_defined = one.kinds.is_defined("database")

    assert is_defined


async def test_a_promise_looks_whenever_one_that_it_requires_is_another() -> None:
    """K38: it is told at once, and once, that one is there, available, of another version, gone."""
    there = {**promise_manifest("network"), "status": {"status": "Unavailable"}}
    available = {**there, "status": {"status": "Available"}}
    other = _labelled(available, PROMISE_VERSION, "v2")
    cluster, entities = UpgradedCluster(requiring("app", "network", "v1")), KeptEntities()

    async with asyncio.timeout(10), running(intake_of(cluster, entities)):
        await until(lambda: entities.looked == ["app"])
        for now in (there, _labelled(available, PROMISE_VERSION, "v1"), other):
            await entities.another_look(cluster.put, _held(now))
        cluster.put(_held(_labelled(other, "team", "blue")))
        await entities.another_look(cluster.remove, _held(there))

    assert entities.looked == ["app"] * 5


async def test_a_promise_is_told_who_requires_it() -> None:
    app, web = requiring("app", "network"), requiring("web", "network")
    network = _held(promise_manifest("network"))
    cluster, entities = UpgradedCluster(network, app), KeptEntities()

    async with asyncio.timeout(10), running(intake_of(cluster, entities)):
        await until(lambda: entities.requirers == {"network": ["app"]})
        cluster.put(web)
        await until(lambda: entities.requirers == {"network": ["app", "web"]})
        cluster.remove(app)
        await until(lambda: entities.requirers == {"network": ["web"]})
        by = {"promise": {"name": "web", "version": "not-set"}}
        cluster.put({**network, "status": {"requiredBy": [by]}})
        cluster.put({**web, "spec": promise_manifest()["spec"]})
        await until(lambda: entities.requirers == {"network": []})


async def test_a_promise_that_shows_those_around_it_is_told_nothing() -> None:
    """At each start of a leader, of which none may cost a message per Promise."""
    cause = requiring("app", "network")
    found = {"name": "network", "state": "Requirement not available"}
    by = {"promise": {"name": "app", "version": "not-set"}}
    cluster = UpgradedCluster(
        {**cause, "status": {"requiredPromises": [found]}},
        {**_held(promise_manifest("network")), "status": {"requiredBy": [by]}},
    )
    entities, other = KeptEntities(), requiring("other", "app")
    one = intake_of(cluster, entities)

    async with asyncio.timeout(10), running(one):
        cluster.put(other)  # whoever hears of it has heard of the rest
        await until(lambda: entities.requirers == {"app": ["other"]} and not len(one.queue))

    assert entities.looked == ["other"]


def requiring(name: str, required: str, version: str | None = None) -> Fields:
    """Return a Promise that requires another one."""
    wanted = {"name": required, **({"version": version} if version else {})}
    return _held(promise_manifest(name, requiredPromises=[wanted]))


def _held(manifest: Fields) -> Fields:
    """Return a Promise with its finalizers, and its name for a uid."""
    metadata = {**manifest["metadata"], "namespace": "", "uid": manifest["metadata"]["name"]}
    finalizers = list(promise_finalizers(has_api=True, has_delete=False))
    return {**manifest, "metadata": {**metadata, "finalizers": finalizers}}


def _labelled(manifest: Fields, label: str, value: str) -> Fields:
    labels = {**(manifest["metadata"].get("labels") or {}), label: value}
    return {**manifest, "metadata": {**manifest["metadata"], "labels": labels}}


async def test_who_asks_for_a_run_on_a_binding_asks_its_request() -> None:
    """K18: the label moves, so that no run comes of it twice."""
    labels = {**NAMED, "kratix.io/resource-name": "orders"}
    request = request_parent("database", promise().spec, ResourceRequest.model_validate(REQUEST))
    binding = binding_of(request, labels, "latest")
    binding["metadata"] |= {"uid": "b-1", "labels": {**labels, MANUAL_RECONCILIATION: ON}}
    cluster = UpgradedCluster(promise_manifest(), definition("v1"), REQUEST, binding)
    one = intake_of(cluster, KeptEntities())

    async with asyncio.timeout(10), running(one):
        while not _asks(await cluster.get(_DATABASES, "shop", "orders")):
            await asyncio.sleep(0.01)
        while _asks(await cluster.get(RESOURCE_BINDINGS, "shop", binding["metadata"]["name"])):
            await asyncio.sleep(0.01)


def _asks(manifest: Manifest | None) -> bool:
    assert manifest
    return (manifest["metadata"].get("labels") or {}).get(MANUAL_RECONCILIATION) == ON
