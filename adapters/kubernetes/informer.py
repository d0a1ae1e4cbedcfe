"""What a cluster has of one kind, kept up to date by one watch."""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final, Generic, NamedTuple, NoReturn, Protocol, TypeVar

from adapters.kubernetes.answers import Change
from adapters.kubernetes.cluster import ALL, Cluster, Selection
from adapters.kubernetes.resources import Resource
from runwright.errors import ClusterUnavailableError, RunwrightError
from runwright.models.objects import Manifest

_LOG: Final = logging.getLogger(__name__)
_SHORTEST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
Name = tuple[str, str]
"""Namespace and name."""
Kept = TypeVar("Kept")
Listener = Callable[[Name, Kept | None, Kept | None], None]
"""Told the name, what was known of it, and what is known now; None: it is not there."""


class _ExpiredError(Exception):
    """The version to watch from is too old: only a new listing helps."""


class _Entry(NamedTuple, Generic[Kept]):
    uid: str
    kept: Kept


class Watch(Protocol):
    """What keeps the objects of one kind up to date, whatever it keeps of them."""

    resource: Resource

    @property
    def trouble(self) -> str:
        """Return why the objects may be out of date; empty while they are not."""
        ...

    @property
    def is_synced(self) -> bool:
        """Return whether the objects have been listed once."""
        ...

    async def synced(self) -> None:
        """Return once the objects have been listed."""
        ...

    async def run(self) -> NoReturn:
        """Keep the objects up to date until cancelled."""
        ...


async def keep_up(watches: Iterable[Watch]) -> None:
    """Keep the objects of several kinds up to date until cancelled."""
    async with asyncio.TaskGroup() as parts:
        for watch in watches:
            parts.create_task(_kept_up(watch))


async def _kept_up(watch: Watch) -> NoReturn:
    await watch.run()


async def all_synced(watches: Iterable[Watch]) -> None:
    """Return once the objects of several kinds have been listed."""
    for watch in watches:
        await watch.synced()


class Informer(Generic[Kept]):
    """The objects of one kind, each reduced to what `keep` makes of it.

    It lists, then watches with bookmarks; a version that is too old or a silent connection makes
    it list again, and so does every `resync`, whatever the watch said. A listener hears of every
    object at each listing, and of every change; an object that was replaced by another of its
    name is told as gone, then as new.
    """

    def __init__(
        self,
        cluster: Cluster,
        resource: Resource,
        keep: Callable[[Manifest], Kept],
        *,
        selection: Selection = ALL,
        resync: timedelta = timedelta(minutes=5),
    ) -> None:
        self.resource = resource
        self._cluster = cluster
        self._keep = keep
        self._selection = selection
        self._resync = resync.total_seconds()
        self._entries: dict[Name, _Entry[Kept]] = {}
        self._listeners: list[Listener[Kept]] = []
        self._version = ""
        self._synced = asyncio.Event()
        self._trouble = ""
        self._pause = _SHORTEST_PAUSE

    @property
    def trouble(self) -> str:
        """Return why the objects may be out of date; empty while they are not."""
        return self._trouble

    @property
    def is_synced(self) -> bool:
        """Return whether the objects have been listed once."""
        return self._synced.is_set()

    def listen(self, listener: Listener[Kept]) -> None:
        """Have the listener told of everything from the next listing on; it must not block."""
        self._listeners.append(listener)

    def get(self, name: Name) -> Kept | None:
        """Return what is known of an object; None: it is not there."""
        entry = self._entries.get(name)
        return entry.kept if entry else None

    def objects(self) -> Mapping[Name, Kept]:
        """Return all that is known."""
        return {name: entry.kept for name, entry in self._entries.items()}

    async def synced(self) -> None:
        """Return once the objects have been listed."""
        await self._synced.wait()

    async def run(self) -> NoReturn:
        """Keep the objects up to date until cancelled."""
        while True:
            try:
                await self._list()
                await self._watch_until_resync()
            except _ExpiredError:
                await self._rest()
            except RunwrightError as error:
                self._note(error)
                await self._rest()
            except Exception as error:  # what nobody foresaw must not leave a kind unwatched
                self._note_failure(error)
                await self._rest()

    async def _list(self) -> None:
        listed = await self._cluster.list(self.resource, self._selection)
        found = {_name(one): one for one in listed.items}
        for name in [name for name in self._entries if name not in found]:
            self._remove(name)
        for name, manifest in found.items():
            self._put(name, manifest)
        self._version = listed.version
        self._synced.set()
        self._is_well()

    async def _watch_until_resync(self) -> None:
        # Spread, so that several kinds and several workers do not list all at once.
        wait = self._resync * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
        try:
            async with asyncio.timeout(wait):
                await self._watch()
        except TimeoutError:
            return

    async def _watch(self) -> NoReturn:
        while True:
            try:
                async for change in self._cluster.watch(
                    self.resource, self._selection, self._version, self._is_well
                ):
                    self._apply(change)
                    self._pause = _SHORTEST_PAUSE
            except ClusterUnavailableError as error:
                self._note(error)
            # One that ended by itself, too: an API server that goes down ends each at once.
            await self._rest()

    async def _rest(self) -> None:
        """Wait before the next attempt, ever longer as long as nothing comes of them."""
        pause, self._pause = self._pause, min(self._pause * 2, _LONGEST_PAUSE)
        await asyncio.sleep(pause)

    def _apply(self, change: Change) -> None:
        if change.type == "ERROR":
            self._refuse(change.object)
        name = _name(change.object)
        if change.type == "DELETED":
            self._remove(name, change.object)
        elif change.type != "BOOKMARK":
            self._put(name, change.object)
        self._version = change.object["metadata"]["resourceVersion"]

    def _refuse(self, status: Manifest) -> NoReturn:
        if status.get("code") == HTTPStatus.GONE:
            raise _ExpiredError
        message = f"watch {self.resource.plural}: {status.get('message')}"
        raise ClusterUnavailableError(message)

    def _put(self, name: Name, manifest: Manifest) -> None:
        uid = str(manifest["metadata"]["uid"])
        known = self._entries.get(name)
        if known is not None and known.uid != uid:
            self._remove(name)
            known = None
        try:
            entry = _Entry(uid, self._keep(manifest))
        except Exception:  # one object that nobody foresaw must not end the watch on all
            self._say_unreadable(name)
            return
        self._entries[name] = entry
        self._tell(name, known.kept if known else None, entry.kept)

    def _remove(self, name: Name, last: Manifest | None = None) -> None:
        """Forget an object; `last` is what it was when it went."""
        entry = self._entries.pop(name, None)
        if last is not None and (entry is None or entry.uid == last["metadata"]["uid"]):
            try:
                kept = self._keep(last)
            except Exception:
                self._say_unreadable(name)
            else:
                self._tell(name, kept, None)
                return
        if entry is not None:
            self._tell(name, entry.kept, None)

    def _tell(self, name: Name, before: Kept | None, now: Kept | None) -> None:
        for listener in self._listeners:
            try:
                listener(name, before, now)
            except Exception:  # neither must one that nobody can attend to
                self._say_unreadable(name)

    def _say_unreadable(self, name: Name) -> None:
        extra = {"action": "object_unreadable", "object": self.resource.of(*name)}
        _LOG.exception("object cannot be attended to", extra=extra)

    def _is_well(self) -> None:
        self._trouble = ""

    def _note_failure(self, error: Exception) -> None:
        if repr(error) != self._trouble:
            self._trouble = repr(error)
            extra = {"action": "watch_failed", "kind": self.resource.kind}
            _LOG.exception("watch failed", extra=extra)

    def _note(self, error: RunwrightError) -> None:
        if str(error) != self._trouble:
            self._trouble = str(error)
            extra = {"action": "watch_put_off", "kind": self.resource.kind}
            _LOG.warning("watch put off: %s", error, extra=extra)


def _name(manifest: Mapping[str, Any]) -> Name:
    metadata = manifest["metadata"]
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))
