"""What was prepared for pods of pipelines a moment ago: requests for one Promise need the same."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from adapters.kubernetes.kratix.metadata import full_name
from adapters.kubernetes.resources import Resource, resource_of
from runwright.models.objects import Manifest

_HOLDS: Final = 5.0
"""Seconds."""
_Object = tuple[Resource, tuple[str, str]]


class Preparations:
    """Remembers for a moment which objects pipelines had there, and has one prepared at a time.

    What somebody else changes meanwhile, another worker, too, is missed for so long. A pod that
    lacks an account or a ConfigMap says so, and is prepared anew; one that lacks a right fails.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._wanted: dict[str, tuple[Sequence[Manifest], float]] = {}
        """The last that was prepared, by pipeline, and until when that is trusted."""
        self._there: dict[_Object, Manifest] = {}
        """As they were written last: pipelines share some."""

    @asynccontextmanager
    async def preparing(
        self, pipeline: str, wanted: Sequence[Manifest], *, unless_recent: bool
    ) -> AsyncGenerator[bool]:
        """Give whether a pipeline is to be prepared; it is then, if the block ends well."""
        async with self._locks[pipeline]:
            if unless_recent and self._is_recent(pipeline, wanted):
                yield False
                return
            self._forget(pipeline, wanted)
            yield True
            self._note(pipeline, wanted)

    def _is_recent(self, pipeline: str, wanted: Sequence[Manifest]) -> bool:
        known, until = self._wanted.get(pipeline, ((), 0.0))
        is_last = known == wanted and self._now() < until
        return is_last and all(self._there.get(_object_of(one)) == one for one in wanted)

    def _forget(self, pipeline: str, wanted: Sequence[Manifest]) -> None:
        self._wanted.pop(pipeline, None)
        for one in wanted:
            self._there.pop(_object_of(one), None)

    def _note(self, pipeline: str, wanted: Sequence[Manifest]) -> None:
        now = self._now()
        self._wanted = {name: one for name, one in self._wanted.items() if now < one[1]}
        self._wanted[pipeline] = (wanted, now + _HOLDS)
        kept = {_object_of(one) for known, _ in self._wanted.values() for one in known}
        self._there = {key: one for key, one in self._there.items() if key in kept}
        self._there |= {_object_of(one): one for one in wanted}


def _object_of(manifest: Manifest) -> _Object:
    return resource_of(manifest), full_name(manifest)
