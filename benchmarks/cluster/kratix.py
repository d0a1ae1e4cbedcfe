"""The rows about the pipelines of Kratix's requests."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import psutil

from benchmarks.cluster import bare, shapes
from benchmarks.cluster.audit import Request, counted, gap
from benchmarks.cluster.platform import CONFIG, Platform, platform
from benchmarks.cluster.rows import Usage, is_pod_status_of, is_request, share, timed
from benchmarks.figures import Goal, Row, percentile, row
from benchmarks.size import Size
from runwright.models.kratix import Pipeline

_THREE: Final = ("first", "second", "third")
_TEN: Final = 10
MOST_AT_ONCE: Final = 20
"""Runs of one Promise's requests, by default."""
_KRATIX: Final = Goal(bar=114, aim=105)
"""Kratix takes 20.4 s where its three bare Jobs take 17.9."""
_REQUESTS: Final = Goal(bar=142, aim=60)
"""What Kratix's controller asks of the API server."""
_POD_REQUESTS: Final = Goal(bar=21, aim=9)
_HAND_OVER: Final = (Goal(bar=50, aim=20), Goal(bar=100, aim=50))


async def measure_pipelines(size: Size) -> list[Row]:
    """Measure requests of three pipelines beside three bare Jobs in a row: one, ten, and many."""
    async with platform(*_THREE) as there, there.worker() as worker:
        await there.offered()
        await there.done(1)
        single = await _beside(there, 1, size.rounds)
        many = await _beside(there, _TEN, max(1, size.rounds // 2))
        crowd = await _beside(there, size.requests, 1)
        costs = await _costs(there, worker, size.rounds)
    return [
        share("A request of three pipelines, beside three bare Jobs in a row", single, _KRATIX),
        row("… time", "s", *single),
        share("Ten such requests at once, beside ten rows of bare Jobs", many, _KRATIX),
        row("… time", "s", *many),
        share(
            f"{size.requests} at once, {MOST_AT_ONCE} of which may run, beside that", crowd, _KRATIX
        ),
        row("… time", "s", *crowd),
        *costs,
    ]


async def _beside(there: Platform, count: int, rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds of both sides, measured in turns."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        ours.append(await there.timed(count))
        await there.clear()
        theirs.append(await timed(lambda: bare_rows(there, count)))
        await there.clear()
    return ours, theirs


async def bare_rows(there: Platform, count: int) -> None:
    """Have that many rows of bare Jobs, each as long as the Promise has pipelines."""
    pod = shapes.of_pipeline(Pipeline.model_validate(there.pipelines[0]), CONFIG)
    await bare.chains(there.place, count, len(there.pipelines), pod, MOST_AT_ONCE)


class _Cost(NamedTuple):
    """What one request cost."""

    kinds: Counter[str]
    """Requests of the worker, by verb and kind."""
    by_pods: Counter[str]
    hand_overs: list[float]
    """Milliseconds."""
    usage: Usage


async def _costs(there: Platform, worker: psutil.Process, rounds: int) -> list[Row]:
    """Measure what single requests ask of the API server and of the CPU, and how they go on."""
    costs = [await _cost(there, worker) for _ in range(rounds)]
    gaps = [one for cost in costs for one in cost.hand_overs]
    return [
        row(
            "API requests of the worker per request of three pipelines",
            "requests",
            [float(one.kinds.total()) for one in costs],
            goal=_REQUESTS,
        ),
        _told([one.kinds for one in costs]),
        row(
            "API requests of its pods",
            "requests",
            [float(one.by_pods.total()) for one in costs],
            goal=_POD_REQUESTS,
        ),
        _told([one.by_pods for one in costs]),
        row(
            "From a pod's end to the next Job's create request, p50", "ms", gaps, goal=_HAND_OVER[0]
        ),
        row("… p95", "ms", [percentile(gaps, 0.95)], goal=_HAND_OVER[1]),
        row("CPU of the worker per request", "s", [one.usage.worker for one in costs]),
        row("CPU of Temporal per request", "s", [one.usage.server for one in costs]),
    ]


async def _cost(there: Platform, worker: psutil.Process) -> _Cost:
    place = there.place
    log, before = place.audit(), Usage.of(worker, place.stand.server)
    (name,) = await there.done(1)
    await asyncio.sleep(1)  # what is written after the end counts too
    after = Usage.of(worker, place.stand.server)
    asked, ours = log.requests(place.namespace), log.requests_of(place.user)
    accounts = f"system:serviceaccount:{place.namespace}:{there.promise}-"
    cost = _Cost(
        kinds=_counted(ours),
        by_pods=_counted(log.requests_of(accounts)),
        hand_overs=_hand_overs(asked, place.user, f"kratix-{there.promise}-{name}-"),
        usage=Usage(after.worker - before.worker, after.server - before.server),
    )
    await there.clear()
    return cost


def _counted(asked: Sequence[Request]) -> Counter[str]:
    """Return how often was asked for what, but for the worker's own Lease."""
    kinds = sum((counted([one], one.user) for one in asked), Counter[str]())
    return Counter({kind: n for kind, n in kinds.items() if "leases" not in kind})


def _told(counts: Sequence[Counter[str]]) -> Row:
    """Return the row that says of which kinds the requests are."""
    kinds = sum(counts, Counter[str]())
    shown = ", ".join(f"{n / len(counts):g} {kind}" for kind, n in kinds.most_common())
    return row(f"… {shown}", "", [kinds.total() / len(counts)])


def _hand_overs(asked: Sequence[Request], user: str, prefix: str) -> list[float]:
    """Return the milliseconds between the pod of each pipeline and the Job of the next."""
    jobs = [
        one.name
        for one in asked
        if (one.user, one.verb, one.resource) == (user, "create", "jobs")
        and one.name.startswith(prefix)
    ]
    return [
        gap(asked, is_pod_status_of(job), is_request("create", "jobs", after))
        for job, after in itertools.pairwise(jobs)
    ]
