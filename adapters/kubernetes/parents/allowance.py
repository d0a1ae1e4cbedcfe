"""The right to watch the requests for a Promise, whose kind nobody knew before."""

import asyncio
from typing import Final

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.parents.presence import may
from adapters.kubernetes.resources import CLUSTER_ROLES, Resource
from runwright.errors import ConflictError
from runwright.models.kratix.keys import GATHERED, ON, PROMISE_NAME
from runwright.models.objects import Manifest
from runwright.rules.kratix.kept import Kind
from runwright.rules.naming import compose

_BETWEEN_LOOKS: Final = 0.1
_MOST_LOOKS: Final = 100


class Allowance:
    """Gives the worker what it needs on the requests for one Promise, and no more.

    A ClusterRole with these rights is added to those that the worker's gathers. So it has none on
    the kinds of others, which one rule for all groups would give it. It goes after the kind.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def grant(self, promise: str, kind: Kind) -> None:
        """Have the right to look after the requests for a Promise; idempotent.

        It takes a moment until the API server heeds a role; what takes longer is not waited for.
        """
        await self._have(self._role(promise, kind))
        requests = Resource(kind.api_version, kind.kind, kind.plural)
        for _ in range(_MOST_LOOKS):
            if await may(self._cluster, "list", requests):
                return
            await asyncio.sleep(_BETWEEN_LOOKS)

    async def take_back(self, promise: str) -> None:
        """Have that right no more; idempotent."""
        await self._cluster.delete(CLUSTER_ROLES, ("", _name(promise)))

    async def _have(self, role: Manifest) -> None:
        try:
            await self._cluster.create(role)
        except ConflictError:
            name = role["metadata"]["name"]
            there = await self._cluster.get(CLUSTER_ROLES, "", name)
            if there is not None and there.get("rules") != role["rules"]:
                await self._cluster.patch(CLUSTER_ROLES, ("", name), role)

    def _role(self, promise: str, kind: Kind) -> Manifest:
        group = kind.api_version.partition("/")[0]
        return {
            "apiVersion": CLUSTER_ROLES.api_version,
            "kind": CLUSTER_ROLES.kind,
            "metadata": {
                "name": _name(promise),
                "labels": {GATHERED: ON, PROMISE_NAME: promise},
            },
            "rules": [
                {
                    "apiGroups": [group],
                    "resources": [kind.plural],
                    "verbs": ["delete", "get", "list", "patch", "watch"],
                },
                {
                    "apiGroups": [group],
                    "resources": [f"{kind.plural}/status"],
                    "verbs": ["get", "patch"],
                },
            ],
        }


def _name(promise: str) -> str:
    """Return the name of the ClusterRole for a Promise."""
    return compose("runwright-requests", promise)
