"""An API server in memory that can be watched, and whose watches may be behind."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from adapters.kubernetes.answers import Change
from adapters.kubernetes.cluster import ALL, Listed, Selection
from adapters.kubernetes.resources import Resource
from runwright.models.objects import Manifest
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster


class WatchedCluster(MemoryCluster):
    """Tells watches what changes, and deletes what a finalizer holds only when it holds no more."""

    def __init__(self, *objects: Manifest) -> None:
        self.asked: Counter[str] = Counter()
        """How often each kind was listed."""
        self.looked_up: Counter[str] = Counter()
        """How often one object of each kind was asked for."""
        self.hidden: set[str] = set()
        """The kinds whose watches tell nothing for now."""
        self._changes: list[Change] = []
        super().__init__(*objects)

    def put(self, *objects: Manifest) -> None:
        """Have objects there, or have them changed."""
        for one in objects:
            self._put(one)

    def remove(self, manifest: Manifest) -> None:
        """Have an object gone, whatever holds it."""
        metadata = manifest["metadata"]
        name = metadata.get("namespace", ""), metadata["name"]
        gone = self.objects.pop((manifest["kind"], *name))
        self._changes.append(Change("DELETED", gone))

    def of(self, manifest: Manifest) -> Manifest | None:
        """Return an object as it is now."""
        metadata = manifest["metadata"]
        return self.objects.get((manifest["kind"], metadata["namespace"], metadata["name"]))

    async def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        """Return the object; None if there is none of that name."""
        self.looked_up[resource.kind] += 1
        return await super().get(resource, namespace, name)

    async def delete(
        self,
        resource: Resource,
        name: tuple[str, str],
        *,
        uid: str = "",
        seen: str = "",  # noqa: ARG002 - nobody else changes anything here
        grace: int | None = None,
    ) -> bool:
        """Tell the object to go; it does so when nothing holds it."""
        there = self.objects.get((resource.kind, *name))
        if there is None or uid not in {"", there["metadata"]["uid"]}:
            return False
        now = datetime.now(UTC).isoformat()
        told = {"deletionTimestamp": now, "deletionGracePeriodSeconds": grace or 0}
        self._put({**there, "metadata": {**told, **there["metadata"]}})
        self._go_if_free(resource, name)
        return True

    async def without_finalizer(
        self, resource: Resource, name: tuple[str, str], finalizer: str
    ) -> Manifest | None:
        """Take the finalizer from the object."""
        there = self.objects.get((resource.kind, *name))
        if there is None:
            return None
        rest = [one for one in there["metadata"].get("finalizers", ()) if one != finalizer]
        kept = self._put({**there, "metadata": {**there["metadata"], "finalizers": rest}})
        self._go_if_free(resource, name)
        return kept

    async def list(self, resource: Resource, selection: Selection = ALL) -> Listed:
        """Return the objects of that kind, of the Job or about the object that is named."""
        self.asked[resource.kind] += 1
        version = str(len(self._changes))
        return Listed(
            [
                one
                for (kind, *_), one in self.objects.items()
                if kind == resource.kind and _is_selected(one, selection)
            ],
            version,
        )

    async def watch(
        self,
        resource: Resource,
        selection: Selection,  # noqa: ARG002 - everything here is ours
        since: str,
        opened: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[Change]:
        """Yield the changes of that kind after the version, for ever."""
        opened()
        told = int(since)
        while True:
            for change in self._changes[told:] if resource.kind not in self.hidden else ():
                told += 1
                if change.object["kind"] == resource.kind:
                    yield change
            await asyncio.sleep(0.01)

    def _put(self, manifest: Manifest) -> Manifest:
        kept = super()._put(manifest)
        self._changes.append(Change("MODIFIED", kept))
        return kept

    def _go_if_free(self, resource: Resource, name: tuple[str, str]) -> None:
        there = self.objects[(resource.kind, *name)]
        if there["metadata"].get("deletionTimestamp") and not there["metadata"].get("finalizers"):
            self.remove(there)


def _is_selected(one: Manifest, selection: Selection) -> bool:
    label, equal, value = selection.labels.partition("=")
    labels = one["metadata"].get("labels") or {}
    if label and (label not in labels or (equal and labels[label] != value)):
        return False
    field, _, wanted = selection.fields.partition("=")
    if field == "metadata.name":
        return bool(one["metadata"]["name"] == wanted)
    return not field or bool(one["involvedObject"]["uid"] == wanted)
