"""The objects that stand for steps beside their Jobs: made first, written by pods, read last."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.ownership import Kinship, kinship, owners_of
from adapters.kubernetes.resources import KNOWN, STEP_RUNS, Resource, resource_of
from runwright.errors import ConflictError, NotOursError, StillRunningError
from runwright.models.objects import Manifest
from runwright.models.tasks import Task, TaskOutcome, TaskRecord
from runwright.rules.bubustack.reports import reported
from runwright.rules.kubernetes.fields import text

_REPORTS: Final[Mapping[Resource, Callable[[Mapping[str, Any]], TaskOutcome | None]]] = {
    STEP_RUNS: reported,
}
"""What the pods of each kind write into the record's status, by the contract of its system."""


class RecordState(StrEnum):
    """How a record stands to a try that is to be started."""

    FRESH = "fresh"
    """Made for this very try."""
    STARTED = "started"
    """This very try was started before."""
    SAME = "same"
    """It is this try's, which was not started yet as far as it knows."""
    OLDER = "older"
    """It is still an earlier try's."""
    LATER = "later"
    """A later try has overtaken this one."""


_MADE_WAY_FOR: Final = frozenset({RecordState.SAME, RecordState.OLDER})


class Record(NamedTuple):
    """A record as it is, and how it stands to the try."""

    manifest: Manifest
    state: RecordState


class Report(NamedTuple):
    """What a record says of the end of a try."""

    outcome: TaskOutcome | None
    """None: nothing."""
    version: str | None
    """Of the record; None: there is none of this try."""


_MOST_LOOKS: Final = 3
_NO_REPORT: Final = Report(None, None)


class Records:
    """Makes, brings up to a try, and reads the records of tasks."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def found(self, task: Task, record: TaskRecord) -> Record:
        """Return the record of a task, made now if there is none.

        Raises:
            NotOursError: an object of that name exists and is somebody else's.
            StillRunningError: one of that name is going, and has not gone yet.
        """
        wanted = _wanted(task, record)
        try:
            return Record(await self._cluster.create(wanted), RecordState.FRESH)
        except ConflictError:
            name = task.key.namespace, task.key.name
            there = await self._cluster.get(resource_of(wanted), *name)
            if there is None:
                raise  # gone in between: the next attempt makes it
        _refuse_another(there, wanted)
        state = _state(there, task)
        if state in _MADE_WAY_FOR and there["metadata"].get("deletionTimestamp"):
            # What it owns goes with it: a Job that is made for it now would be lost at once.
            message = f"create {resource_of(wanted).of(*name)}: the one that was deleted is there"
            raise StillRunningError(message)
        return Record(there, state)

    async def renew(self, task: Task, record: TaskRecord, there: Manifest) -> Manifest:
        """Take the record over from an earlier try, and from what that one wrote there.

        It has no phase then: this try was not started yet, and who finds it so may start it.
        """
        resource, name = resource_of(there), (task.key.namespace, task.key.name)
        status = {"status": dict.fromkeys(("phase", *record.cleared))}
        await self._cluster.patch(resource, name, status, subresource="status")
        said = {
            "metadata": {"annotations": identity.annotations_of(task.key)},
            "spec": record.renewed,
        }
        return await self._cluster.patch(resource, name, said) or there

    async def note_start(self, record: TaskRecord, there: Manifest) -> None:
        """Say on a record that its try was started.

        Only on a version that has no phase yet: a pod that was quicker has the last word. What
        holds the try up may be written there at the same time.
        """
        resource, known = resource_of(there), there["metadata"]
        name = known["namespace"], known["name"]
        latest: Manifest | None = there
        for _ in range(_MOST_LOOKS):
            if latest is None:
                return
            metadata = {"resourceVersion": latest["metadata"]["resourceVersion"]}
            patch = {"metadata": metadata, "status": record.running}
            try:
                await self._cluster.patch(resource, name, patch, subresource="status")
            except ConflictError:
                latest = await self._cluster.get(resource, *name)
                if latest is not None and text(latest, "status", "phase"):
                    return
            else:
                return

    async def report(self, job: Manifest) -> Report:
        """Return what the pod of a Job wrote into its record."""
        for resource, owner in _recorded(job):
            record = await self._owner(resource, owner, job)
            if record is not None and _is_of(record, job):
                outcome = _REPORTS[resource](record.get("status") or {})
                return Report(outcome, str(record["metadata"]["resourceVersion"]))
        return _NO_REPORT

    async def is_gone(self, job: Manifest) -> bool:
        """Return whether a Job had a record that is not there any more: then the Job will go."""
        owners = _recorded(job)
        return bool(owners) and not any([await self._owner(*one, job) for one in owners])

    async def _owner(
        self, resource: Resource, owner: Mapping[str, Any], job: Manifest
    ) -> Manifest | None:
        there = await self._cluster.get(resource, job["metadata"]["namespace"], owner["name"])
        return there if there is not None and there["metadata"]["uid"] == owner["uid"] else None


def _wanted(task: Task, record: TaskRecord) -> Manifest:
    metadata = record.manifest["metadata"]
    annotations = {**identity.annotations(record.manifest), **identity.annotations_of(task.key)}
    return {**record.manifest, "metadata": {**metadata, "annotations": annotations}}


def _recorded(job: Manifest) -> list[tuple[Resource, Mapping[str, Any]]]:
    """Return the owners of a Job that pods report to."""
    return [
        (resource, owner)
        for owner in job["metadata"].get("ownerReferences") or ()
        if (resource := KNOWN.get((owner["apiVersion"], owner["kind"]))) and resource in _REPORTS
    ]


def _is_of(record: Manifest, job: Manifest) -> bool:
    said, wanted = identity.annotations(record), identity.annotations(job)
    return all(said.get(name) == wanted.get(name) for name in (identity.EXECUTION, identity.TRY))


def _state(there: Manifest, task: Task) -> RecordState:
    said = identity.annotations(there)
    position = identity.Position.parse(said.get(identity.TRY, ""))
    ours = identity.Position(*task.key.order)
    if said.get(identity.EXECUTION, "") != task.key.execution or position < ours:
        return RecordState.OLDER
    if position > ours:
        return RecordState.LATER
    return RecordState.STARTED if text(there, "status", "phase") else RecordState.SAME


def _refuse_another(there: Manifest, wanted: Manifest) -> None:
    """Let only the record of the same owner pass."""
    named = resource_of(wanted).of(wanted["metadata"]["namespace"], wanted["metadata"]["name"])
    owner, *_ = owners_of(wanted)
    match kinship(there, wanted):
        case Kinship.EARLIER:
            message = (
                f"create {named}: that of an earlier {owner.kind} {owner.name} has not gone yet"
            )
            raise StillRunningError(message)
        case Kinship.NONE:
            message = (
                f"create {named}: one exists that does not belong to {owner.kind} {owner.name}"
            )
            raise NotOursError(message)
        case Kinship.SAME:
            return
