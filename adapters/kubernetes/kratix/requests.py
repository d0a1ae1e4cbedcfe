"""All requests for a Promise."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from adapters.kubernetes.answers import is_unknown_kind
from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.kratix.lookups import Lookups, resource_of_api
from adapters.kubernetes.resources import Resource
from runwright.errors import RefusedError
from runwright.models.kratix import Parent, Promise
from runwright.models.objects import Manifest
from runwright.rules.salvage import salvage

_AT_ONCE: Final = 8
"""Requests to the API server."""
_T = TypeVar("_T")


class Requests(NamedTuple):
    """The requests for a Promise, and their kind."""

    kind: Resource | None
    """None: the Promise has no API."""
    found: list[Manifest]


async def requests_of(cluster: Cluster, promise: Parent) -> Requests:
    """Return the requests for a Promise in all namespaces; none where its API is not served."""
    there = await Lookups(cluster).parent(promise)
    read = salvage(Promise, there).model if there else None
    kind = resource_of_api(read.spec.api.spec) if read and read.spec.api else None
    if kind is None:
        return Requests(None, [])
    try:
        return Requests(kind, (await cluster.list(kind)).items)
    except RefusedError as error:
        if not is_unknown_kind(error):
            raise
        return Requests(kind, [])


async def for_each(given: Sequence[_T], do: Callable[[_T], Awaitable[object]]) -> None:
    """Do something for each of many, a few at once."""
    for first in range(0, len(given), _AT_ONCE):
        await asyncio.gather(*map(do, given[first : first + _AT_ONCE]))
