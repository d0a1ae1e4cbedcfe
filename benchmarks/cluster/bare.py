"""Bare Jobs of the same pod shape, one after the other, by a script with a watch."""

import asyncio
import uuid
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from adapters.kubernetes.cluster import Selection
from adapters.kubernetes.resources import JOBS
from benchmarks.cluster.stand import Site
from runwright.models.objects import Manifest


def job_of(site: Site, chain: str, number: int, pod: Mapping[str, Any]) -> Manifest:
    """Return a Job of a pod, under an account that is there anyway."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": site.named(f"{chain}-{number}"),
        "spec": {
            "backoffLimit": 0,
            "template": {"spec": {**pod, "serviceAccountName": "default"}},
        },
    }


async def chain(site: Site, length: int, pod: Mapping[str, Any]) -> None:
    """Create Jobs, each when the one before it is Complete, and return when the last one is."""
    name = f"b{uuid.uuid4().hex[:8]}"
    for number in range(1, length + 1):
        job = job_of(site, name, number, pod)
        await site.cluster.create(job)
        await _complete(site, job["metadata"]["name"])


async def _complete(site: Site, job: str) -> None:
    """Return when a Job is Complete, as a watch tells it."""
    selection = Selection(site.namespace, fields=f"metadata.name={job}")
    while True:
        listed = await site.cluster.list(JOBS, selection)
        if any(map(is_complete, listed.items)):
            return
        async for change in site.cluster.watch(JOBS, selection, listed.version):
            if change.type == "ERROR":
                break
            if is_complete(change.object):
                return


async def chains(
    site: Site, count: int, length: int, pod: Mapping[str, Any], most: int | None = None
) -> None:
    """Have that many chains, all of them at once or no more than `most`."""
    room = asyncio.Semaphore(most) if most else nullcontext()

    async def one() -> None:
        async with room:
            await chain(site, length, pod)

    await asyncio.gather(*(one() for _ in range(count)))


def is_complete(job: Manifest) -> bool:
    """Return whether a Job has succeeded."""
    conditions: list[Manifest] = (job.get("status") or {}).get("conditions") or []
    return any(one["type"] == "Complete" and one["status"] == "True" for one in conditions)
