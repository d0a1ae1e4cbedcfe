"""What the pods of pipelines need, and what they leave."""

from typing import Any

from temporalio import activity

from activities.heartbeats import beating
from runwright.models.base import Message
from runwright.models.kratix import Collected, Parent, PipelineRun, Plan, Work
from runwright.ports.kratix import Pipelines


class PreparePipeline(Message):
    """A pipeline that is about to run, and where its Promise wants what it puts out."""

    run: PipelineRun
    selectors: tuple[dict[str, str], ...] = ()
    unless_recent: bool = False
    """Whether what a worker prepared a moment ago is taken as there."""


class CollectOutput(Message):
    """A pipeline whose Job succeeded, and the last word of its pod."""

    run: PipelineRun
    handed_over: dict[str, Any] = {}
    selectors: tuple[dict[str, str], ...] = ()
    """Where its Promise wants what it puts out."""


class TidyPipelines(Message):
    """A workflow that is over."""

    plan: Plan
    works: bool = True
    """Whether Works go too."""


class WorksOf(Message):
    """The Works of a parent, without what is in them."""

    works: tuple[Work, ...]


class PipelineActivities:
    """Activities over the pipelines of the cluster that a worker serves."""

    def __init__(self, pipelines: Pipelines) -> None:
        self._pipelines = pipelines

    @activity.defn
    async def prepare_pipeline(self, request: PreparePipeline) -> None:
        """Have there what the pod of a pipeline needs. Idempotent: the objects' names."""
        async with beating():
            await self._pipelines.prepare(
                request.run, request.selectors, unless_recent=request.unless_recent
            )

    @activity.defn
    async def collect_output(self, request: CollectOutput) -> Collected:
        """Return what a pipeline left, and write its Work. Idempotent: the Work's name."""
        async with beating():
            return await self._pipelines.collect(
                request.run, request.handed_over, request.selectors
            )

    @activity.defn
    async def tidy_pipelines(self, request: TidyPipelines) -> None:
        """Remove Jobs and Works that are not to be kept. Idempotent: what is gone is gone."""
        async with beating():
            await self._pipelines.tidy(request.plan, works=request.works)

    @activity.defn
    async def find_works(self, parent: Parent) -> WorksOf:
        """Return the Works of a parent. Idempotent: it only looks."""
        async with beating():
            return WorksOf(works=tuple(await self._pipelines.works(parent)))
