"""What the pods of pipelines need, and what they leave."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.kratix.access import PipelineAccess
from adapters.kubernetes.kratix.handovers import StoredHandovers
from adapters.kubernetes.kratix.jobs import PipelineJobs
from adapters.kubernetes.kratix.lookups import Lookups
from adapters.kubernetes.kratix.preparations import Preparations
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
from runwright.models.objects import Manifest
from runwright.rules.kratix.handovers import Left, handover_of, left_by
from runwright.rules.kratix.jobs import access_of, scheduling_config_map
from runwright.rules.kratix.jobs.labels import labels_of_pipeline, labels_of_work
from runwright.rules.kratix.works import Scheduling, puts_out, work_of


class _Seen(NamedTuple):
    """What is read when a pod has ended."""

    handover: Handover
    is_there: bool
    """Whether the parent is."""
    works: Sequence[Manifest]
    """In the place of the pipeline's."""


class KubernetesPipelines:
    """The port Pipelines, over one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lookups = Lookups(cluster)
        self._access = PipelineAccess(cluster)
        self._preparations = Preparations()
        self._jobs = PipelineJobs(cluster)
        self._works = KubernetesWorks(cluster)
        self._stored = StoredHandovers(cluster)

    async def prepare(
        self, run: PipelineRun, selectors: Sequence[dict[str, str]], *, unless_recent: bool = False
    ) -> None:
        """Have what the pod of a pipeline acts as, and reads, as it is to be; idempotent."""
        read = _read_by_pods(run, selectors)
        pipeline, wanted = _pipeline_of(run), (*access_of(run), *read)
        preparing = self._preparations.preparing(pipeline, wanted, unless_recent=unless_recent)
        async with preparing as is_due:
            if is_due:
                await self._access.grant(run)
                for one in read:
                    await self._cluster.apply(one)

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
            seen = await self._seen(run, handed_over)
            left = left_by(run, seen.handover)
            if not left.collected.problem and puts_out(run.action, left.collected.control):
                _refuse_if_gone(run.parent, is_there=seen.is_there)
                await self._works.write(_work(run, left, selectors), seen.works)
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

    async def _seen(self, run: PipelineRun, handed_over: Mapping[str, Any]) -> _Seen:
        """Return all that is read when a pod has ended, all of it at once: the next Job waits."""
        handover, is_there, works = await asyncio.gather(
            self._handover(run, handed_over), self._is_there(run), self._works_of(run)
        )
        return _Seen(handover, is_there, works)

    async def _is_there(self, run: PipelineRun) -> bool:
        """Return whether there is somebody to have a Work; a delete pipeline has none."""
        return not run.is_configure or await self._lookups.parent(run.parent) is not None

    async def _works_of(self, run: PipelineRun) -> Sequence[Manifest]:
        """Return what is in the place of the Work of a pipeline."""
        if not run.is_configure:
            return ()
        return await self._works.in_place_of(run.parent.home, labels_of_work(run))


def _read_by_pods(run: PipelineRun, selectors: Sequence[dict[str, str]]) -> tuple[Manifest, ...]:
    """Return what the pod of a pipeline reads: only one that puts something out asks where to."""
    parent = run.parent
    if not run.is_configure:
        return ()
    return (scheduling_config_map(parent.promise, selectors, parent.home),)


def _pipeline_of(run: PipelineRun) -> str:
    """Return which pipeline a run is of, whoever it is run for."""
    return "/".join((run.parent.home, *labels_of_pipeline(run).values()))


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
