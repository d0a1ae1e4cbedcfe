"""The versions of Promises that are kept."""

from collections.abc import Sequence
from typing import Any

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.kratix.metadata import full_name, labels
from adapters.kubernetes.resources import PROMISE_REVISIONS
from runwright.errors import ConflictError
from runwright.models.kratix import Promise, keys
from runwright.models.objects import Manifest
from runwright.rules.kratix.bindings import MIRRORED, promise_version, revision_of
from runwright.rules.kubernetes.fields import field, text


class Revisions:
    """Keeps Promises as they are, one object for each version."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def keep(self, promise: Promise, spec: dict[str, Any], kept: Sequence[Manifest]) -> None:
        """Keep a Promise as it was written, as the latest of those that are `kept`.

        What is kept so already is not written.

        Raises:
            ConflictError: somebody else wrote it at the same time.
        """
        version, wanted = promise_version(promise), revision_of(promise, spec)
        same = [one for one in kept if text(one, "spec", "version") == version]
        latest = await self._have(wanted, same[0] if same else None)
        await self._show(latest, is_latest=True)
        for one in kept:
            if one["metadata"]["name"] != latest["metadata"]["name"]:
                await self._demote(one)

    async def _have(self, wanted: Manifest, there: Manifest | None) -> Manifest:
        if there is None:
            return await self._cluster.create(wanted)
        metadata = _with(there["metadata"], wanted["metadata"])
        if there["spec"] == wanted["spec"] and metadata == there["metadata"]:
            return there
        replaced = await self._cluster.replace({**wanted, "metadata": metadata})
        if replaced is None:
            message = f"replace {PROMISE_REVISIONS.of(*full_name(there))}: it went meanwhile"
            raise ConflictError(message)
        return replaced

    async def _demote(self, revision: Manifest) -> None:
        """Say of a version that it is the latest no more."""
        if keys.LATEST_REVISION in labels(revision):
            patch = {"metadata": {"labels": {keys.LATEST_REVISION: None}}}
            await self._cluster.patch(PROMISE_REVISIONS, full_name(revision), patch)
        await self._show(revision, is_latest=False)

    async def _show(self, revision: Manifest, *, is_latest: bool) -> None:
        if bool(field(revision, "status", "latest")) is not is_latest:
            patch = {"status": {"latest": is_latest}}
            name = full_name(revision)
            await self._cluster.patch(PROMISE_REVISIONS, name, patch, subresource="status")


def _with(known: Manifest, said: Manifest) -> Manifest:
    """Return the metadata of an object with what is to be said there."""
    labelled: dict[str, str] = known.get("labels") or {}
    annotated: dict[str, str] = known.get("annotations") or {}
    kept = {key: value for key, value in annotated.items() if key not in MIRRORED}
    annotations = {**kept, **said["annotations"]}
    changed = {"annotations": annotations} if annotations != annotated else {}
    return {**known, "labels": {**labelled, **said["labels"]}, **changed}
