"""The definitions of the APIs that Promises offer."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from adapters.kubernetes.answers import is_invalid
from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.resources import DEFINITIONS
from runwright.errors import InvalidManifestError, Problem, RefusedError
from runwright.models.kratix import Promise, keys
from runwright.models.objects import Manifest
from runwright.rules.kratix.apis import served_api
from runwright.rules.kubernetes.fields import condition, text
from runwright.rules.wording import quoted

_PATH: Final = "spec.api"
_ESTABLISHED: Final = "Established"
_BETWEEN_LOOKS: Final = 0.1
_MOST_LOOKS: Final = 20
"""At a definition that was made just now; what takes longer is left to the next call."""


class Definitions:
    """Has the API server serve what Promises offer."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def have(self, promise: Promise, api: Mapping[str, Any] | None) -> bool:
        """Have the API of a Promise defined, as its author wrote it; return whether it is served.

        Without one there is nothing to serve, and nothing is in the way.

        Raises:
            InvalidManifestError: the API server does not take it, or it is another Promise's.
        """
        if api is None:
            return True
        name = str(api["metadata"]["name"])
        await self._refuse_others(promise, name)
        try:
            defined = await self._cluster.apply(served_api(api, promise.metadata.name))
        except RefusedError as error:
            if not is_invalid(error):
                raise
            raise InvalidManifestError([Problem(_PATH, str(error))]) from error
        return await self._is_served(name, defined)

    async def _refuse_others(self, promise: Promise, name: str) -> None:
        there = await self._cluster.get(DEFINITIONS, "", name)
        owner = text(there, "metadata", "labels", keys.PROMISE_NAME)
        if owner not in {"", promise.metadata.name}:
            message = f"{quoted(name)} is defined by the Promise {quoted(owner)}"
            raise InvalidManifestError([Problem(f"{_PATH}.metadata.name", message)])

    async def _is_served(self, name: str, defined: Manifest | None) -> bool:
        """Return whether an API is served, which takes a moment at first."""
        for _ in range(_MOST_LOOKS):
            if defined is None or defined["metadata"].get("deletionTimestamp"):
                return False
            if condition(defined, _ESTABLISHED):
                return True
            await asyncio.sleep(_BETWEEN_LOOKS)
            defined = await self._cluster.get(DEFINITIONS, "", name)
        return False
