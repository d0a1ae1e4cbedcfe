"""The objects that every destination of a Promise needs."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.evidence import name_of
from adapters.kubernetes.kratix.lookups import selector_of
from adapters.kubernetes.kratix.works import KubernetesWorks
from adapters.kubernetes.resources import WORKS
from runwright.models.kratix import SYSTEM_NAMESPACE, Promise, Work, WorkType, keys
from runwright.models.objects import Manifest
from runwright.rules.kratix.works import dependencies_work, manifest_of
from runwright.rules.kubernetes.fields import field


class Dependencies:
    """Has the dependencies of Promises in a Work each."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._works = KubernetesWorks(cluster)

    async def have(self, promise: Promise, wanted: Sequence[Mapping[str, Any]]) -> None:
        """Have the dependencies of a Promise as they are written; one that is so is not touched.

        Without any there is no such Work.

        Raises:
            NotOursError: there are several of them, or one of its name is somebody else's.
        """
        found = await self._found(promise.metadata.name)
        if not wanted:
            for one in found:
                await self._cluster.delete(WORKS, name_of(one), uid=one["metadata"]["uid"])
            return
        work = dependencies_work(promise, wanted, datetime.now(UTC))
        if len(found) != 1 or not _has(found[0], work):
            there = await self._works.in_place_of(SYSTEM_NAMESPACE, work.metadata.labels)
            await self._works.write(work, there)

    async def _found(self, promise: str) -> list[Manifest]:
        labels = {keys.PROMISE_NAME: promise, keys.WORK_TYPE: WorkType.STATIC_DEPENDENCY}
        selection = Selection(SYSTEM_NAMESPACE, selector_of(labels))
        return (await self._cluster.list(WORKS, selection)).items


def _has(found: Manifest, work: Work) -> bool:
    """Return whether a Work is as it is to be."""
    wanted = manifest_of(work)["spec"]["workloadGroups"]
    return bool(field(found, "spec", "workloadGroups") == wanted)
