"""The StoryRuns of a cluster, as the leading worker looks after them."""

import asyncio
from collections.abc import Mapping, Sequence, Sized

from temporalio.client import Client

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.informer import Watch
from adapters.kubernetes.intake import StoryRunIntake, Ward, Ways
from adapters.kubernetes.objects import KubernetesObjects
from adapters.kubernetes.status import KubernetesStatus
from adapters.kubernetes.story_sweep import StoryRunSweep
from adapters.temporal.executions import TemporalExecutions
from adapters.temporal.launching import Place, TemporalLauncher
from runwright.ports import Metrics
from runwright.settings import Settings
from workflows.story_attributes import attributes_of


class StoryRunsPart:
    """Intake and sweep of StoryRuns."""

    def __init__(
        self, cluster: Cluster, client: Client, settings: Settings, metrics: Metrics
    ) -> None:
        ward = Ward(
            cluster=settings.cluster,
            namespace=settings.watch_namespace,
            deletion_grace=settings.deletion_grace,
            defaults=settings.step_defaults,
            resync=settings.cluster_resync_interval,
        )
        place = Place(settings.task_queue, settings.cluster)
        launcher = TemporalLauncher(client, place, attributes_of)
        executions = TemporalExecutions(client, place, attributes_of)
        mirror = KubernetesStatus(cluster, settings.instance, metrics)
        self._intake = StoryRunIntake(cluster, Ways(launcher, executions, mirror), ward, metrics)
        self._sweep = StoryRunSweep(
            *(self._intake, launcher, KubernetesObjects(cluster)), interval=settings.sweep_interval
        )

    async def run(self) -> None:
        """Look after them until cancelled."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self._intake.run())
            parts.create_task(self._sweep.run())

    @property
    def watches(self) -> Sequence[Watch]:
        """Return what keeps up with StoryRuns, and with what they refer to."""
        return (self._intake.story_runs, *self._intake.library.informers)

    @property
    def queues(self) -> Mapping[str, Sized]:
        """Return what waits to be looked at."""
        return {
            "storyruns": self._intake.queue,
            "deletions": self._intake.deletions,
            "comparisons": self._sweep.queue,
            "orphaned-runs": self._sweep.orphans,
        }

    @property
    def open_runs(self) -> int:
        """Return how many runs are not over."""
        return len(self._intake.open_runs)
