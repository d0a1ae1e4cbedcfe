"""What goes with a Promise, or with a request for one."""

from collections.abc import Sequence

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.kratix.access import PipelineAccess
from adapters.kubernetes.kratix.jobs import PipelineJobs
from adapters.kubernetes.kratix.lookups import Lookups, selector_of
from adapters.kubernetes.kratix.metadata import finalizers, full_name, is_going, labels
from adapters.kubernetes.kratix.requests import for_each, requests_of
from adapters.kubernetes.kratix.works import KubernetesWorks
from adapters.kubernetes.parents.allowance import Allowance
from adapters.kubernetes.resources import (
    DEFINITIONS,
    PROMISE_REVISIONS,
    RESOURCE_BINDINGS,
    WORKS,
    Resource,
)
from runwright.models.kratix import Parent, WorkflowType, keys
from runwright.models.objects import Manifest
from runwright.rules.kratix.deletion import TARGETS, Target
from runwright.rules.kubernetes.fields import text


class KubernetesRemoval:
    """The port Removal, over one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lookups = Lookups(cluster)
        self._jobs = PipelineJobs(cluster)
        self._works = KubernetesWorks(cluster)
        self._access = PipelineAccess(cluster)
        self._allowance = Allowance(cluster)
        self._removers = {
            Target.JOBS: self._jobs.remove,
            Target.WORKS: self._remove_works,
            Target.BINDING: self._remove_bindings,
            Target.REQUESTS: self._remove_requests,
            Target.REVISIONS: self._remove_revisions,
            Target.ACCESS: self._access.remove,
            Target.API: self._remove_api,
        }

    async def remove(self, parent: Parent, finalizer: str) -> Sequence[str]:
        """Remove what that finalizer stands for; return what of it was still there.

        Idempotent: to be repeated until nothing is. What stands for nothing but a run is nothing.
        """
        target = TARGETS.get(finalizer)
        return await self._removers[target](parent) if target else []

    async def configuring(self, promise: Parent) -> Sequence[str]:
        """Return the requests for a Promise of which a configure Job has not ended, by name."""
        return await self._jobs.configuring(promise)

    async def _remove_works(self, parent: Parent) -> list[str]:
        is_promise = parent.type is WorkflowType.PROMISE
        find = self._works.all_of if is_promise else self._works.found
        return await self._remove_all(WORKS, await find(parent))

    async def _remove_bindings(self, request: Parent) -> list[str]:
        return await self._remove_all(RESOURCE_BINDINGS, await self._lookups.bindings(request))

    async def _remove_requests(self, promise: Parent) -> list[str]:
        """Have the requests go, each by its own delete workflow."""
        requests = await requests_of(self._cluster, promise)
        return await self._remove_all(requests.kind, requests.found) if requests.kind else []

    async def _remove_revisions(self, promise: Parent) -> list[str]:
        """Remove the versions of a Promise; nobody else takes upstream's finalizer from them."""
        found = await self._lookups.revisions(promise.promise)
        left = await self._remove_all(PROMISE_REVISIONS, found)
        for one in found:
            await self._let_go(one)
        return left

    async def _remove_api(self, promise: Parent) -> list[str]:
        """Remove the definition of a Promise's API, and with it whatever is of that kind.

        Our own right to that goes last: who asks for a request of a kind that is gone is told so,
        and would only be refused without it.
        """
        there = await self._lookups.parent(promise)
        name = text(there, "spec", "api", "metadata", "name")
        definition = await self._cluster.get(DEFINITIONS, "", name) if name else None
        if definition and labels(definition).get(keys.PROMISE_NAME) == promise.promise:
            return await self._remove_all(DEFINITIONS, [definition])
        labelled = Selection(labels=selector_of({keys.PROMISE_NAME: promise.promise}))
        if not (await self._cluster.list(DEFINITIONS, labelled)).items:
            await self._allowance.take_back(promise.promise)
        return []

    async def _remove_all(self, resource: Resource, found: Sequence[Manifest]) -> list[str]:
        """Have these very objects deleted; return their names."""

        async def delete(one: Manifest) -> None:
            if not is_going(one):
                uid = one["metadata"]["uid"]
                await self._cluster.delete(resource, full_name(one), uid=uid)

        await for_each(found, delete)
        return [resource.of(*full_name(one)) for one in found]

    async def _let_go(self, revision: Manifest) -> None:
        held = finalizers(revision)
        if keys.RESOURCE_REQUEST_CLEANUP in held:
            rest = [one for one in held if one != keys.RESOURCE_REQUEST_CLEANUP]
            patch = {"metadata": {"finalizers": rest, "uid": revision["metadata"]["uid"]}}
            await self._cluster.patch(PROMISE_REVISIONS, full_name(revision), patch)
