"""The rows of the table that concern a cluster."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

import psutil

from adapters.kubernetes.resources import STORY_RUNS
from benchmarks.cluster import bare, shapes
from benchmarks.cluster.audit import Request, counted, gap
from benchmarks.cluster.stand import ENGRAM, Site, site
from benchmarks.figures import Goal, Row, percentile, row
from benchmarks.size import Size
from benchmarks.stand import cpu_seconds
from runwright.models.objects import Manifest

_THREE: Final = ("a", "b", "c")
_AT_ONCE: Final = 10
_KUBELET: Final = "system:node:"
_PRICES: Final = (Goal(bar=50, aim=30), Goal(bar=50, aim=20), Goal(bar=100, aim=50))


class Usage(NamedTuple):
    """CPU seconds of a worker and of Temporal."""

    worker: float
    server: float

    @classmethod
    def of(cls, worker: psutil.Process, server: psutil.Process) -> "Usage":
        """Return what both have used so far."""
        return cls(cpu_seconds(worker), cpu_seconds(server))


async def measure_runs(size: Size) -> list[Row]:
    """Measure three-step StoryRuns beside three bare Jobs in a row: one, and ten at once."""
    async with site() as place, place.worker() as worker:
        await place.story("three", *_in_a_row(_THREE))
        await timed(lambda: _runs(place, "three", 1))
        single = await _beside(place, 1, size.rounds)
        many = await _beside(place, _AT_ONCE, max(1, size.rounds // 2))
        costs = await _costs(place, worker, size)
    return [
        share("Three-step run, beside three bare Jobs in a row", single, Goal(bar=104, aim=102)),
        row("… time", "s", *single),
        share("Ten such runs at once, beside ten rows of bare Jobs", many, Goal(bar=115, aim=105)),
        row("… time", "s", *many),
        *costs,
    ]


async def measure_gates(size: Size) -> list[Row]:
    """Measure from a patch of `status.gates` to the request that creates the next step's Job."""
    gaps: list[float] = []
    async with site() as place, place.worker():
        opening = {"name": "go", "type": "gate"}
        await place.story("gated", opening, _step("deploy", "go"))
        gaps += [await _decision(place) for _ in range(size.decisions)]
        await place.clear()
    label = "Gate decided by a patch of status.gates, to the next Job's create request"
    return [
        row(f"{label}, p95", "ms", [percentile(gaps, 0.95)]),
        row("… p50", "ms", [percentile(gaps, 0.5)]),
    ]


async def _beside(place: Site, count: int, rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds of both sides, measured in turns."""
    ours: list[float] = []
    theirs: list[float] = []
    pod = shapes.of_step(place.namespace)
    for _ in range(rounds):
        ours.append(await timed(lambda: _runs(place, "three", count)))
        await place.clear()
        theirs.append(await timed(lambda: bare.chains(place, count, len(_THREE), pod)))
        await place.clear()
    return ours, theirs


async def _costs(place: Site, worker: psutil.Process, size: Size) -> list[Row]:
    """Measure what single runs ask of the API server and of the CPU, and how soon they go on."""
    requests, usage, hand_overs, mirrors = [], [], [], []
    kinds: Counter[str] = Counter()
    for _ in range(size.rounds):
        log, before = place.audit(), Usage.of(worker, place.stand.server)
        (name,) = await _runs(place, "three", 1)
        await asyncio.sleep(1)  # what is written after the end counts too
        after, asked = Usage.of(worker, place.stand.server), log.requests(place.namespace)
        counts = counted(asked, place.user)
        leases = sum(count for kind, count in counts.items() if "leases" in kind)
        kinds += Counter({kind: n for kind, n in counts.items() if "leases" not in kind})
        requests.append(float(counts.total() - leases))
        usage.append(Usage(after.worker - before.worker, after.server - before.server))
        hand_overs += _hand_overs(asked, name)
        mirrors += _mirrors(asked, name, place.user)
        await place.clear()
    shown = ", ".join(f"{n / size.rounds:g} {kind}" for kind, n in kinds.most_common())
    return [
        row("API requests of the worker per run", "requests", requests, goal=_PRICES[0]),
        row(f"… {shown}", "", [sum(kinds.values()) / size.rounds]),
        row(
            "From a pod's end to the next Job's create request, p50",
            "ms",
            hand_overs,
            goal=_PRICES[1],
        ),
        row("… p95", "ms", [percentile(hand_overs, 0.95)], goal=_PRICES[2]),
        row(
            "From a pod's end to the status that shows it, p95",
            "ms",
            [percentile(mirrors, 0.95)],
            goal=Goal(bar=250, aim=100),
        ),
        row("CPU of the worker per run", "s", [one.worker for one in usage]),
        row("CPU of Temporal per run", "s", [one.server for one in usage]),
    ]


def _hand_overs(asked: Sequence[Request], run: str) -> list[float]:
    found: list[float] = []
    for step, after in itertools.pairwise(_THREE):
        ended = is_pod_status_of(f"{run}-{step}")
        created = is_request("create", "jobs", f"{run}-{after}")
        found.append(gap(asked, ended, created))
    return found


def _mirrors(asked: Sequence[Request], run: str, user: str) -> list[float]:
    """Return the time from each step's end to the next write of the run's status."""
    found: list[float] = []
    for step in _THREE:
        ends = [one for one in asked if is_pod_status_of(f"{run}-{step}")(one)]
        last = max(one.answered_at for one in ends)
        writes = [
            one.answered_at
            for one in asked
            if one.user == user and is_request("patch", "storyruns/status", run)(one)
        ]
        found.append(min(1000 * (at - last).total_seconds() for at in writes if at > last))
    return found


def is_pod_status_of(job: str) -> Callable[[Request], bool]:
    """Return whether a request is a kubelet's, and says how a pod of a Job is."""

    def holds(one: Request) -> bool:
        is_status = one.resource == "pods/status" and one.user.startswith(_KUBELET)
        return is_status and one.name.startswith(f"{job}-")

    return holds


def is_request(verb: str, resource: str, name: str) -> Callable[[Request], bool]:
    """Return whether a request is the one that is meant."""
    return lambda one: (one.verb, one.resource, one.name) == (verb, resource, name)


async def _decision(place: Site) -> float:
    (name,) = [await place.run("gated")]
    await place.until(STORY_RUNS, [name], _is_waiting)
    log = place.audit()
    patch = {"status": {"gates": {"go": {"state": "Approved", "updatedBy": "ada"}}}}
    await place.cluster.patch(STORY_RUNS, (place.namespace, name), patch, subresource="status")
    await place.until(STORY_RUNS, [name], _is_over)
    asked = log.requests(place.namespace)
    decided = next(one for one in asked if is_request("patch", "storyruns/status", name)(one))
    created = next(one for one in asked if is_request("create", "jobs", f"{name}-deploy")(one))
    return 1000 * (created.received_at - decided.received_at).total_seconds()


async def _runs(place: Site, story: str, count: int) -> list[str]:
    """Create runs, and return their names when the last of them is over."""
    names = [await place.run(story) for _ in range(count)]
    await place.until(STORY_RUNS, names, _is_over)
    return names


def _is_over(run: Manifest) -> bool:
    return (run.get("status") or {}).get("phase") in {"Succeeded", "Failed", "Timeout"}


def _is_waiting(run: Manifest) -> bool:
    return "go" in ((run.get("status") or {}).get("gates") or {})


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Return how many seconds something takes."""
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


def share(what: str, sides: tuple[list[float], list[float]], goal: Goal) -> Row:
    """Return the row that says how much of the time of bare Jobs ours took."""
    shares = [100 * ours / theirs for ours, theirs in zip(*sides, strict=True)]
    return row(what, "%", shares, goal=goal)


def _in_a_row(names: Sequence[str]) -> list[dict[str, Any]]:
    before = ((), *((name,) for name in names))
    return [_step(name, *needs) for name, needs in zip(names, before, strict=False)]


def _step(name: str, *needs: str) -> dict[str, Any]:
    return {"name": name, "ref": {"name": ENGRAM}, "needs": list(needs)}
