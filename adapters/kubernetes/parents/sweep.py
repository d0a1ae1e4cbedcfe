"""Entities that ended without a word, that are stuck, or whose parents are gone."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.parents.intake import ParentIntake
from adapters.kubernetes.resources import PROMISES, Resource
from adapters.kubernetes.sweep import Sweep
from runwright.models.kratix import Parent, Seen, Sight
from runwright.ports import Fate
from runwright.ports.kratix import Entities
from runwright.rules.kratix import outside
from runwright.rules.kratix.kept import KeptObject, ParentName, named

_GONE = Seen(
    sight=Sight(generation=0, hash="", promise_deleting=True),
    version="",
    interval=timedelta(hours=10),
    is_deleted=True,
)


class ParentSweep(Sweep[ParentName]):
    """Holds the entities of an intake against Temporal."""

    def __init__(
        self,
        cluster: Cluster,
        intake: ParentIntake,
        entities: Entities,
        interval: timedelta = timedelta(seconds=30),
    ) -> None:
        super().__init__("parent", entities, interval)
        self._cluster = cluster
        self._intake = intake
        self._entities = entities

    async def synced(self) -> None:
        """Return once all Promises have been listed."""
        await self._intake.shelf.synced()

    @property
    def open_runs(self) -> Mapping[ParentName, str]:
        """Return the entities that should be there."""
        return self._intake.open_runs

    async def compare(self, name: ParentName) -> None:
        """See to it that an entity is there and works; say so where its code fails."""
        found = self._intake.told(name)
        if found is None:
            return
        parent, kept = found
        standing = await self._entities.standing(self._intake.open_runs[name])
        if standing.fate is not Fate.OPEN:
            self._intake.look_anew(name)
        elif standing.problem:
            await self._note_stuck(parent, standing.problem)
        else:
            await self._note_recovered(parent, kept)

    def unknown(self, open_ids: Iterable[str]) -> Iterable[str]:
        """Return the entities whose parents should be known, and are not."""
        return [one for one in open_ids if (name := named(one)) and self._is_unknown(name, one)]

    async def abandon_if_gone(self, workflow: str) -> None:
        """Have an entity end whose parent is gone: it went while nobody looked."""
        name = named(workflow)
        if name is None or not self._is_unknown(name, workflow):
            return
        if not await self._is_there(name, workflow):
            await self._entities.tell(workflow, _GONE)

    def _is_unknown(self, name: ParentName, workflow: str) -> bool:
        """Return whether nobody knows of a parent, though all of its kind have been listed."""
        is_listed = not name.name or self._intake.kinds.is_listed(name.promise)
        return is_listed and not self._intake.knows(name, workflow)

    async def _is_there(self, name: ParentName, workflow: str) -> bool:
        """Return whether the cluster has that very parent now, whatever the watches say.

        Requests go with their kind; those of a kind that is not watched here are let be.
        """
        resource = self._resource_of(name)
        if resource is None:
            return self._intake.kinds.is_defined(name.promise)
        found = await self._cluster.get(resource, name.namespace, name.name or name.promise)
        return found is not None and workflow.endswith(f"/{found['metadata']['uid']}")

    def _resource_of(self, name: ParentName) -> Resource | None:
        if not name.name:
            return PROMISES
        kind = self._intake.kinds.kind_of(name.promise)
        return Resource(kind.api_version, kind.kind, kind.plural) if kind else None

    async def _note_stuck(self, parent: Parent, problem: str) -> None:
        now = datetime.now(UTC)
        if await self._intake.notes.show(
            parent, lambda status: outside.stuck(status, problem, now)
        ):
            await self._intake.notes.warn(parent, "WorkflowStuck", problem)

    async def _note_recovered(self, parent: Parent, kept: KeptObject) -> None:
        if outside.says_stuck(kept.reconciled[2]):
            now = datetime.now(UTC)
            await self._intake.notes.show(parent, lambda status: outside.recovered(status, now))
