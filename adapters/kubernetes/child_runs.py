"""The StoryRuns that steps of other StoryRuns execute: made for them, and for no one else."""

import asyncio
from collections.abc import Container
from datetime import timedelta
from typing import Final

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.evidence import name_of
from adapters.kubernetes.owners import Owners
from adapters.kubernetes.ownership import Kinship, kinship, owners_of
from adapters.kubernetes.resources import STORY_RUNS
from adapters.kubernetes.story_runs import is_over, workflow_of
from runwright.errors import (
    ConflictError,
    InvalidManifestError,
    NotFoundError,
    NotOursError,
    StillRunningError,
)
from runwright.models.bubustack import StoryRun
from runwright.models.objects import Manifest, ObjectKey
from runwright.ports import Fate, Launcher
from runwright.rules.bubustack.jobs.labels import PARENT_STORY_RUN
from runwright.rules.bubustack.parentage import Parent, parent_of
from runwright.rules.naming import label_value

_BETWEEN_LOOKS: Final = timedelta(milliseconds=250)
_MOST_LOOKS: Final = 60
"""At one that is to go; what takes longer is left to a later attempt."""


class KubernetesChildRuns:
    """The port ChildRuns, over one cluster, or over the one namespace that is `served`."""

    def __init__(self, cluster: Cluster, served: str = "") -> None:
        self._cluster = cluster
        self._owners = Owners(cluster, served)

    async def make(self, wanted: Manifest, parent: ObjectKey, *, is_deleted: bool = False) -> str:
        """Create the object of a child, or find the one that this execution made; return its uid.

        Raises:
            NotFoundError: there is no such parent, or not any more, or the child was deleted.
            NotOursError: an object of that name exists, and is not this step's.
            StillRunningError: that of an earlier execution has not gone yet.
            RefusedError: the API server said no for good, or the namespace is not served here.
            ClusterUnavailableError: the cluster could not be asked.
        """
        await self._owners.find(parent, is_deleted=is_deleted)
        for _ in range(_MOST_LOOKS):
            try:
                return _uid_of(await self._cluster.create(wanted))
            except ConflictError:
                there = await self._cluster.get(STORY_RUNS, *name_of(wanted))
            if there is None:
                continue
            if _is_ours(there, wanted):
                return _uid_of(there)
            await self._remove(there)
            await asyncio.sleep(_BETWEEN_LOOKS.total_seconds())
        message = f"{_attempt(wanted)}: that of an earlier execution has not gone yet"
        raise StillRunningError(message)

    async def find(self, wanted: Manifest) -> str:
        """Return the uid of the object that an earlier execution made for the same step.

        Empty if its run cannot go on: there is none, it goes, or it was told to be cancelled, which
        is not taken back.
        """
        there = await self._cluster.get(STORY_RUNS, *name_of(wanted))
        if there is None or kinship(there, wanted) is not Kinship.SAME:
            return ""
        found, ours = _maker(there), _maker(wanted)
        is_this_steps = found is not None and ours is not None and found.step == ours.step
        goes = there["metadata"].get("deletionTimestamp") or there["spec"].get("cancelRequested")
        return _uid_of(there) if is_this_steps and not goes else ""

    async def _remove(self, there: Manifest) -> None:
        """Have one deleted, unless it is; its run is ended before it goes."""
        if not there["metadata"].get("deletionTimestamp"):
            await self._cluster.delete(STORY_RUNS, name_of(there), uid=_uid_of(there))


async def is_abandoned(launcher: Launcher, run: StoryRun, parent: Parent) -> bool:
    """Return whether nobody starts a run any more that is a step of another one.

    Its parent is asked first: one that is over may have started it just before.
    """
    if (await launcher.standing(parent.workflow_id)).fate is Fate.OPEN:
        return False
    return (await launcher.standing(workflow_of(run))).fate is Fate.MISSING


async def remove_child_runs(cluster: Cluster, run: StoryRun, kept: Container[str] = ()) -> None:
    """Remove the StoryRuns of a run's steps, but for those whose names are `kept`.

    One that nobody waited for may go on, and is left.
    """
    labelled = f"{PARENT_STORY_RUN}={label_value(run.metadata.name)}"
    listed = await cluster.list(STORY_RUNS, Selection(run.metadata.namespace, labelled))
    for child in listed.items:
        owners = {owner.uid for owner in owners_of(child)}
        is_kept = child["metadata"]["name"] in kept
        if run.metadata.uid in owners and is_over(child) and not is_kept:
            await cluster.delete(STORY_RUNS, name_of(child), uid=_uid_of(child))


def _is_ours(there: Manifest, wanted: Manifest) -> bool:
    """Return whether an object is the wanted one; else it is an earlier one, which has to go.

    Raises:
        NotFoundError: it is the wanted one, and somebody deleted it.
        NotOursError: it is neither.
    """
    match kinship(there, wanted):
        case Kinship.SAME:
            return _is_of_this_execution(there, wanted)
        case Kinship.EARLIER:
            return False
        case Kinship.NONE:
            message = f"{_attempt(wanted)}: one exists that does not belong to this run"
            raise NotOursError(message)


def _is_of_this_execution(there: Manifest, wanted: Manifest) -> bool:
    attempt, found, ours = _attempt(wanted), _maker(there), _maker(wanted)
    if found is None or ours is None or found.step != ours.step:
        message = f"{attempt}: one exists that was not made for this step"
        raise NotOursError(message)
    if found.activation > ours.activation:
        message = f"{attempt}: one exists that a later execution of this run made"
        raise NotOursError(message)
    if found == ours and there["metadata"].get("deletionTimestamp"):
        message = f"{attempt}: it was made, and somebody deleted it"
        raise NotFoundError(message)
    return found == ours


def _maker(manifest: Manifest) -> Parent | None:
    try:
        return parent_of(identity.annotations(manifest))
    except InvalidManifestError:
        return None


def _uid_of(manifest: Manifest) -> str:
    return str(manifest["metadata"]["uid"])


def _attempt(wanted: Manifest) -> str:
    return f"create {STORY_RUNS.of(*name_of(wanted))}"
