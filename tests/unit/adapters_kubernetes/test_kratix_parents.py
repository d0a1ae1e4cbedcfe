"""Parents whose Promise serves their kind in another version by now."""

from typing import Final

import pytest

from adapters.kubernetes.kratix.lookups import Lookups
from adapters.kubernetes.kratix.parents import Adapter, KubernetesParents
from adapters.kubernetes.resources import Resource
from runwright.errors import RefusedError
from runwright.models.objects import Manifest
from tests.unit.adapters_kubernetes.watched_cluster import WatchedCluster
from tests.unit.rules.kratix.documents import API, Fields, promise_manifest
from tests.unit.rules.kratix.runs import REQUEST

VERSIONS: Final = [
    {"name": "v1", "served": False, "storage": False},
    {"name": "v2", "served": True, "storage": True},
]
DEFINITION: Final[Fields] = {**API, "spec": {**API["spec"], "versions": VERSIONS}}
MANIFEST: Final[Fields] = {
    "apiVersion": "example.org/v2",
    "kind": REQUEST.kind,
    "metadata": {"name": "orders", "namespace": "shop", "uid": REQUEST.uid, "finalizers": ["a/b"]},
    "spec": {},
}


class UpgradedCluster(WatchedCluster):
    """An API server that serves requests in their second version alone."""

    async def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        """Return the object, in the version that is served."""
        self._refuse_first(resource)
        return await super().get(resource, namespace, name)

    async def patch(
        self, resource: Resource, name: tuple[str, str], patch: object, *, subresource: str = ""
    ) -> Manifest | None:
        """Merge the patch into the object, in the version that is served."""
        self._refuse_first(resource)
        return await super().patch(resource, name, patch, subresource=subresource)

    def _refuse_first(self, resource: Resource) -> None:
        if resource.api_version == "example.org/v1":
            message = "get database shop/orders: HTTP 404 404 page not found"
            raise RefusedError(message)


class ForbiddenCluster(WatchedCluster):
    """An API server that lets nobody see requests."""

    async def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        """Return the object, unless it is a request."""
        if resource.kind == REQUEST.kind:
            message = 'get database shop/orders: HTTP 403 databases "orders" is forbidden'
            raise RefusedError(message)
        return await super().get(resource, namespace, name)


async def test_a_parent_is_found_in_the_version_that_is_served() -> None:
    """Else nobody looked after it any more, and it could not be deleted."""
    cluster = UpgradedCluster(promise_manifest(), DEFINITION, MANIFEST)
    parents = KubernetesParents(cluster, Adapter("example.org/adapter:1"))

    found = await Lookups(cluster).parent(REQUEST)
    now = await parents.mark(REQUEST, ["kratix.io/paused"], [])
    released = await parents.release(REQUEST, "a/b")

    assert found is not None
    assert found["apiVersion"] == "example.org/v2"
    assert now is not None
    assert now.sight.is_on("kratix.io/paused")
    assert released is not None
    assert released.finalizers == ()


async def test_a_parent_whose_kind_is_gone_is_gone() -> None:
    cluster = UpgradedCluster(promise_manifest(), MANIFEST)

    assert await Lookups(cluster).parent(REQUEST) is None


async def test_a_parent_that_may_not_be_seen_any_more_is_gone_with_its_kind() -> None:
    """The right to see it went with the kind, and who asks once more is told nothing else."""
    parents = KubernetesParents(ForbiddenCluster(promise_manifest()), Adapter("example.org/a:1"))

    assert await parents.release(REQUEST, "a/b") is None


async def test_a_parent_that_may_not_be_seen_is_not_gone_while_its_kind_is_there() -> None:
    parents = KubernetesParents(ForbiddenCluster(API), Adapter("example.org/a:1"))

    with pytest.raises(RefusedError, match="HTTP 403"):
        await parents.release(REQUEST, "a/b")


async def test_a_version_that_is_said_to_be_served_and_is_not_is_told() -> None:
    cluster = UpgradedCluster(promise_manifest(), API, MANIFEST)

    with pytest.raises(RefusedError, match="page not found"):
        await Lookups(cluster).parent(REQUEST)
