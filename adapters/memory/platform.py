"""A cluster with one Promise and the requests for it, and what a person does there."""

import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from runwright.errors import NotFoundError
from runwright.models.kratix import (
    KratixConfig,
    Parent,
    Promise,
    ResourceRequest,
    Seen,
    Work,
)
from runwright.models.kratix.keys import ON
from runwright.models.metadata import Condition, ConditionStatus
from runwright.models.objects import Manifest, ObjectEvent
from runwright.rules.kratix.offers import Surroundings, seen_with
from runwright.rules.kratix.parents import promise_parent, request_parent
from runwright.rules.shapes import is_object

_READY: Final = Condition(type="Ready", status=ConditionStatus.TRUE, message="Ready")


class MemoryPlatform:
    """Keeps a Promise, the requests for it, and the Works of both, as an API server would.

    Each change is another version of its object, and one of its spec another generation; an object
    with finalizers that is deleted stays until it has none.
    """

    def __init__(
        self, promise: Manifest, *requests: Manifest, config: KratixConfig | None = None
    ) -> None:
        self.config = config or KratixConfig()
        self.works: dict[tuple[str, str], Work] = {}
        """By namespace and name."""
        self.events: list[ObjectEvent] = []
        """What was told of the objects."""
        self.gone: list[str] = []
        """The names of the objects that were deleted, in the order in which they went."""
        self._objects: dict[tuple[str, str], Manifest] = {}
        self._versions = itertools.count(1)
        self._promise = str(promise["metadata"]["name"])
        for one in (promise, *requests):
            self.apply(one)

    @property
    def promise(self) -> Promise:
        """The Promise as it is now.

        Raises:
            NotFoundError: it is gone.
        """
        return Promise.model_validate(self.manifest())

    def manifest(self, namespace: str = "", name: str = "") -> Manifest:
        """Return an object as it is now; that of the Promise, where no name is given.

        Raises:
            NotFoundError: it is gone.
        """
        found = self._objects.get((namespace, name or self._promise))
        if found is None:
            where = f"{namespace}/" if namespace else ""
            message = f"find {where}{name or self._promise}: there is no such object"
            raise NotFoundError(message)
        return found

    def apply(self, manifest: Manifest) -> Parent:
        """Make an object, or put another spec into it; return it as the parent of workflows."""
        metadata = manifest["metadata"]
        key = (metadata.get("namespace", ""), metadata["name"])
        there = self._objects.get(key)
        if there is None:
            known = {"uid": f"uid-of-{metadata['name']}", "generation": 1, **metadata}
            self._put(key, {**manifest, "metadata": known})
        elif there.get("spec") != manifest.get("spec"):
            next_one = {"generation": there["metadata"]["generation"] + 1}
            changed = merged(there["metadata"], next_one)
            self._put(key, {**there, "spec": manifest.get("spec"), "metadata": changed})
        return self.parent(*key)

    def label(self, parent: Parent, key: str, value: str | None = ON) -> None:
        """Give an object a label; None takes it away."""
        self.edit(parent, labels={key: value})

    def edit(self, parent: Parent, **metadata: Any) -> None:
        """Change the metadata of an object: a mapping is merged, None takes something away.

        Raises:
            NotFoundError: it is gone.
        """
        there = self.manifest(parent.namespace, parent.name)
        changed = merged(there["metadata"], metadata)
        self._put((parent.namespace, parent.name), {**there, "metadata": changed})

    def delete(self, parent: Parent) -> None:
        """Delete an object; that it is gone already is no error."""
        if self.find(parent) is not None:
            at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            self.edit(parent, deletionTimestamp=at)

    def show(self, parent: Parent, patch: Mapping[str, Any]) -> None:
        """Merge a patch into the status of an object; one that is gone is passed over."""
        there = self.find(parent)
        if there is not None:
            status = merged(there.get("status") or {}, patch)
            self._put((parent.namespace, parent.name), {**there, "status": status})

    def status(self, parent: Parent) -> dict[str, Any]:
        """Return the status of an object; empty as long as it has none, and when it is gone."""
        return dict((self.find(parent) or {}).get("status") or {})

    def parents(self) -> Iterator[Parent]:
        """Yield the Promise, and all requests that there are."""
        promise = self.promise
        for key in list(self._objects):
            yield self._parent(promise, *key)

    def parent(self, namespace: str = "", name: str = "") -> Parent:
        """Return an object as the parent of workflows; the Promise, where no name is given.

        Raises:
            NotFoundError: it is gone, or its Promise is.
        """
        return self._parent(self.promise, namespace, name)

    def _parent(self, promise: Promise, namespace: str, name: str) -> Parent:
        if (namespace, name or self._promise) == ("", self._promise):
            return promise_parent(promise)
        request = ResourceRequest.model_validate(self.manifest(namespace, name))
        return request_parent(self._promise, promise.spec, request)

    def find(self, parent: Parent) -> Manifest | None:
        """Return the very object that a parent is; None: it is gone, or another one by now."""
        found = self._objects.get((parent.namespace, parent.name))
        return found if found and found["metadata"]["uid"] == parent.uid else None

    def seen(self, parent: Parent) -> Seen | None:
        """Return a parent as whoever watches the cluster sees it now; None: it is gone."""
        there = self.find(parent)
        if there is None:
            return None
        around = Surroundings(there, self.manifest())
        return seen_with(parent, around, self.config.reconciliation_interval)

    def write_works(self) -> None:
        """Have all Works written to their destinations, as a scheduler would say."""
        for key, work in self.works.items():
            status = {"conditions": [_READY.model_dump(mode="json")]}
            self.works[key] = Work.model_validate({**work.model_dump(), "status": status})

    def _put(self, key: tuple[str, str], manifest: Manifest) -> None:
        metadata = {**manifest["metadata"], "resourceVersion": str(next(self._versions))}
        if "deletionTimestamp" in metadata and not metadata.get("finalizers"):
            self._objects.pop(key, None)
            self.gone.append(key[1])
            return
        self._objects[key] = {**manifest, "metadata": metadata}


def merged(there: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object with a JSON merge patch applied: objects are merged, null takes away."""
    inner = {
        key: merged(there.get(key) or {}, value) if is_object(value) else value
        for key, value in patch.items()
    }
    return {key: value for key, value in {**there, **inner}.items() if value is not None}
