"""What does the work of steps, asked of the API server itself: no watch may be behind it."""

import re
from typing import Final

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.resources import ENGRAM_TEMPLATES, ENGRAMS, Resource
from runwright.models.bubustack import Engram, EngramTemplate
from runwright.models.objects import Manifest
from runwright.rules.translation import read_object

_NAME: Final = re.compile(r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?")
"""What an object can be called; of a template a reference may say anything."""


class KubernetesCatalog:
    """The port Catalog, over one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def engram(self, namespace: str, name: str) -> Engram | None:
        """Return an Engram; None if there is none of that name."""
        found = await self._found(ENGRAMS, namespace, name)
        return read_object(Engram, found) if found else None

    async def template(self, name: str) -> EngramTemplate | None:
        """Return an EngramTemplate; None if there is none of that name."""
        found = await self._found(ENGRAM_TEMPLATES, "", name)
        return read_object(EngramTemplate, found) if found else None

    async def _found(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        if not _NAME.fullmatch(name):
            return None
        return await self._cluster.get(resource, namespace, name)
