"""The Works of Promises and of the requests for them."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.evidence import name_of
from adapters.kubernetes.kratix.lookups import is_for, labels_of_all, selector_of
from adapters.kubernetes.kratix.metadata import labels
from adapters.kubernetes.resources import WORKS
from runwright.errors import ConflictError, NotOursError
from runwright.models.kratix import Parent, Plan, Work, WorkflowType, keys
from runwright.models.objects import Manifest
from runwright.rules.kratix.deletion import Target, selection_of
from runwright.rules.kratix.works import manifest_of, stale_works
from runwright.rules.kubernetes.fields import entries
from runwright.rules.translation import read_object
from runwright.rules.wording import listed


class KubernetesWorks:
    """Finds, writes and removes Works, also those that an earlier controller made."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def of(self, parent: Parent) -> list[Work]:
        """Return the Works of a parent, without what is in them."""
        return [read_object(Work, _emptied(one)) for one in await self.found(parent)]

    async def found(self, parent: Parent) -> list[Manifest]:
        """Return the Works of a parent, as they are; of a Promise not those of its requests.

        They are looked for everywhere: its Promise may have had them in another namespace before.
        """
        wanted = labels_of_all(Target.WORKS, parent)
        without = (keys.RESOURCE_NAME,) if parent.type is WorkflowType.PROMISE else ()
        selection = Selection(labels=selector_of(wanted, without))
        listed = (await self._cluster.list(WORKS, selection)).items
        return [_typed(one) for one in listed if is_for(one, parent)]

    async def all_of(self, promise: Parent) -> list[Manifest]:
        """Return the Works of a Promise and of all requests for it."""
        wanted = selection_of(Target.WORKS, promise)
        selection = Selection(wanted.namespace, selector_of(wanted.labels))
        return [_typed(one) for one in (await self._cluster.list(WORKS, selection)).items]

    async def in_place_of(self, namespace: str, wanted: Mapping[str, str]) -> list[Manifest]:
        """Return what is in the place of a Work with these labels."""
        is_of_request = keys.RESOURCE_NAME in wanted
        type_ = WorkflowType.RESOURCE if is_of_request else WorkflowType.PROMISE
        return await self._labelled(namespace, wanted, type_)

    async def write(self, work: Work, found: Sequence[Manifest]) -> None:
        """Put a Work in the place of the one that was found there, which keeps its name.

        Where none was, it is created.

        Raises:
            NotOursError: there are several, or one of its name has other labels.
            ConflictError: somebody else wrote it at the same time.
        """
        if len(found) > 1:
            names = listed(sorted(one["metadata"]["name"] for one in found))
            place = f"{work.metadata.namespace}/{work.metadata.name}"
            message = f"write work {place}: in its place are {names}"
            raise NotOursError(message)
        if found:
            await self._replace(found[0], manifest_of(work))
        else:
            await self._create(manifest_of(work))

    async def remove_stale(self, plan: Plan) -> None:
        """Remove the Works of a parent whose pipeline is no more, or runs elsewhere by now."""
        of_parent, type_ = await self.of(plan.parent), plan.parent.type
        stale = stale_works(of_parent, type_, plan.names)
        left = [
            one
            for one in of_parent
            if one.metadata.labels.get(keys.WORK_TYPE) == type_
            if one.metadata.namespace != plan.parent.home
        ]
        for name, uid in {_key(work) for work in (*stale, *left)}:
            await self._cluster.delete(WORKS, name, uid=uid)

    async def _create(self, manifest: Manifest) -> None:
        try:
            await self._cluster.create(manifest)
        except ConflictError:
            if await self._is_taken(manifest):
                message = f"create {WORKS.of(*name_of(manifest))}: somebody else's has its name"
                raise NotOursError(message) from None
            raise

    async def _is_taken(self, manifest: Manifest) -> bool:
        """Return whether a Work of that name is none of this pipeline; looked for as all are."""
        namespace, name = name_of(manifest)
        selection = Selection(namespace, fields=f"metadata.name={name}")
        found = (await self._cluster.list(WORKS, selection)).items
        wanted = manifest["metadata"]["labels"].items()
        return any(not wanted <= labels(one).items() for one in found)

    async def _replace(self, there: Manifest, manifest: Manifest) -> None:
        known, said = there["metadata"], manifest["metadata"]
        metadata = {
            **known,
            "labels": {**labels(there), **said["labels"]},
            "annotations": {**identity.annotations(there), **said["annotations"]},
        }
        if await self._cluster.replace({**manifest, "metadata": metadata}) is None:
            message = f"replace {WORKS.of(*name_of(there))}: it went meanwhile"
            raise ConflictError(message)

    async def _labelled(
        self, namespace: str, wanted: Mapping[str, str], type_: WorkflowType
    ) -> list[Manifest]:
        """Return the Works with these labels that say of no other request that they are its."""
        told_apart = (
            keys.RESOURCE_NAMESPACE if type_ is WorkflowType.RESOURCE else keys.RESOURCE_NAME
        )
        without = () if told_apart in wanted else (told_apart,)
        selection = Selection(namespace, selector_of(wanted, without))
        return [_typed(one) for one in (await self._cluster.list(WORKS, selection)).items]


def _typed(one: Manifest) -> Manifest:
    """Return an object of a list as it is alone: a list says once what all in it are."""
    return {"apiVersion": WORKS.api_version, "kind": WORKS.kind, **one}


def _emptied(work: Manifest) -> Manifest:
    groups: list[dict[str, Any]] = [
        {**group, "workloads": []} for group in entries(work, "spec", "workloadGroups")
    ]
    return {**work, "spec": {**work["spec"], "workloadGroups": groups}}


def _key(work: Work) -> tuple[tuple[str, str], str]:
    return (work.metadata.namespace, work.metadata.name), work.metadata.uid
