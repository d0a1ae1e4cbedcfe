"""The first entity of a parent, and another one where it ended or Temporal lost it."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.parents.notes import ParentNotes
from adapters.kubernetes.resources import JOBS
from runwright.errors import StillRunningError
from runwright.models.kratix import (
    Compat,
    Parent,
    ParentState,
    Seen,
    StartParent,
    WorkflowAction,
    WorkflowType,
    parent_id,
    run_id,
)
from runwright.models.metrics import RUNS_STARTED
from runwright.models.objects import Manifest
from runwright.ports import Fate, Metrics, Objects, RunStanding
from runwright.ports.kratix import Entities
from runwright.rules.kratix.deletion import Target, selection_of
from runwright.rules.kratix.restoring import Shown, is_blank, state_of
from runwright.rules.wording import listed

_LOG: Final = logging.getLogger(__name__)
_REMOVED_WITHIN: Final = 10
"""Looks, a second apart: others wait for their turn meanwhile. What takes longer is put off."""
_OVERTAKEN: Final = "the workflow of its parent ended; another one goes on"


class Manner(NamedTuple):
    """How entities are started."""

    cluster: str
    compat: Compat = Compat.SEPTEMBER_2026
    most_at_once: int = 20
    stop_after: timedelta = timedelta(minutes=10)
    delete_retries: int = 0


class Beginning:
    """Starts entities; what one left running that ended is stopped before."""

    def __init__(
        self,
        cluster: Cluster,
        entities: Entities,
        objects: Objects,
        notes: ParentNotes,
        manner: Manner,
        metrics: Metrics,
    ) -> None:
        self._cluster = cluster
        self._entities = entities
        self._objects = objects
        self._notes = notes
        self._manner = manner
        self._metrics = metrics

    async def begin(self, parent: Parent, seen: Seen, promise_uid: str, *, is_new: bool) -> None:
        """Start the entity of a parent, from where its status says that it is.

        `is_new`: it has no status, and nothing was ever done for it.

        Raises:
            StillRunningError: what an earlier entity left is not gone yet.
        """
        state, runs = ParentState(), 0
        standing = await self._entities.standing(parent_id(parent))
        if not is_new or standing.fate is not Fate.MISSING:
            found = await self._notes.manifest(parent)
            if found is None:
                return
            is_promise = parent.type is WorkflowType.PROMISE
            state = state_of(Shown(found.get("status") or {}, seen, is_promise))
            runs = await self._overtake(parent)
        start = StartParent(
            parent=parent,
            cluster=self._manner.cluster,
            seen=seen,
            state=state,
            runs=runs,
            compat=self._manner.compat,
            most_at_once=self._manner.most_at_once,
            stop_after=self._manner.stop_after,
            delete_retries=self._manner.delete_retries,
            promise_uid=promise_uid,
        )
        await self._entities.start(start)
        self._metrics.count(RUNS_STARTED)
        extra = {"action": "entity_started", "entity": parent_id(parent)}
        _LOG.info("entity started", extra=extra)
        await self._explain(parent, standing, state)

    async def _explain(self, parent: Parent, standing: RunStanding, state: ParentState) -> None:
        """Tell why there is another entity, where there was one."""
        if standing.reason:
            message = (
                f"Its workflow ended ({standing.reason}: {standing.message}); another one goes on "
                "from what the status says"
            )
            await self._notes.warn(parent, "WorkflowRestarted", message)
        elif standing.fate is Fate.MISSING and not is_blank(state):
            message = "Temporal knew nothing of it; what its status says is done is not run again"
            await self._notes.tell(parent, "StateRestored", message)

    async def _overtake(self, parent: Parent) -> int:
        """End what earlier entities left running; return how many runs there were."""
        found = {
            workflow: (number, job["metadata"]["namespace"])
            for job in await self._jobs(parent)
            for workflow, number in _run_of(parent, job)
        }
        last = max((number for number, _ in found.values()), default=0)
        for action in WorkflowAction:  # one that was begun may have no Job yet
            begun = run_id(parent, action, last + 1)
            if (await self._entities.standing(begun)).fate is Fate.OPEN:
                found[begun] = last + 1, parent.home
        for workflow, (_, namespace) in found.items():
            if left := await self._end(workflow, namespace):
                message = f"It goes on once these are gone, which an earlier run left: {left}"
                await self._notes.warn(parent, "JobsLeft", message)
                raise StillRunningError(message)
        return max((number for number, _ in found.values()), default=0)

    async def _end(self, workflow: str, namespace: str) -> str:
        """End a run that did not come to its end, and all that it left; return what still is there.

        A run beside it would have two Jobs of one parent at work.
        """
        standing = await self._entities.standing(workflow)
        if standing.fate is Fate.CLOSED:
            return ""
        if standing.fate is Fate.OPEN:
            await self._entities.terminate(workflow, _OVERTAKEN)
        left: Sequence[str] = ()
        for look in range(_REMOVED_WITHIN):
            if look:
                await asyncio.sleep(timedelta(seconds=1).total_seconds())
            left = await self._objects.remove_tasks(workflow, namespace)
            if not left:
                break
        return listed(left) if left else ""

    async def _jobs(self, parent: Parent) -> list[Manifest]:
        chosen = selection_of(Target.JOBS, parent)
        labels = ",".join(f"{key}={value}" for key, value in chosen.labels.items())
        return (await self._cluster.list(JOBS, Selection(chosen.namespace, labels))).items


def _run_of(parent: Parent, job: Manifest) -> Iterator[tuple[str, int]]:
    """Yield the run of that very parent that made a Job, and its number."""
    workflow = identity.annotations(job).get(identity.WORKFLOW, "")
    number = workflow.rpartition("/")[2]
    if workflow.startswith(f"{parent_id(parent)}/") and number.isdecimal():
        yield workflow, int(number)
