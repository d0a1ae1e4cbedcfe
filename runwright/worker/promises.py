"""The Promises of a cluster and the requests for them, as the leading worker looks after them."""

import asyncio
import logging
from collections.abc import Mapping, Sequence, Sized
from typing import Final

from temporalio.client import Client

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.informer import Watch
from adapters.kubernetes.objects import KubernetesObjects
from adapters.kubernetes.parents.allowance import Allowance
from adapters.kubernetes.parents.beginning import Manner
from adapters.kubernetes.parents.intake import ParentIntake, ParentWard, ParentWays
from adapters.kubernetes.parents.presence import has_promises
from adapters.kubernetes.parents.sweep import ParentSweep
from adapters.kubernetes.status import KubernetesStatus
from adapters.temporal.entities import TemporalEntities
from adapters.temporal.launching import Place
from runwright.errors import RunwrightError
from runwright.ports import Metrics
from runwright.settings import Served, Settings
from workflows.parent_attributes import attributes_of

_LOG: Final = logging.getLogger(__name__)


class PromisesPart:
    """Intake and sweep of Promises and requests, once the cluster has any such thing."""

    def __init__(
        self, cluster: Cluster, client: Client, settings: Settings, metrics: Metrics
    ) -> None:
        ward = ParentWard(
            Manner(
                settings.cluster,
                settings.kratix_compat,
                settings.kratix_most_at_once,
                settings.deletion_grace,
                settings.kratix_delete_retries,
            ),
            selector=settings.kratix_selector,
            resync=settings.cluster_resync_interval,
        )
        place = Place(settings.task_queue, settings.cluster)
        entities = TemporalEntities(client, place, attributes_of)
        ways = ParentWays(
            entities,
            KubernetesStatus(cluster, settings.instance, metrics),
            KubernetesObjects(cluster),
            Allowance(cluster).grant,
        )
        self._cluster = cluster
        self._intake = ParentIntake(cluster, ways, ward, metrics)
        self._sweep = ParentSweep(
            *(cluster, self._intake, entities), interval=settings.sweep_interval
        )
        self._is_wanted = settings.kratix is Served.ON
        self._look_every = settings.cluster_resync_interval.total_seconds()

    async def run(self) -> None:
        """Look after them until cancelled."""
        while not self._is_wanted:
            self._is_wanted = await self._has_promises()
            if not self._is_wanted:
                await asyncio.sleep(self._look_every)
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self._intake.run())
            parts.create_task(self._sweep.run())

    @property
    def watches(self) -> Sequence[Watch]:
        """Return what keeps up with Promises, with requests, and with what belongs to them."""
        if not self._is_wanted:
            return ()
        kinds = self._intake.kinds
        return (*self._intake.shelf.informers, kinds.definitions, *kinds.informers)

    @property
    def queues(self) -> Mapping[str, Sized]:
        """Return what waits to be looked at."""
        return {
            "parents": self._intake.queue,
            "entities": self._sweep.queue,
            "orphaned-entities": self._sweep.orphans,
        }

    @property
    def open_runs(self) -> int:
        """Return how many entities are there."""
        return len(self._intake.open_runs)

    async def _has_promises(self) -> bool:
        try:
            return await has_promises(self._cluster)
        except RunwrightError as error:
            extra = {"action": "look_for_promises_put_off"}
            _LOG.warning("look for Promises put off: %s", error, extra=extra)
            return False
