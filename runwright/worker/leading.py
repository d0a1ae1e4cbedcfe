"""What one of a cluster's workers does for all."""

import asyncio
from collections.abc import Sequence
from typing import Final, NoReturn

from temporalio.client import Client

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.informer import Watch
from adapters.kubernetes.observer import JobObserver
from adapters.kubernetes.post import Pace, Post
from adapters.temporal.completions import TemporalCompletions
from runwright.health import Vitals
from runwright.models.metrics import LEADER, QUEUE_LENGTH, RUNS_OPEN, TASKS_WATCHED, WATCH_TROUBLE
from runwright.ports import Metrics
from runwright.settings import Served, Settings
from runwright.worker.parts import Part
from runwright.worker.promises import PromisesPart
from runwright.worker.story_runs import StoryRunsPart

_MEASURED_EVERY: Final = 5.0
"""Seconds."""


class Leadership:
    """Observing tasks, and for each system that is served taking in its objects, and sweeping."""

    def __init__(
        self, cluster: Cluster, client: Client, settings: Settings, vitals: Vitals
    ) -> None:
        self._metrics = vitals.metrics
        self.observer = JobObserver(
            *(cluster, TemporalCompletions(client)),
            Post(settings.cluster, settings.watch_namespace, settings.keep_logs),
            pace=Pace(resync=settings.cluster_resync_interval, beat=settings.beat_interval),
            metrics=self._metrics,
        )
        self.parts = _parts_of(cluster, client, settings, self._metrics)

    async def lead(self) -> None:
        """Do it until cancelled."""
        try:
            async with asyncio.TaskGroup() as all_of_it:
                all_of_it.create_task(self.observer.run())
                for part in self.parts:
                    all_of_it.create_task(part.run())
                all_of_it.create_task(self._keep_measuring())
        finally:
            self._measure_nothing()

    def trouble(self) -> list[str]:
        """Return a line for each kind of objects that is not known as it is now."""
        return [
            f"{watch.resource.plural}: {watch.trouble or 'not listed yet'}"
            for watch in self._watches
            if watch.trouble or not watch.is_synced
        ]

    @property
    def _watches(self) -> Sequence[Watch]:
        of_parts = [watch for part in self.parts for watch in part.watches]
        return (self.observer.jobs, self.observer.pods, *of_parts)

    async def _keep_measuring(self) -> NoReturn:
        while True:
            self._measure()
            await asyncio.sleep(_MEASURED_EVERY)

    def _measure(self) -> None:
        self._metrics.set(LEADER, 1)
        self._metrics.set(TASKS_WATCHED, self.observer.watched)
        self._metrics.set(RUNS_OPEN, sum(part.open_runs for part in self.parts))
        self._metrics.set(QUEUE_LENGTH, len(self.observer.queue), queue="jobs")
        for part in self.parts:
            for name, queue in part.queues.items():
                self._metrics.set(QUEUE_LENGTH, len(queue), queue=name)
        for watch in self._watches:
            self._metrics.set(WATCH_TROUBLE, bool(watch.trouble), kind=watch.resource.kind)

    def _measure_nothing(self) -> None:
        """Another worker observes: what it sees is not ours to tell."""
        for gauge in (LEADER, TASKS_WATCHED, RUNS_OPEN):
            self._metrics.set(gauge, 0)
        for watch in self._watches:
            self._metrics.set(WATCH_TROUBLE, 0, kind=watch.resource.kind)


def _parts_of(
    cluster: Cluster, client: Client, settings: Settings, metrics: Metrics
) -> Sequence[Part]:
    """Return what is done for each system that is served."""
    parts: list[Part] = []
    if settings.bubustack == "on":
        parts.append(StoryRunsPart(cluster, client, settings, metrics))
    if settings.kratix is not Served.OFF and not settings.watch_namespace:
        parts.append(PromisesPart(cluster, client, settings, metrics))
    return parts
