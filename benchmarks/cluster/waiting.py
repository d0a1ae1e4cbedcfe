"""What tasks that wait on suspended Jobs cost, and how soon they go on after a crash."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import psutil

from adapters.kubernetes.resources import JOBS, STEP_RUNS
from benchmarks.cluster.stand import ENGRAM, Site, site
from benchmarks.figures import Goal, Row, row
from benchmarks.size import Size
from benchmarks.stand import cpu_seconds
from runwright.errors import ClusterUnavailableError
from runwright.models.objects import Manifest

_STEPS: Final = 100
"""Of one run, all at once."""
_ENDED_MEANWHILE: Final = 20
_WATCHED_SECONDS: Final = 60
_LOOKED_FOR: Final = 40.0
"""Seconds after the last start: every task is looked for once, half a minute after its claim."""
_BUSY: Final = 0.2
"""Cores that a worker uses as long as it has something to do about so many starts."""
_SETTLES_WITHIN: Final = 300.0


async def measure(size: Size) -> list[Row]:
    """Measure a worker over Jobs that a policy of the cluster keeps suspended, as a queue would."""
    many, few = max(1, size.suspended // _STEPS), max(1, size.interrupted // _STEPS)
    async with _suspending() as place:
        rows = await _waiting(place, many)
    async with _suspending() as place:
        return [*rows, await _interrupted(place, few)]


@asynccontextmanager
async def _suspending() -> AsyncGenerator[Site]:
    """Give a namespace in which every Job is suspended."""
    async with site() as place:
        await _suspend_all_jobs(place)
        steps = [{"name": f"s{n}", "ref": {"name": ENGRAM}} for n in range(_STEPS)]
        await place.story("wide", *steps)
        try:
            yield place
        finally:
            place.testbed.kubectl(
                *("delete", "mutatingadmissionpolicybinding,mutatingadmissionpolicy"),
                place.namespace,
            )


async def _waiting(place: Site, runs: int) -> list[Row]:
    """Measure so many runs while they wait, and how soon another worker knows what ended."""
    tasks = runs * _STEPS
    async with place.worker() as worker:
        before = worker.memory_info().rss
        begun, used = time.monotonic(), cpu_seconds(worker)
        await _start(place, runs)
        took, started = time.monotonic() - begun, cpu_seconds(worker) - used
        calm = await settled(worker)
        cores = await idle(worker, place.stand.server)
        memory = (worker.memory_info().rss - before) / 1024 / tasks
        ended = await _ended_while_away(place, worker)
    async with place.worker():
        resumed = await _resumed(place, ended)
    return [
        row(
            f"{tasks} tasks waiting on suspended Jobs: worker idle",
            "cores",
            [cores[0]],
            goal=Goal(bar=0.06, aim=0.02),
        ),
        row("… Temporal idle", "cores", [cores[1]]),
        row("… worker memory", "KB/task", [memory]),
        row("… worker CPU to start", "ms/task", [1000 * started / tasks]),
        row("… all started within", "s", [took]),
        row("… and nothing left to do about it after", "s", [calm]),
        row(
            f"… {_ENDED_MEANWHILE} end while no worker is there: recorded by the next",
            "s",
            [resumed],
        ),
    ]


async def _interrupted(place: Site, runs: int) -> Row:
    """Measure how soon the next worker knows what ended while none was there."""
    async with place.worker() as worker:
        await _start(place, runs)
        await settled(worker)
        ended = await _ended_while_away(place, worker)
    async with place.worker():
        resumed = await _resumed(place, ended)
    return row(
        f"Worker killed with {runs * _STEPS} tasks waiting, {_ENDED_MEANWHILE} of which end "
        "meanwhile: those are recorded, from the moment that the next one leads",
        "s",
        [resumed],
        goal=Goal(bar=5, aim=2),
    )


async def _start(place: Site, runs: int) -> None:
    for _ in range(runs):
        await place.run("wide")
    await _until_started(place, runs * _STEPS)


async def _ended_while_away(place: Site, worker: psutil.Process) -> Sequence[str]:
    """Kill the worker, then have some Jobs end; return their names."""
    worker.kill()
    worker.wait()
    return await _end_some(place)


async def _suspend_all_jobs(place: Site) -> None:
    """Have the API server suspend every Job of the namespace when it is created."""
    name = {"name": place.namespace}
    rule = {
        "apiGroups": ["batch"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["jobs"],
    }
    selector = {"matchLabels": {"kubernetes.io/metadata.name": place.namespace}}
    patch = '[JSONPatch{op: "add", path: "/spec/suspend", value: true}]'
    group = "admissionregistration.k8s.io/v1"
    place.testbed.apply(
        {
            "apiVersion": group,
            "kind": "MutatingAdmissionPolicy",
            "metadata": name,
            "spec": {
                "reinvocationPolicy": "Never",
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": [rule], "namespaceSelector": selector},
                "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}],
            },
        },
        {
            "apiVersion": group,
            "kind": "MutatingAdmissionPolicyBinding",
            "metadata": name,
            "spec": {"policyName": place.namespace},
        },
    )
    await asyncio.sleep(2)  # nothing says when the API server has taken it up


async def _until_started(place: Site, tasks: int) -> None:
    """Return when every StepRun says that its try was started."""
    while await _running(place) < tasks:  # noqa: ASYNC110 - what the cluster does is looked at
        await asyncio.sleep(2)


async def _running(place: Site) -> int:
    try:
        records = await place.all(STEP_RUNS)
    except ClusterUnavailableError:  # its cache is behind: it is asked again
        return 0
    return sum((one.get("status") or {}).get("phase") == "Running" for one in records)


async def settled(worker: psutil.Process) -> float:
    """Return the seconds until a worker has little to do, or a bound."""
    begun = time.monotonic()
    await asyncio.sleep(_LOOKED_FOR)
    while (lasted := time.monotonic() - begun) < _SETTLES_WITHIN:
        used = cpu_seconds(worker)
        await asyncio.sleep(10)
        if cpu_seconds(worker) - used < 10 * _BUSY:
            break
    return lasted


async def idle(*processes: psutil.Process) -> list[float]:
    """Return how many cores each process uses over a minute."""
    used = [cpu_seconds(process) for process in processes]
    await asyncio.sleep(_WATCHED_SECONDS)
    return [
        (cpu_seconds(process) - before) / _WATCHED_SECONDS
        for process, before in zip(processes, used, strict=True)
    ]


async def _end_some(place: Site) -> Sequence[str]:
    """End some Jobs without a pod, as nobody observes: their Job says so, and has no evidence."""
    jobs = await place.all(JOBS)
    names = [job["metadata"]["name"] for job in jobs[:: max(1, len(jobs) // _ENDED_MEANWHILE)]]
    for name in names[:_ENDED_MEANWHILE]:
        await place.cluster.delete(JOBS, (place.namespace, name))
    return names[:_ENDED_MEANWHILE]


async def _resumed(place: Site, names: Sequence[str]) -> float:
    """Return the seconds until the runs know how all of these ended."""
    begun = time.monotonic()
    for name in names:
        while not _has_heard(await place.cluster.get(STEP_RUNS, place.namespace, name)):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.1)
    return time.monotonic() - begun


def _has_heard(record: Manifest | None) -> bool:
    """Return whether a StepRun says that its try is over: it is retried, for its Job was lost."""
    status: dict[str, Any] = (record or {}).get("status") or {}
    return status.get("phase") != "Running" or bool(status.get("retries"))
