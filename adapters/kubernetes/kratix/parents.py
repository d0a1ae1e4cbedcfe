"""Promises and the requests for them, as the parents of workflows."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.kratix.lookups import Lookups, resource_of
from adapters.kubernetes.kratix.metadata import finalizers, is_going, labels
from runwright.errors import ConflictError, NotFoundError
from runwright.models.kratix import (
    LATEST,
    KratixConfig,
    Parent,
    Plan,
    Seen,
    WorkflowAction,
    WorkflowType,
)
from runwright.models.kratix.keys import ON
from runwright.models.objects import Manifest
from runwright.rules.kratix.bindings import binding_of
from runwright.rules.kratix.offers import Surroundings, offer_of, seen_with
from runwright.rules.kratix.parents import pipeline_namespace
from runwright.rules.kratix.pipelines import pipelines_of

_MOST_LOOKS: Final = 5
"""At an object that others change at the same time."""


class Adapter(NamedTuple):
    """The containers before and after those of an author."""

    image: str
    pull_secret: str = ""
    """For that image; empty: none is needed."""


class KubernetesParents:
    """The port Parents, over one cluster."""

    def __init__(self, cluster: Cluster, adapter: Adapter) -> None:
        self._cluster = cluster
        self._adapter = adapter
        self._lookups = Lookups(cluster)

    async def see(self, parent: Parent) -> Seen | None:
        """Return the parent as it is now; None: it is gone."""
        there = await self._lookups.parent(parent)
        return await self._lookups.seen(parent, there) if there else None

    async def plan(self, parent: Parent, action: WorkflowAction) -> Plan:
        """Return what the workflow of an action executes, by what the cluster has now.

        A request that is to be configured is bound to a version of its Promise, if it is not.

        Raises:
            NotFoundError: the parent is gone, or its Promise with all its versions.
            InvalidManifestError: its pipelines cannot be read, or the platform's settings; it has
                every problem.
        """
        there, config = await asyncio.gather(self._lookups.parent(parent), self._lookups.config())
        if there is None:
            message = f"plan {action} of {_named(parent)}: it is gone"
            raise NotFoundError(message)
        around = await self._lookups.around(parent, there)
        parent = parent.model_copy(update={"api_version": there["apiVersion"]})
        plan = self._plan(parent, action, config, around)
        is_request = parent.type is WorkflowType.RESOURCE
        if is_request and action is WorkflowAction.CONFIGURE and around.binding is None:
            await self._bind(parent, there)
        return plan

    async def mark(
        self, parent: Parent, adds: Sequence[str], removes: Sequence[str]
    ) -> Seen | None:
        """Set labels to `true`, take others away, and return the parent then; None: it is gone.

        Idempotent: what is so already is not written.

        Raises:
            ConflictError: another object took its name just now.
        """
        there = await self._lookups.parent(parent)
        if there is None:
            return None
        known = labels(there)
        wanted: dict[str, str | None] = {**dict.fromkeys(removes), **dict.fromkeys(adds, ON)}
        changed = {key: value for key, value in wanted.items() if known.get(key) != value}
        now = await self._patched(parent, there, {"labels": changed}) if changed else there
        return await self._lookups.seen(parent, now) if now else None

    async def release(self, parent: Parent, finalizer: str) -> Seen | None:
        """Take a finalizer from the parent, and return it then; None: it is gone. Idempotent."""
        for _ in range(_MOST_LOOKS):
            there = await self._lookups.parent(parent)
            if there is None:
                return None
            held = finalizers(there)
            if finalizer not in held:
                return await self._lookups.seen(parent, there)
            try:
                now = await self._without(parent, there, finalizer)
            except ConflictError:
                continue  # as a whole and for this version only: such a list has no patch
            return await self._lookups.seen(parent, now) if now and not _is_over(now) else None
        message = f"release {_named(parent)}: it changes all the time"
        raise ConflictError(message)

    def _plan(
        self, parent: Parent, action: WorkflowAction, config: KratixConfig, around: Surroundings
    ) -> Plan:
        offer = offer_of(parent, action, around)
        spec = offer.promise.spec
        return Plan(
            parent=parent.model_copy(update={"pipeline_namespace": pipeline_namespace(spec)}),
            action=action,
            pipelines=pipelines_of(spec, parent.type, action),
            seen=seen_with(parent, around, config.reconciliation_interval),
            promise_version=offer.version,
            selectors=tuple(one.match_labels for one in spec.destination_selectors),
            image=self._adapter.image,
            pull_secret=self._adapter.pull_secret,
            config=config,
        )

    async def _bind(self, request: Parent, there: Manifest) -> None:
        """Have a request follow its Promise; one that is made meanwhile is as good."""
        try:
            await self._cluster.create(binding_of(request, labels(there), LATEST))
        except ConflictError:
            return

    async def _without(self, parent: Parent, there: Manifest, finalizer: str) -> Manifest | None:
        metadata = there["metadata"]
        rest = [one for one in finalizers(there) if one != finalizer]
        patch = {"finalizers": rest, "resourceVersion": metadata["resourceVersion"]}
        return await self._patched(parent, there, patch)

    async def _patched(
        self, parent: Parent, there: Manifest, metadata: dict[str, Any]
    ) -> Manifest | None:
        """Change the metadata of that very object, and return it then."""
        name, uid = (parent.namespace, parent.name), there["metadata"]["uid"]
        patch = {"metadata": {"uid": uid, **metadata}}
        resource = resource_of(parent)._replace(api_version=there["apiVersion"])
        return await self._cluster.patch(resource, name, patch)


def _is_over(manifest: Manifest) -> bool:
    """Return whether an object goes that nothing holds any more."""
    return is_going(manifest) and not finalizers(manifest)


def _named(parent: Parent) -> str:
    return resource_of(parent).of(parent.namespace, parent.name)
