"""What is known beside the requests: Promises, their versions, bindings, and Works."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.informer import Informer, Name, Watch, all_synced, keep_up
from adapters.kubernetes.resources import PROMISE_REVISIONS, PROMISES, RESOURCE_BINDINGS, WORKS
from runwright.models.kratix import Work
from runwright.rules.kratix.kept import (
    KeptBinding,
    KeptPromise,
    KeptRevision,
    KeptWork,
    ParentName,
    Requirements,
    kept_binding,
    kept_promise,
    kept_revision,
    kept_work,
)
from runwright.rules.kratix.requirements import requirement, requirers


class Shelf:
    """What decisions about parents are made by, kept up to date by four watches.

    `changed` is called with a parent that is to be looked at; `promise_changed` with the Promise
    whose requests are, all of them.
    """

    def __init__(
        self,
        cluster: Cluster,
        changed: Callable[[ParentName], None],
        promise_changed: Callable[[str], None],
        *,
        selector: str,
        resync: timedelta,
    ) -> None:
        self.promises = Informer(
            *(cluster, PROMISES, kept_promise),
            selection=Selection(labels=selector),
            resync=resync,
        )
        self.revisions = Informer(cluster, PROMISE_REVISIONS, kept_revision, resync=resync)
        self.bindings = Informer(cluster, RESOURCE_BINDINGS, kept_binding, resync=resync)
        self.works = Informer(cluster, WORKS, kept_work, resync=resync)
        self._changed = changed
        self._promise_changed = promise_changed
        self._revisions: dict[str, dict[str, KeptRevision]] = {}
        self._bindings: dict[ParentName, KeptBinding] = {}
        self._works: dict[ParentName, dict[Name, KeptWork]] = {}
        self.promises.listen(self._heard_promise)
        self.revisions.listen(self._heard_revision)
        self.bindings.listen(self._heard_binding)
        self.works.listen(self._heard_work)

    @property
    def informers(self) -> tuple[Watch, ...]:
        """Return what has to be synced before anything is decided."""
        return self.promises, self.revisions, self.bindings, self.works

    async def run(self) -> None:
        """Keep up with the cluster until cancelled."""
        await keep_up(self.informers)

    async def synced(self) -> None:
        """Return once everything was listed."""
        await all_synced(self.informers)

    def promise(self, name: str) -> KeptPromise | None:
        """Return a Promise; None: it is gone, or not served here."""
        return self.promises.get(("", name))

    def requirements_of(self, promise: KeptPromise) -> Requirements:
        """Return the Promises around one; those that are not served here do not count."""
        found = (self.promise(one.name) for one in promise.requires)
        required = tuple(map(requirement, promise.requires, found))
        everyone = self.promises.objects().values()
        return Requirements(required, requirers(promise.object.name, everyone))

    def revisions_of(self, promise: str) -> Mapping[str, KeptRevision]:
        """Return what is kept of a Promise's versions, by version."""
        return self._revisions.get(promise) or {}

    def binding_of(self, request: ParentName) -> KeptBinding | None:
        """Return the version that a request is bound to."""
        return self._bindings.get(request)

    def works_of(self, parent: ParentName) -> Iterator[Work]:
        """Yield the Works of a parent, without their files."""
        for kept in (self._works.get(parent) or {}).values():
            yield kept.work

    def _heard_promise(
        self, name: Name, before: KeptPromise | None, now: KeptPromise | None
    ) -> None:
        self._changed(ParentName(name[1]))
        if _of_requests(before) != _of_requests(now):
            self._promise_changed(name[1])
        if _of_requirements(before) != _of_requirements(now):
            for one in self._around(name[1], before, now):
                self._changed(ParentName(one))

    def _around(self, name: str, *promises: KeptPromise | None) -> set[str]:
        """Return which Promises one required, or requires, and which ones require it."""
        required = {of.name for one in promises if one is not None for of in one.requires}
        everyone = self.promises.objects().values()
        return required | {one.promise.name for one in requirers(name, everyone)}

    def _heard_revision(
        self, _: Name, before: KeptRevision | None, now: KeptRevision | None
    ) -> None:
        if before == now:
            return
        if before is not None:
            self._revisions.get(before.promise, {}).pop(before.promise_version, None)
        if now is not None:
            self._revisions.setdefault(now.promise, {})[now.promise_version] = now
        for kept in filter(None, (before, now)):
            self._promise_changed(kept.promise)

    def _heard_binding(self, _: Name, before: KeptBinding | None, now: KeptBinding | None) -> None:
        if before is not None and (now is None or now.request != before.request):
            self._bindings.pop(before.request, None)
            self._changed(before.request)
        if now is not None and now != before:
            self._bindings[now.request] = now
            self._changed(now.request)

    def _heard_work(self, name: Name, before: KeptWork | None, now: KeptWork | None) -> None:
        if before == now:
            return
        if before is not None:
            of_parent = self._works.get(before.parent, {})
            of_parent.pop(name, None)
            if not of_parent:
                self._works.pop(before.parent, None)
            self._changed(before.parent)
        if now is not None:
            self._works.setdefault(now.parent, {})[name] = now
            self._changed(now.parent)


def _of_requirements(kept: KeptPromise | None) -> object:
    """Return what of a Promise matters to those that it requires, and that require it."""
    if kept is None:
        return None
    return kept.requires, kept.promise_version, kept.is_available, kept.object.is_deleted


def _of_requests(kept: KeptPromise | None) -> object:
    """Return what of a Promise matters to the requests for it."""
    if kept is None:
        return None
    one = kept.object
    return kept.spec, kept.promise_version, kept.can_fulfil, one.labels, one.is_deleted, one.uid
