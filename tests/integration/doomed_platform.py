"""A worker of a platform that is kept in a file, and dies at a seam, once.

`python -m tests.integration.doomed_platform ADDRESS QUEUE FILE [SEAM MARK]`: the first to come to
the seam leaves the file MARK and kills its own process; where MARK exists nobody dies any more.
"""

import asyncio
import fcntl
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from adapters.kubernetes.catalog import KubernetesCatalog
from adapters.kubernetes.child_runs import KubernetesChildRuns
from adapters.kubernetes.objects import KubernetesObjects
from adapters.memory.kratix import (
    MemoryMirror,
    MemoryParents,
    MemoryPipelines,
    MemoryPromises,
    MemoryRemoval,
)
from adapters.memory.platform import MemoryPlatform
from adapters.memory.tasks import succeeded
from adapters.temporal.connection import connected
from runwright.models.kratix import Work
from runwright.models.tasks import Backend, Claim, Task, TaskKey, TaskOutcome
from runwright.worker import ClusterPorts, KratixPorts, worker_of
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster
from workflows import asking, mirroring, policies

SOON: Final = timedelta(seconds=1)
"""When a death is noticed: a test cannot wait as long as a cluster."""


class KeptPlatform:
    """A platform in a file, which one process at a time may change."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, platform: MemoryPlatform, ran: list[str]) -> None:
        """Write the platform, and the Jobs that ran there."""
        kept = {
            "objects": [platform.manifest(one.namespace, one.name) for one in platform.parents()],
            "works": [one.model_dump(mode="json") for one in platform.works.values()],
            "gone": platform.gone,
            "ran": ran,
        }
        self._path.write_text(json.dumps(kept))

    @contextmanager
    def opened(self) -> Iterator[tuple[MemoryPlatform, list[str]]]:
        """Give the platform, and the Jobs that ran there; what changes is kept."""
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = json.loads(self._path.read_text())
            platform = _read(kept)
            yield platform, kept["ran"]
            self.keep(platform, kept["ran"])


def _read(kept: dict[str, Any]) -> MemoryPlatform:
    platform = MemoryPlatform(*kept["objects"])
    for manifest in kept["works"]:
        work = Work.model_validate(manifest)
        platform.works[work.metadata.namespace, work.metadata.name] = work
    platform.gone.extend(kept["gone"])
    return platform


class DoomedPort:
    """A port over the platform in the file, with seams around each of its methods."""

    def __init__(self, kept: KeptPlatform, port: Callable[[MemoryPlatform], Any]) -> None:
        self._kept, self._port = kept, port

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **fields: Any) -> Any:
            pass_seam(f"before {name}")
            with self._kept.opened() as (platform, _):
                result = await getattr(self._port(platform), name)(*arguments, **fields)
            pass_seam(f"after {name}")
            return result

        return call


def doomed_port(kept: KeptPlatform, port: Callable[[MemoryPlatform], Any]) -> Any:
    """Return a port, whichever it is, with seams around each of its methods."""
    return DoomedPort(kept, port)


class DoomedTasks:
    """Jobs that are over when they start, and are kept in the file."""

    def __init__(self, kept: KeptPlatform) -> None:
        self._kept = kept

    async def start(self, task: Task, claim: Claim) -> TaskOutcome | None:  # noqa: ARG002 - over at once
        """Run the Job unless it ran already."""
        pass_seam("before start")
        with self._kept.opened() as (_, ran):
            if task.key.name not in ran:
                ran.append(task.key.name)
        pass_seam("after start")
        return succeeded()

    async def exists(self, key: TaskKey) -> bool:
        """Return whether the Job ran."""
        with self._kept.opened() as (_, ran):
            return key.name in ran

    async def stop(self, key: TaskKey, grace: timedelta) -> TaskOutcome | None:  # noqa: ARG002 - over at once
        """Return how the Job ended."""
        return succeeded() if await self.exists(key) else None

    async def forget(self, key: TaskKey) -> None:
        """Keep the Job all the same."""


def pass_seam(seam: str) -> None:
    """Die here if this is the seam, and nobody died before."""
    doomed, mark = (*sys.argv[4:6], "", "")[:2]
    if seam == doomed and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)


def ports_of(kept: KeptPlatform) -> ClusterPorts:
    """Return the ports of a worker that serves the platform in the file."""
    rest = MemoryCluster()
    return ClusterPorts(
        objects=KubernetesObjects(rest),
        catalog=KubernetesCatalog(rest),
        mirror=doomed_port(kept, MemoryMirror),
        child_runs=KubernetesChildRuns(rest),
        kratix=KratixPorts(
            parents=doomed_port(kept, MemoryParents),
            promises=doomed_port(kept, MemoryPromises),
            removal=doomed_port(kept, MemoryRemoval),
            pipelines=doomed_port(kept, MemoryPipelines),
        ),
    )


async def main() -> None:
    """Serve until killed."""
    policies.START_WINDOW = SOON  # type: ignore[misc]  # a test cannot wait 30 s
    for module in (asking, mirroring):
        vars(module)["CALL_HEARTBEAT"] = SOON  # nor 10 s
    address, queue, file = sys.argv[1:4]
    kept = KeptPlatform(Path(file))
    async with connected({"TEMPORAL_CONFIG_FILE": os.devnull}, address=address) as client:
        runners = {Backend.KUBERNETES: DoomedTasks(kept)}
        async with worker_of(client, queue, runners, cluster=ports_of(kept)):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
