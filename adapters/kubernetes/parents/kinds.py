"""The kinds of the requests for Promises: each is watched for as long as the cluster has it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Final, NamedTuple, NoReturn

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.informer import Informer, Name
from adapters.kubernetes.queue import WorkQueue
from adapters.kubernetes.resources import DEFINITIONS, Resource
from runwright.models.kratix.keys import PROMISE_NAME
from runwright.rules.kratix.kept import (
    KeptDefinition,
    KeptRequest,
    Kind,
    ParentName,
    kept_definition,
    kept_request,
)

_LOG: Final = logging.getLogger(__name__)


class _Watched(NamedTuple):
    """The requests for one Promise, and what keeps them up to date."""

    definition: KeptDefinition
    requests: Informer[KeptRequest]
    watching: "asyncio.Task[NoReturn]"


class RequestKinds:
    """The requests for all Promises that are served, under whatever kinds they are.

    A kind is watched as soon as the API server has established it, and until it is gone.
    """

    def __init__(
        self,
        cluster: Cluster,
        changed: Callable[[ParentName], None],
        serves: Callable[[str], bool],
        allow: Callable[[str, Kind], Awaitable[None]],
        resync: timedelta,
    ) -> None:
        """Make them; `serves` says of which Promise, `allow` has us watch the requests for one."""
        self.definitions = Informer(
            *(cluster, DEFINITIONS, kept_definition),
            selection=Selection(labels=PROMISE_NAME),
            resync=resync,
        )
        self.queue = WorkQueue[str]("kind", self._look)
        self._cluster = cluster
        self._changed = changed
        self._serves = serves
        self._allow = allow
        self._resync = resync
        self._watched: dict[str, _Watched] = {}
        """By the name of the Promise."""
        self._defined: dict[str, KeptDefinition] = {}
        self.definitions.listen(self._heard)

    @property
    def informers(self) -> list[Informer[KeptRequest]]:
        """Return what keeps the requests up to date now."""
        return [one.requests for one in self._watched.values()]

    def get(self, name: ParentName) -> KeptRequest | None:
        """Return a request; None: it is not there."""
        watched = self._watched.get(name.promise)
        return watched.requests.get((name.namespace, name.name)) if watched else None

    def kind_of(self, promise: str) -> Kind | None:
        """Return the kind of the requests for a Promise; None: there is none."""
        watched = self._watched.get(promise)
        return watched.definition.kind if watched else None

    def is_defined(self, promise: str) -> bool:
        """Return whether the cluster has a kind of requests for a Promise, watched or not."""
        return promise in self._defined

    def is_listed(self, promise: str) -> bool:
        """Return whether a request for a Promise that is not known is not there.

        That is not known before the kinds have been listed, nor while the requests are: for the
        first time, in another version of their kind, or because that was made anew.
        """
        defined, watched = self._defined.get(promise), self._watched.get(promise)
        if not self.definitions.is_synced:
            return False
        if defined is None or not self._serves(promise):
            return True
        if watched is None or watched.definition != defined:
            return False
        return watched.requests.is_synced

    def requests(self, promise: str) -> Iterator[ParentName]:
        """Yield the requests for a Promise."""
        if watched := self._watched.get(promise):
            for namespace, name in watched.requests.objects():
                yield ParentName(promise, namespace, name)

    def look_at(self, promise: str) -> None:
        """See again whether the requests for a Promise are to be watched."""
        self.queue.add(promise)

    async def run(self) -> NoReturn:
        """Keep up with the cluster until cancelled."""
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self.queue.run())
                await self.definitions.run()
        finally:
            for promise in list(self._watched):
                await self._stop(promise)

    def _heard(self, _: Name, before: KeptDefinition | None, now: KeptDefinition | None) -> None:
        if before is not None and (now is None or now.promise != before.promise):
            if (known := self._defined.get(before.promise)) and known.uid == before.uid:
                del self._defined[before.promise]
            self.look_at(before.promise)
        if now is not None and self._defined.get(now.promise) != now:
            self._defined[now.promise] = now
            self.look_at(now.promise)

    async def _look(self, promise: str) -> None:
        defined, watched = self._defined.get(promise), self._watched.get(promise)
        is_wanted = defined is not None and defined.is_established and self._serves(promise)
        wanted = defined if is_wanted else None
        if watched is not None and watched.definition == wanted and not watched.watching.done():
            return
        if watched is not None:
            await self._stop(promise)
        if wanted is not None:
            await self._allow(promise, wanted.kind)
            self._watch(promise, wanted)

    def _watch(self, promise: str, definition: KeptDefinition) -> None:
        kind = definition.kind
        resource = Resource(kind.api_version, kind.kind, kind.plural)
        requests = Informer(self._cluster, resource, kept_request, resync=self._resync)
        requests.listen(
            lambda name, _before, _now: self._changed(ParentName(promise, name[0], name[1]))
        )
        watching = asyncio.create_task(requests.run())
        self._watched[promise] = _Watched(definition, requests, watching)
        extra = {"action": "kind_watched", "promise": promise, "kind": kind.kind}
        _LOG.info("requests are watched", extra=extra)

    async def _stop(self, promise: str) -> None:
        watched = self._watched.pop(promise)
        watched.watching.cancel()
        with suppress(asyncio.CancelledError):
            await watched.watching
        for namespace, name in watched.requests.objects():
            self._changed(ParentName(promise, namespace, name))
