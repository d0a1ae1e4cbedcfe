"""Promises and the requests for them get their entities, which hear of every change."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, TypeVar

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.parents.beginning import Beginning, Manner
from adapters.kubernetes.parents.kinds import RequestKinds
from adapters.kubernetes.parents.notes import ParentNotes, resource_of
from adapters.kubernetes.parents.shelf import Shelf
from adapters.kubernetes.queue import WorkQueue
from adapters.kubernetes.resources import CONFIG_MAPS, RESOURCE_BINDINGS
from runwright.errors import RunwrightError
from runwright.models.kratix import (
    SYSTEM_NAMESPACE,
    KratixConfig,
    Parent,
    RequiredBy,
    RequiredPromiseStatus,
    Requirers,
    Seen,
    parent_id,
)
from runwright.models.kratix.keys import MANUAL_RECONCILIATION, ON
from runwright.ports import Metrics, Objects, StatusMirror, Unmeasured
from runwright.ports.kratix import Entities
from runwright.rules.kratix import intake as rules
from runwright.rules.kratix import outside
from runwright.rules.kratix.conditions import works_succeeded
from runwright.rules.kratix.configuration import CONFIG_MAP, platform_config
from runwright.rules.kratix.kept import KeptObject, Kind, ParentName, Said

_Said = TypeVar("_Said")
_LOG: Final = logging.getLogger(__name__)
_UNMEASURED: Final = Unmeasured()
_LISTED_SOON: Final = 5.0
"""Seconds after which it is looked again at a request that may be there, and is not known."""
_READ_AGAIN: Final = timedelta(seconds=10)
"""After which settings are read again that could not be."""


class ParentWard(NamedTuple):
    """Which parents an intake looks after, and how."""

    manner: Manner
    selector: str = ""
    """The labels of the Promises that are served; empty: all are."""
    resync: timedelta = timedelta(minutes=5)


class ParentWays(NamedTuple):
    """By what it acts, beside the cluster itself."""

    entities: Entities
    mirror: StatusMirror
    objects: Objects
    allow: Callable[[str, Kind], Awaitable[None]]
    """Has us watch the requests for a Promise."""


class _Told(NamedTuple):
    """What an entity knows."""

    workflow: str
    parent: Parent
    seen: Seen
    works: Said | None = None
    """What came of its Works, when it was told to look at them, until that is shown."""
    required: tuple[RequiredPromiseStatus, ...] | None = None
    """How the Promises were found that a Promise requires; likewise."""
    requirers: tuple[RequiredBy, ...] | None = None
    """Those that require it; likewise."""


class ParentIntake:
    """The one intake of a cluster's Promises and of the requests for them.

    What is to be done about a parent is looked at anew whenever it or what belongs to it changed,
    and at every resync. Its entity hears of it where that is not what it was told before: a leader
    that is new tells everything once.
    """

    def __init__(
        self, cluster: Cluster, ways: ParentWays, ward: ParentWard, metrics: Metrics = _UNMEASURED
    ) -> None:
        self.queue = WorkQueue[ParentName]("parent", self._look)
        self.shelf = Shelf(
            *(cluster, self.queue.add, self._promise_changed),
            selector=ward.selector,
            resync=ward.resync,
        )
        self.kinds = RequestKinds(cluster, self.queue.add, self._serves, ways.allow, ward.resync)
        self.notes = ParentNotes(cluster, ways.mirror)
        self._cluster = cluster
        self._entities = ways.entities
        self._beginning = Beginning(
            *(cluster, ways.entities, ways.objects, self.notes), ward.manner, metrics
        )
        self._ward = ward
        self._config = KratixConfig()
        self._told: dict[ParentName, _Told] = {}
        self._refused: dict[ParentName, str] = {}

    async def run(self) -> None:
        """Take in Promises and requests until cancelled."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self._keep_configured())
            parts.create_task(self.shelf.run())
            await self.shelf.synced()  # or every Promise would seem to be gone
            parts.create_task(self.kinds.run())
            parts.create_task(self.queue.run())

    @property
    def open_runs(self) -> Mapping[ParentName, str]:
        """Return the ids of the entities that are there, or should be."""
        return {name: told.workflow for name, told in self._told.items()}

    def knows(self, name: ParentName, workflow: str) -> bool:
        """Return whether the parent of that entity is there, or was just now."""
        told = self._told.get(name)
        return told is not None and told.workflow == workflow

    def told(self, name: ParentName) -> tuple[Parent, KeptObject] | None:
        """Return a parent whose entity should be there, and what is known of it; else None."""
        told, kept = self._told.get(name), self._kept(name)
        return (told.parent, kept) if told and kept and told.parent.uid == kept.uid else None

    def look_anew(self, name: ParentName) -> None:
        """See to it that an entity is there, whatever is known of it."""
        self._told.pop(name, None)
        self.queue.add(name)

    def _serves(self, promise: str) -> bool:
        """Return whether a Promise is served; one that is gone is, where all are."""
        return not self._ward.selector or self.shelf.promise(promise) is not None

    def _promise_changed(self, promise: str) -> None:
        self.kinds.look_at(promise)
        for name in self.kinds.requests(promise):
            self.queue.add(name)

    def _kept(self, name: ParentName) -> KeptObject | None:
        found = self.kinds.get(name) if name.name else self.shelf.promise(name.promise)
        return found.object if found else None

    async def _look(self, name: ParentName) -> None:
        kept = self._kept(name)
        if kept is None and name.name and not self.kinds.is_listed(name.promise):
            self.queue.add_after(name, _LISTED_SOON)
            return
        if (told := self._told.get(name)) and (kept is None or kept.uid != told.parent.uid):
            await self._entities.tell(told.workflow, rules.gone(told.seen))
            self._told.pop(name, None)
        if kept is None:
            self._refused.pop(name, None)
            return
        match self._meaning_of(name):
            case rules.Say() as say:
                self._refused.pop(name, None)
                await self._say(name, kept, say)
            case rules.Hold() as hold:
                await self.notes.change(hold.parent, kept.version, hold.metadata)
            case rules.Refuse() as refuse:
                await self._refuse(name, refuse)
            case rules.Nothing():
                return

    def _meaning_of(self, name: ParentName) -> rules.Meaning:
        """Return what is to be done about a parent that is there."""
        interval, ours = self._config.reconciliation_interval, self.shelf.promise(name.promise)
        request, kind = self.kinds.get(name), self.kinds.kind_of(name.promise)
        if not name.name and ours is not None:
            return rules.meaning_of_promise(ours, interval)
        if request is None or kind is None:
            return rules.Nothing()
        around = rules.Around(
            *(ours, self.shelf.revisions_of(name.promise), self.shelf.binding_of(name)), interval
        )
        return rules.meaning_of_request(request, kind, around, name.promise)

    async def _say(self, name: ParentName, kept: KeptObject, say: rules.Say) -> None:
        told, workflow = self._told.get(name), parent_id(say.parent)
        if rules.differs(told.seen if told else None, say.seen):
            if not await self._entities.tell(workflow, say.seen):
                self._told.pop(name, None)
                if not say.starts:
                    return
                await self._begin(name, kept, say)
                told = None
            before = told or _Told(workflow, say.parent, say.seen)
            told = self._told[name] = before._replace(parent=say.parent, seen=say.seen)
        if told is not None:
            await self._attend_to_works(name, kept, told)
            await self._attend_to_requirements(name, told)
            await self._attend_to_binding(name, say.parent, kept)

    async def _begin(self, name: ParentName, kept: KeptObject, say: rules.Say) -> None:
        promise = self.shelf.promise(name.promise)
        uid = promise.object.uid if name.name and promise else ""
        await self._beginning.begin(say.parent, say.seen, uid, is_new=not kept.is_shown)

    def _note_told(self, name: ParentName, **fields: Any) -> None:
        """Keep what an entity was told, unless it is looked at anew since."""
        if told := self._told.get(name):
            self._told[name] = told._replace(**fields)

    async def _attend_to_works(self, name: ParentName, kept: KeptObject, told: _Told) -> None:
        """Have an entity look where its parent says something else of its Works than they do."""
        if not kept.is_complete:
            return
        found = works_succeeded(self.shelf.works_of(name))
        now: Said = found.status.value, found.reason, found.message
        if now not in {kept.works, told.works}:
            await self._entities.look_at_works(told.workflow)
        self._note_told(name, works=_unless_shown(now, kept.works))

    async def _attend_to_requirements(self, name: ParentName, told: _Told) -> None:
        """Have a Promise look where it says something else of those around it than they do.

        Source: Kratix, required Promises. Upstream looks again after a minute.
        """
        promise = None if name.name else self.shelf.promise(name.promise)
        if promise is None:
            return
        now, shown = self.shelf.requirements_of(promise), promise.shown
        if now.required not in {shown.required, told.required}:
            await self._entities.look_at_parent(told.workflow)
        self._note_told(name, required=_unless_shown(now.required, shown.required))
        if now.requirers not in {shown.requirers, told.requirers}:
            requirers = Requirers(promises=now.requirers)
            await self._entities.see_requirers(told.workflow, requirers)
        self._note_told(name, requirers=_unless_shown(now.requirers, shown.requirers))

    async def _attend_to_binding(self, name: ParentName, parent: Parent, kept: KeptObject) -> None:
        """Pass on that somebody asks for a run on the binding of a request: the label moves.

        Source: Kratix, binding controller.
        """
        binding = self.shelf.binding_of(name) if name.name else None
        if binding is None or binding.labels.get(MANUAL_RECONCILIATION) != ON:
            return
        label = {MANUAL_RECONCILIATION: ON}
        key = parent.namespace, parent.name
        body = {"metadata": {"uid": kept.uid, "labels": label}}
        await self._cluster.patch(resource_of(parent), key, body)
        taken = {"metadata": {"labels": {MANUAL_RECONCILIATION: None}}}
        await self._cluster.patch(RESOURCE_BINDINGS, (parent.namespace, binding.name), taken)

    async def _refuse(self, name: ParentName, refuse: rules.Refuse) -> None:
        """Say on a Promise that it cannot be read, and why; once for each reason."""
        if self._refused.get(name) == refuse.message:
            return
        now = datetime.now(UTC)
        await self.notes.show(
            refuse.parent, lambda status: outside.refused(status, refuse.message, now)
        )
        await self.notes.warn(refuse.parent, "InvalidPromise", refuse.message)
        self._refused[name] = refuse.message

    async def _keep_configured(self) -> None:
        """Know what the platform wants of all parents; what cannot be read is as before."""
        while True:
            wait = self._ward.resync
            try:
                found = await self._cluster.get(CONFIG_MAPS, SYSTEM_NAMESPACE, CONFIG_MAP)
                self._config = platform_config(found)
            except RunwrightError as error:  # nothing of it must end all that is looked after
                extra = {"action": "configuration_unreadable"}
                _LOG.warning("configuration cannot be read: %s", error, extra=extra)
                wait = min(wait, _READ_AGAIN)
            await asyncio.sleep(wait.total_seconds())


def _unless_shown(now: _Said, shown: _Said) -> _Said | None:
    """Return what was told and is to be shown; None: it is, and may be told again."""
    return None if now == shown else now
