"""The worker: workflows, activities and adapters put together."""

import asyncio
from importlib import import_module

from temporalio.client import Client

from runwright.health import Vitals
from runwright.models.tasks import Backend
from runwright.settings import Settings
from runwright.worker.execution import (
    WORKFLOWS,
    ClusterPorts,
    KratixPorts,
    attend,
    worker_of,
)
from runwright.worker.local import serve_local
from runwright.worker.sandbox import WORKFLOW_RUNNER

__all__ = [
    "WORKFLOWS",
    "WORKFLOW_RUNNER",
    "ClusterPorts",
    "KratixPorts",
    "attend",
    "serve",
    "serve_local",
    "worker_of",
]


async def serve(
    client: Client, settings: Settings, stop: asyncio.Event, vitals: Vitals | None = None
) -> None:
    """Serve runs where the settings say, until `stop` is set.

    Raises:
        RefusedError: Temporal or the cluster is not prepared for that.
        StorageUnavailableError: the state folder cannot be written.
    """
    if settings.backend is Backend.KUBERNETES:
        # Its client library takes longer to import than all of ours.
        await import_module("runwright.worker.cluster").serve_cluster(
            client, settings, stop, vitals
        )
    else:
        await serve_local(client, settings, stop)
