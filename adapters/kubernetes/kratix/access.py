"""As whom pipelines act in a cluster, and what they may do there."""

import asyncio
from collections.abc import Sequence
from typing import Final

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.kratix.lookups import selector_of
from adapters.kubernetes.kratix.metadata import full_name
from adapters.kubernetes.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    CONFIG_MAPS,
    ROLE_BINDINGS,
    ROLES,
    SERVICE_ACCOUNTS,
    Resource,
    resource_of,
)
from runwright.errors import RefusedError
from runwright.models.kratix import Parent, PipelineRun, keys
from runwright.models.objects import Manifest
from runwright.rules.kratix.jobs import access_of, may_update_account, obsolete_access
from runwright.rules.kratix.jobs.labels import labels_of_pipeline

_GRANTS: Final = (CLUSTER_ROLE_BINDINGS, ROLE_BINDINGS, CLUSTER_ROLES, ROLES)
"""In the order in which they go: nobody is left with a role that is not there."""
_OF_A_PROMISE: Final = (*_GRANTS, SERVICE_ACCOUNTS, CONFIG_MAPS)


class PipelineAccess:
    """Grants and takes back what pipelines may do; what is so already is not written."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def grant(self, run: PipelineRun) -> None:
        """Have account, roles and bindings of a pipeline as they are to be.

        What its author asked for before, and no more, goes first.
        """
        account, *grants = access_of(run)
        await self._take_back(run, grants)
        roles = [one for one in grants if "rules" in one]
        bindings = [one for one in grants if "roleRef" in one]
        await asyncio.gather(self._have_account(account), *map(self._cluster.apply, roles))
        await asyncio.gather(*map(self._bind, bindings))

    async def remove(self, promise: Parent) -> list[str]:
        """Remove everything of the kind that a Promise has; return what was still there.

        What the worker itself may do with requests stays until there can be none.
        """
        labels = selector_of({keys.PROMISE_NAME: promise.promise}, without=[keys.GATHERED])
        found = await self._labelled(_OF_A_PROMISE, labels)
        for one in found:
            await self._delete(one)
        return [resource_of(one).of(*full_name(one)) for one in found]

    async def _have_account(self, wanted: Manifest) -> None:
        """Create an account, or change it if it is one of ours."""
        there = await self._cluster.get(SERVICE_ACCOUNTS, *full_name(wanted))
        if there is None or may_update_account(there):
            await self._cluster.apply(wanted)

    async def _bind(self, wanted: Manifest) -> None:
        """Have a binding; one to another role is made anew, for that cannot be changed."""
        try:
            await self._cluster.apply(wanted)
        except RefusedError:
            resource = resource_of(wanted)
            there = await self._cluster.get(resource, *full_name(wanted))
            if there is None or there["roleRef"] == wanted["roleRef"]:
                raise
            await self._delete({**there, "kind": wanted["kind"]})
            await self._cluster.apply(wanted)

    async def _take_back(self, run: PipelineRun, desired: Sequence[Manifest]) -> None:
        marks = {**labels_of_pipeline(run), keys.PIPELINE_NAMESPACE: run.parent.home}
        found = await self._labelled(_GRANTS, selector_of(marks))
        for one in obsolete_access(run, found, desired):
            await self._delete(one)

    async def _labelled(self, kinds: Sequence[Resource], labels: str) -> list[Manifest]:
        """Return the objects of these kinds in all namespaces, in the order of the kinds."""
        selection = Selection(labels=labels)
        lists = await asyncio.gather(*(self._cluster.list(kind, selection) for kind in kinds))
        return [
            {**one, "apiVersion": kind.api_version, "kind": kind.kind}
            for kind, listed in zip(kinds, lists, strict=True)
            for one in listed.items
        ]

    async def _delete(self, one: Manifest) -> None:
        uid = one["metadata"]["uid"]
        await self._cluster.delete(resource_of(one), full_name(one), uid=uid)
