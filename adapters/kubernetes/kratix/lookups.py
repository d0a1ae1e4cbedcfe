"""Promises, the requests for them and what is around them, as the cluster has them now."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from adapters.kubernetes.answers import is_forbidden, is_unknown_kind
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.kratix.metadata import labels
from adapters.kubernetes.resources import (
    CONFIG_MAPS,
    DEFINITIONS,
    PROMISE_REVISIONS,
    PROMISES,
    RESOURCE_BINDINGS,
    Resource,
)
from runwright.errors import InvalidManifestError, RefusedError
from runwright.models.kratix import (
    SYSTEM_NAMESPACE,
    ApiSpec,
    KratixConfig,
    Parent,
    Seen,
    WorkflowType,
    keys,
)
from runwright.models.objects import Manifest
from runwright.rules.kratix.apis import version_of
from runwright.rules.kratix.configuration import CONFIG_MAP, platform_config
from runwright.rules.kratix.deletion import Target, selection_of
from runwright.rules.kratix.kept import kept_definition
from runwright.rules.kratix.offers import Surroundings, seen_with
from runwright.rules.kubernetes.fields import text

_LOG: Final = logging.getLogger(__name__)


class Lookups:
    """Looks at Promises and requests, one by one."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def parent(self, parent: Parent) -> Manifest | None:
        """Return that very object; None: it is gone, or another one has its name.

        In another version, where its Promise does not serve the one that the parent is known in.
        """
        resource, name = resource_of(parent), (parent.namespace, parent.name)
        try:
            found = await self._cluster.get(resource, *name)
        except RefusedError as error:
            if not (is_unknown_kind(error) or is_forbidden(error)):
                raise
            served = await self._served(parent)
            if served is None:
                return None  # with its kind went all of its objects, and the right to ask for them
            if served == resource or is_forbidden(error):
                raise
            found = await self._cluster.get(served, *name)
        return found if found and parent.uid in {"", found["metadata"]["uid"]} else None

    async def promise(self, name: str) -> Manifest | None:
        """Return a Promise; None: there is none of that name."""
        return await self._cluster.get(PROMISES, "", name)

    async def config(self) -> KratixConfig:
        """Return the settings of the platform.

        Raises:
            InvalidManifestError: they cannot be read.
        """
        return platform_config(await self._cluster.get(CONFIG_MAPS, SYSTEM_NAMESPACE, CONFIG_MAP))

    async def seen(self, parent: Parent, there: Manifest) -> Seen:
        """Return how a parent is, as it was found; settings that cannot be read are passed over."""
        around, interval = await asyncio.gather(self.around(parent, there), self._interval())
        return seen_with(parent, around, interval)

    async def around(self, parent: Parent, there: Manifest) -> Surroundings:
        """Return what a parent is read with, which was found itself."""
        if parent.type is WorkflowType.PROMISE:
            return Surroundings(there, there)
        promise, revisions, bindings = await asyncio.gather(
            self.promise(parent.promise),
            self.revisions(parent.promise),
            self.bindings(parent),
        )
        return Surroundings(there, promise, tuple(revisions), next(iter(bindings), None))

    async def revisions(self, promise: str) -> list[Manifest]:
        """Return the versions of a Promise that are kept."""
        labelled = Selection(labels=selector_of({keys.PROMISE_NAME: promise}))
        found = (await self._cluster.list(PROMISE_REVISIONS, labelled)).items
        return [one for one in found if text(one, "spec", "promiseRef", "name") == promise]

    async def bindings(self, request: Parent) -> list[Manifest]:
        """Return what ties a request to a version of its Promise."""
        wanted = selection_of(Target.BINDING, request)
        selection = Selection(wanted.namespace, selector_of(wanted.labels))
        found = (await self._cluster.list(RESOURCE_BINDINGS, selection)).items
        return [one for one in found if text(one, "spec", "resourceRef", "name") == request.name]

    async def _served(self, parent: Parent) -> Resource | None:
        """Return the kind of a parent in the version that is served now; None: it is gone."""
        found = await self._cluster.get(DEFINITIONS, "", f"{parent.plural}.{parent.group}")
        if found is None:
            return None
        kind = kept_definition(found).kind
        return Resource(kind.api_version, kind.kind, kind.plural)

    async def _interval(self) -> timedelta:
        try:
            return (await self.config()).reconciliation_interval
        except InvalidManifestError as error:
            extra = {"action": "platform_settings_unreadable"}
            _LOG.warning("settings of the platform cannot be read: %s", error, extra=extra)
            return KratixConfig().reconciliation_interval


def resource_of(parent: Parent) -> Resource:
    """Return the kind of a parent: that of requests is its Promise's to choose."""
    is_namespaced = parent.type is WorkflowType.RESOURCE
    return Resource(parent.api_version, parent.kind, parent.plural, is_namespaced)


def resource_of_api(api: ApiSpec) -> Resource | None:
    """Return the kind of the requests for a Promise; None: no version of it is served."""
    if not (version := version_of(api.versions)):
        return None
    return Resource(f"{api.group}/{version}", api.names.kind, api.names.plural)


def selector_of(wanted: Mapping[str, str], without: Iterable[str] = ()) -> str:
    """Return a selector of what has these labels, and none of those."""
    return ",".join(
        (*(f"{key}={value}" for key, value in wanted.items()), *(f"!{key}" for key in without))
    )


def labels_of_all(target: Target, parent: Parent) -> dict[str, str]:
    """Return the labels of what belongs to a parent, in whatever namespace its Promise has it."""
    labelled = selection_of(target, parent).labels
    return {key: value for key, value in labelled.items() if key != keys.RESOURCE_NAMESPACE}


def is_for(manifest: Manifest, parent: Parent) -> bool:
    """Return whether what is labelled as of a parent is not that of another one of its name.

    Beside its request nothing says of which namespace that is; elsewhere a label does.
    """
    if parent.type is WorkflowType.PROMISE:
        return True
    elsewhere = labels(manifest).get(keys.RESOURCE_NAMESPACE)
    return parent.namespace == (elsewhere or manifest["metadata"]["namespace"])
