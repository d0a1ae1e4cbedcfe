"""An API server in memory, as far as the tests of what asks one need it."""

import itertools
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

from adapters.kubernetes.cluster import ALL, Cluster, Listed, Selection
from adapters.kubernetes.resources import Resource, resource_of
from runwright.errors import ConflictError, RunwrightError
from runwright.models.objects import Manifest


class MemoryCluster(Cluster):
    """Keeps objects by kind, namespace and name; each change is another version of one."""

    def __init__(self, *objects: Manifest) -> None:
        super().__init__({})
        self.objects: dict[tuple[str, str, str], Manifest] = {}
        self.logs: dict[str, list[bytes] | RunwrightError] = {}
        """By the name of a pod, with `/previous` for the run before, and a container after that."""
        self.reads = 0
        """How often a log was asked for."""
        self.refusal: RunwrightError | None = None
        """What every attempt to write meets."""
        self._versions = itertools.count(1)
        for one in objects:
            self._put(one)

    async def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        """Return the object; None if there is none of that name."""
        return self.objects.get((resource.kind, namespace, name))

    async def create(
        self,
        manifest: Manifest,
        resource: Resource | None = None,  # noqa: ARG002 - a kind is no matter here
    ) -> Manifest:
        """Create the object, under a name of its own if it has none."""
        self._refuse()
        metadata = manifest["metadata"]
        name = metadata.get("name") or f"{metadata['generateName']}x7k2p"
        named = {**manifest, "metadata": {"uid": str(uuid.uuid4()), **metadata, "name": name}}
        if _key(named) in self.objects:
            message = f"create {resource_of(manifest).of(*_key(named)[1:])}: HTTP 409"
            raise ConflictError(message)
        return self._put(named)

    async def patch(
        self, resource: Resource, name: tuple[str, str], patch: object, *, subresource: str = ""
    ) -> Manifest | None:
        """Merge the patch into the object."""
        self._refuse()
        there = self.objects.get((resource.kind, *name))
        if there is None or not isinstance(patch, Mapping):
            return None
        seen = patch.get("metadata", {}).get(
            "resourceVersion", there["metadata"]["resourceVersion"]
        )
        if seen != there["metadata"]["resourceVersion"]:
            message = f"patch object of {resource.of(*name)}{subresource}: HTTP 409"
            raise ConflictError(message)
        return self._put(_merged(there, patch))

    async def delete(
        self,
        resource: Resource,
        name: tuple[str, str],
        *,
        uid: str = "",
        seen: str = "",
        grace: int | None = None,
    ) -> bool:
        """Remove the object at once."""
        assert (seen, grace) == ("", None)
        there = self.objects.get((resource.kind, *name))
        if there is None or uid not in {"", there["metadata"]["uid"]}:
            return False
        del self.objects[resource.kind, *name]
        return True

    async def list(self, resource: Resource, selection: Selection = ALL) -> Listed:
        """Return the objects of that kind in the namespace, with that label."""
        label, _, value = selection.labels.partition("=")
        found = [
            one
            for (kind, namespace, _), one in self.objects.items()
            if (kind, namespace) == (resource.kind, selection.namespace)
            and (one["metadata"].get("labels") or {}).get(label) == value
        ]
        return Listed(found, "1")

    async def log(
        self,
        pod: tuple[str, str],
        container: str,
        *,
        tail: int | None = None,
        follow: bool = False,
        previous: bool = False,
    ) -> AsyncIterator[bytes]:
        """Yield what a pod wrote, chunk by chunk."""
        assert not (tail and follow)
        self.reads += 1
        default: list[bytes] = []
        name = f"{pod[1]}/previous" if previous else pod[1]
        written = self.logs.get(f"{name}/{container}", self.logs.get(name, default))
        if isinstance(written, RunwrightError):
            raise written
        for chunk in written:
            yield chunk

    def _put(self, manifest: Manifest) -> Manifest:
        metadata = {**manifest["metadata"], "resourceVersion": str(next(self._versions))}
        metadata.setdefault("uid", str(uuid.uuid4()))
        kept = {**manifest, "metadata": metadata}
        self.objects[_key(kept)] = kept
        return kept

    def _refuse(self) -> None:
        if self.refusal is not None:
            raise self.refusal


def _key(manifest: Manifest) -> tuple[str, str, str]:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def _merged(there: Mapping[str, Any], patch: Mapping[str, Any]) -> Manifest:
    merged = {
        name: _merged(there.get(name) or {}, value) if isinstance(value, Mapping) else value
        for name, value in patch.items()
    }
    return {name: value for name, value in {**there, **merged}.items() if value is not None}
