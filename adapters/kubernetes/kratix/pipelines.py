"""What the pods of pipelines need, and what they leave."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.kratix.access import PipelineAccess
from adapters.kubernetes.kratix.handovers import StoredHandovers
from adapters.kubernetes.kratix.jobs import PipelineJobs
from adapters.kubernetes.kratix.lookups import Lookups
from adapters.kubernetes.kratix.works import KubernetesWorks
from runwright.errors import NotFoundError, PermanentError
from runwright.models.kratix import (
    Collected,
    Handover,
    Parent,
    PipelineRun,
    Plan,
    PromiseScheduling,
    Work,
    WorkflowAction,
)
from runwright.rules.kratix.handovers import Left, handover_of, left_by
from runwright.rules.kratix.jobs import scheduling_config_map
from runwright.rules.kratix.works import Scheduling, puts_out, work_of


class KubernetesPipelines:
    """The port Pipelines, over one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lookups = Lookups(cluster)
        self._access = PipelineAccess(cluster)
        self._jobs = PipelineJobs(cluster)
        self._works = KubernetesWorks(cluster)
        self._stored = StoredHandovers(cluster)

    async def prepare(self, run: PipelineRun, selectors: Sequence[dict[str, str]]) -> None:
        """Have what the pod of a pipeline acts as, and reads, as it is to be; idempotent."""
        await self._access.grant(run)
        if run.is_configure:
            parent = run.parent
            wanted = scheduling_config_map(parent.promise, selectors, parent.home)
            await self._cluster.apply(wanted)

    async def collect(
        self,
        run: PipelineRun,
        handed_over: dict[str, Any],
        selectors: Sequence[dict[str, str]] = (),
    ) -> Collected:
        """Return what the steps of a pipeline left, and write its Work if it is to have one.

        Idempotent: the Work's name, and the Job's. What cannot be read is a problem, no error, and
        so is a Work that cannot be written.
        """
        try:
            handover, is_there = await self._seen(run, handed_over)
            left = left_by(run, handover)
            if not left.collected.problem and puts_out(run.action, left.collected.control):
                _refuse_if_gone(run.parent, is_there=is_there)
                await self._works.write(_work(run, left, selectors))
        except PermanentError as error:
            return Collected(problem=str(error))
        return left.collected

    async def tidy(self, plan: Plan, *, works: bool = True) -> None:
        """Remove the Jobs of a parent that are not to be kept, and its Works; idempotent.

        And what pods stored for a Job whose outcome is recorded: it was read before.
        """
        over = await self._jobs.tidy(plan)
        await self._stored.remove(plan.parent.home, over)
        if works and plan.action is WorkflowAction.CONFIGURE:
            await self._works.remove_stale(plan)

    async def works(self, parent: Parent) -> Sequence[Work]:
        """Return the Works of a parent, without what is in them."""
        return await self._works.of(parent)

    async def _handover(self, run: PipelineRun, handed_over: Mapping[str, Any]) -> Handover:
        handover = handover_of(handed_over)
        return await self._stored.read(run, handover.stored) if handover.stored else handover

    async def _seen(
        self, run: PipelineRun, handed_over: Mapping[str, Any]
    ) -> tuple[Handover, bool]:
        """Return what a pod handed over, and whether its parent is there: the next Job waits."""
        looking = asyncio.create_task(self._is_there(run))
        try:
            handover = await self._handover(run, handed_over)
        finally:
            is_there = await looking
        return handover, is_there

    async def _is_there(self, run: PipelineRun) -> bool:
        """Return whether there is somebody to have a Work; a delete pipeline has none."""
        return not run.is_configure or await self._lookups.parent(run.parent) is not None


def _refuse_if_gone(parent: Parent, *, is_there: bool) -> None:
    if not is_there:
        message = f"find {parent.kind} {parent.name}: it is gone"
        raise NotFoundError(message)


def _work(run: PipelineRun, left: Left, selectors: Sequence[dict[str, str]]) -> Work:
    """Return the Work of a pipeline, for where the Promise wanted it when the run began.

    The ConfigMap that pods read is where others than its author may write.
    """
    promise = tuple(PromiseScheduling(match_labels=one) for one in selectors)
    scheduling = Scheduling(own=left.selectors, promise=promise)
    return work_of(run, left.files, scheduling, datetime.now(UTC))
