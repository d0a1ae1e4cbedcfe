"""Bare Jobs of the same pod shape, one after the other, by a script with a watch."""

import asyncio
import uuid
from typing import Any

from adapters.kubernetes.cluster import Selection
from adapters.kubernetes.resources import JOBS
from benchmarks.cluster.stand import SMALL, Site
from runwright.models.bubustack import Engram, EngramTemplate, Story
from runwright.models.objects import Manifest
from runwright.models.story_run import StartStoryRun
from runwright.models.tasks import Backend
from runwright.rules.bubustack.jobs import Work
from runwright.rules.bubustack.jobs.pod import pod_of
from testbed.images.contents import BUSYBOX

_LABEL = "benchmark"


def job_of(site: Site, chain: str, number: int) -> Manifest:
    """Return a Job whose pod is what a step's pod is, under an account that is there anyway."""
    pod = {**_pod(site), "serviceAccountName": "default"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {**site.named(f"{chain}-{number}"), "labels": {_LABEL: chain}},
        "spec": {"backoffLimit": 0, "template": {"spec": pod}},
    }


async def chain(site: Site, length: int) -> None:
    """Create Jobs, each when the one before it is Complete, and return when the last one is."""
    name = f"b{uuid.uuid4().hex[:8]}"
    selection = Selection(site.namespace, f"{_LABEL}={name}")
    since = (await site.cluster.list(JOBS, selection)).version
    await site.cluster.create(job_of(site, name, 1))
    done: set[str] = set()
    async for change in site.cluster.watch(JOBS, selection, since):
        job = change.object
        if job["metadata"]["name"] in done or not _is_complete(job):
            continue
        done.add(job["metadata"]["name"])
        if len(done) == length:
            return
        await site.cluster.create(job_of(site, name, len(done) + 1))


async def chains(site: Site, count: int, length: int) -> None:
    """Have that many chains at once."""
    await asyncio.gather(*(chain(site, length) for _ in range(count)))


def _is_complete(job: Manifest) -> bool:
    conditions: list[Manifest] = (job.get("status") or {}).get("conditions") or []
    return any(one["type"] == "Complete" and one["status"] == "True" for one in conditions)


def _pod(site: Site) -> dict[str, Any]:
    """Return the spec of the pod that a step of the site's Engram has."""
    here = {"namespace": site.namespace}
    story = Story.model_validate(
        {
            "metadata": {"name": "s", **here},
            "spec": {"steps": [{"name": "a", "ref": {"name": "e"}}]},
        }
    )
    template = EngramTemplate.model_validate(
        {
            "metadata": {
                "name": "t",
                "annotations": {"runwright.dev/command": '["/bin/true"]'},
            },
            "spec": {"version": "v1", "supportedModes": ["job"], "image": BUSYBOX},
        }
    )
    engram = Engram.model_validate(
        {
            "metadata": {"name": "e", **here},
            "spec": {"templateRef": {"name": "t"}, "executionPolicy": {"resources": SMALL}},
        }
    )
    start = StartStoryRun(
        name="s", story=story, engrams=(engram,), templates=(template,), backend=Backend.KUBERNETES
    )
    return pod_of(Work(start, story.spec.steps[0], engram, template))
