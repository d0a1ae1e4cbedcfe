"""What pods of pipelines left in ConfigMaps: files, and what is too long for their last word."""

import asyncio
from collections.abc import Container
from typing import Final

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.evidence import name_of
from adapters.kubernetes.ownership import owners_of
from adapters.kubernetes.resources import CONFIG_MAPS, JOBS
from adapters.kubernetes.trimming import JOB_UID
from runwright.errors import InvalidManifestError, Problem
from runwright.models.kratix import Handover, PipelineRun, Stored
from runwright.models.objects import Manifest
from runwright.rules.kratix.handovers import stored_handover
from runwright.rules.kratix.names import job_name

_JOB: Final = "Job"


class StoredHandovers:
    """Reads and removes the ConfigMaps of pods."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def read(self, run: PipelineRun, stored: Stored) -> Handover:
        """Return what the pod of a pipeline stored.

        Raises:
            InvalidManifestError: it is gone, somebody else's, or not what the pod said it is.
        """
        found, job = await asyncio.gather(
            self._cluster.get(CONFIG_MAPS, run.parent.home, stored.config_map),
            self._cluster.get(JOBS, run.parent.home, job_name(run)),
        )
        if found is None:
            message = f"the ConfigMap {stored.config_map} that the pod stored is gone"
            raise InvalidManifestError([Problem("", message)])
        if not _is_of(run, job, found):
            message = f"the ConfigMap {stored.config_map} is not of the Job {job_name(run)}"
            raise InvalidManifestError([Problem("", message)])
        return stored_handover(stored, found.get("data") or {})

    async def remove(self, namespace: str, jobs: Container[str]) -> None:
        """Remove what the pods of these Jobs stored, which are given by their uids."""
        selection = Selection(namespace, JOB_UID)
        for one in (await self._cluster.list(CONFIG_MAPS, selection)).items:
            if any(owner.kind == _JOB and owner.uid in jobs for owner in owners_of(one)):
                uid = one["metadata"]["uid"]
                await self._cluster.delete(CONFIG_MAPS, name_of(one), uid=uid)


def _is_of(run: PipelineRun, job: Manifest | None, config_map: Manifest) -> bool:
    """Return whether a ConfigMap goes with the Job of a pipeline; without it, its name does."""
    named = {one.uid for one in owners_of(config_map) if one[1:3] == (_JOB, job_name(run))}
    return bool(named) if job is None else job["metadata"]["uid"] in named
