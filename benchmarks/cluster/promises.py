"""The rows about many requests for one Promise: when it changes, and at rest."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, Final

from adapters.kubernetes.answers import Change
from adapters.kubernetes.cluster import Selection
from adapters.kubernetes.resources import JOBS, PODS, PROMISES, Resource
from benchmarks.cluster.kratix import MOST_AT_ONCE, bare_rows
from benchmarks.cluster.platform import Platform, is_available, platform
from benchmarks.cluster.rows import timed
from benchmarks.cluster.stand import Site
from benchmarks.cluster.waiting import idle, settled
from benchmarks.figures import Goal, Row, row
from benchmarks.size import Size
from runwright.errors import ClusterUnavailableError
from runwright.models.kratix.keys import PROMISE_NAME
from runwright.models.objects import Manifest
from runwright.rules.kratix.deletion import REQUEST_STEPS

_OVER: Final = frozenset({"Succeeded", "Failed"})
_JOB: Final = "batch.kubernetes.io/job-name"
_RUNNING: Final = "WorkflowType = 'ResourceRequest' AND ExecutionStatus = 'Running'"


async def measure_change(size: Size) -> list[Row]:
    """Measure a Promise with many requests that changes: each of them runs its pipeline anew.

    Beside it as many bare Jobs, no more of them at once.
    """
    async with platform("only") as there, there.worker():
        await there.offered()
        names = await there.done(size.changed)
        before = await _hashes(there, names)
        async with (
            _watched(there.place, JOBS) as jobs,
            _watched(there.place, PODS) as pods,
            _watched(there.place, PROMISES) as promises,
        ):
            ours = await timed(lambda: _changed(there, names, before))
        await there.clear()
        theirs = await timed(lambda: bare_rows(there, size.changed))
    ours_alone = [one.object for one in promises if _name(one) == there.promise]
    unavailable = [one for one in ours_alone if not is_available(one)]
    return [
        row(
            f"A Promise with {size.changed} requests changes: all have run anew",
            "s",
            [ours],
            [theirs],
        ),
        row(
            "… Jobs at once, at most",
            "Jobs",
            [_most_at_once(jobs, pods)],
            goal=Goal(bar=MOST_AT_ONCE),
        ),
        row("… how often it was not Available", "times", [len(unavailable)], goal=Goal(bar=0)),
    ]


async def measure_rest(size: Size) -> list[Row]:
    """Measure many requests for which there is nothing to do.

    They are not run here: their status says that they were, as one does that Kratix has left
    behind, and a worker that has never seen them takes them over.
    """
    async with platform("only") as there:
        async with there.worker():
            await there.offered()
        await _fulfilled(there, size.resting)
        begun = time.monotonic()
        async with there.worker() as worker:
            memory = worker.memory_info().rss
            await _until_known(there.place, size.resting)
            took = time.monotonic() - begun
            calm = await settled(worker)
            cores = await idle(worker, there.place.stand.server)
            grown = (worker.memory_info().rss - memory) / 1024 / size.resting
            resident = [worker.memory_info().rss, there.place.stand.server.memory_info().rss]
        jobs = await there.place.all(JOBS)
    return [
        row(
            f"{size.resting} requests at rest: worker",
            "cores",
            [cores[0]],
            goal=Goal(bar=0.06, aim=0.02),
        ),
        row("… Temporal", "cores", [cores[1]]),
        row("… worker memory, in all", "MB", [resident[0] / 1e6]),
        row("… worker memory", "KB/request", [grown]),
        row("… Temporal's memory, in all", "MB", [resident[1] / 1e6]),
        row("… all taken over within", "s", [took]),
        row("… and nothing left to do about it after", "s", [calm]),
        row("… Jobs that were made for them", "Jobs", [len(jobs)], goal=Goal(bar=0)),
    ]


async def _changed(there: Platform, names: Sequence[str], before: Mapping[str, str]) -> None:
    """Change the Promise, and return when every request has run for that."""
    await there.change()

    def has_run(request: Manifest) -> bool:
        is_new = _hash(request) != before.get(request["metadata"]["name"])
        return is_new and there.is_over(request)

    await there.place.until(there.kind, names, has_run)


async def _hashes(there: Platform, names: Sequence[str]) -> dict[str, str]:
    found = await there.place.all(there.kind)
    hashes = {one["metadata"]["name"]: _hash(one) for one in found}
    return {name: hashes[name] for name in names}


def _hash(request: Manifest) -> str:
    """Return for which specs a request ran last; empty where its status does not say."""
    shown: Any = request.get("status") or {}
    for key in ("kratix", "workflows", "configure"):
        shown = shown.get(key) or {}
    return "".join(one.get("hash", "") for one in shown.get("pipelines") or ())


@asynccontextmanager
async def _watched(place: Site, resource: Resource) -> AsyncGenerator[list[Change]]:
    """Give what becomes of the objects of a kind, in its order."""
    selection = Selection(place.namespace if resource.is_namespaced else "")
    since = (await place.cluster.list(resource, selection)).version
    seen: list[Change] = []

    async def watch() -> None:
        last = since
        while True:  # the API server ends a watch after some minutes
            async for change in place.cluster.watch(resource, selection, last):
                if change.type == "ERROR":
                    message = f"the watch of {resource.plural} broke: {change.object}"
                    raise ClusterUnavailableError(message)
                last = change.object["metadata"]["resourceVersion"]
                if change.type != "BOOKMARK":
                    seen.append(change)

    task = asyncio.create_task(watch())
    try:
        yield seen
        if task.done():
            await task
    finally:
        task.cancel()
        await asyncio.wait([task])


def _most_at_once(jobs: Sequence[Change], pods: Sequence[Change]) -> int:
    """Return how many Jobs there were at once whose pod had not come to its end.

    A Job itself says so up to a second later. Versions are those of one store, so they tell in
    which order what became of Jobs and of pods.
    """
    begun = {_name(one): _version(one) for one in jobs if one.type == "ADDED"}
    ended: dict[str, int] = {}
    for one in pods:
        if one.object["status"].get("phase") in _OVER:
            ended.setdefault(one.object["metadata"]["labels"][_JOB], _version(one))
    moments = [(version, 1) for version in begun.values()]
    moments += [(version, -1) for name, version in ended.items() if name in begun]
    return max(accumulate((step for _, step in sorted(moments)), initial=0))


def _name(change: Change) -> str:
    return str(change.object["metadata"]["name"])


def _version(change: Change) -> int:
    return int(change.object["metadata"]["resourceVersion"])


async def _fulfilled(there: Platform, count: int) -> None:
    """Create requests as they are once their pipelines are over."""
    names = await there.ask(
        count, labels={PROMISE_NAME: there.promise}, finalizers=list(REQUEST_STEPS)
    )
    at_once = asyncio.Semaphore(32)

    async def one(name: str) -> None:
        async with at_once:
            where = there.place.namespace, name
            patch = {"status": _done([it["metadata"]["name"] for it in there.pipelines])}
            await there.place.cluster.patch(there.kind, where, patch, subresource="status")

    await asyncio.gather(*map(one, names))


def _done(pipelines: Sequence[str]) -> dict[str, Any]:
    """Return the status of a request of the first generation that is over."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def said(type_: str, reason: str, message: str) -> dict[str, str]:
        words = {"type": type_, "reason": reason, "message": message}
        return {**words, "status": "True", "lastTransitionTime": now}

    phase = {"phase": "Succeeded", "lastTransitionTime": now}
    shown = [{"name": name, **phase} for name in pipelines]
    return {
        "message": "Resource requested",
        "observedGeneration": 1,
        "workflows": len(pipelines),
        "workflowsSucceeded": len(pipelines),
        "workflowsFailed": 0,
        "lastSuccessfulConfigureWorkflowTime": now,
        "promiseVersion": "not-set",
        "conditions": [
            said(
                "ConfigureWorkflowCompleted",
                "PipelinesExecutedSuccessfully",
                "Pipelines completed",
            ),
            said(
                "WorksSucceeded",
                "WorksSucceeded",
                "All works associated with this resource are ready",
            ),
            said("Reconciled", "Reconciled", "Reconciled"),
        ],
        "kratix": {"workflows": {"configure": {"pipelines": shown, "lastSuccessfulTime": now}}},
    }


async def _until_known(place: Site, count: int) -> None:
    """Return when there is an entity for each request."""
    temporal = place.stand.client
    while (await temporal.count_workflows(_RUNNING)).count < count:  # noqa: ASYNC110 - as it says
        await asyncio.sleep(1)
