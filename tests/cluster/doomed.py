"""A worker that is killed the moment it asks the API server for something, or was answered."""

import asyncio
import signal
import sys
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from temporalio.client import Client

from adapters.kubernetes import identity
from adapters.kubernetes.resources import JOBS, PODS, STEP_RUNS, STORY_RUNS
from runwright.models.story_run import StoryRunState
from testbed.cluster import Testbed
from tests.cluster.account import Account
from tests.cluster.ledger import Ledger, keeping
from tests.cluster.proxy import Proxy, proxied, token_of
from tests.cluster.runs import Stage, WorkerProcess, is_ready, phase_of

INSTANCE: Final = "worker-0"
"""A pod that is started again is the same one, and need not wait for its own Lease."""
RUN: Final = "web-1"
_AT_ONCE: Final = 4
"""Scenes: in each a worker starts, and another in the process of the test."""
COMMAND: Final = (sys.executable, "-m", "tests.cluster.quick_worker", "worker")


class Seam(NamedTuple):
    """Where a worker dies: before a request reaches the API server, or before it has the answer."""

    request: str
    """A pattern of method and path."""
    is_after: bool = False


class Scene:
    """A namespace, a worker that may die in it, and the proof of what was executed."""

    def __init__(self, stage: Stage, proxy: Proxy, ledger: Ledger, address: str) -> None:
        self.stage = stage
        self.proxy = proxy
        self.ledger = ledger
        self.worker = WorkerProcess(self._variables(address), *COMMAND)

    def _variables(self, address: str) -> Mapping[str, str]:
        given = self.stage.variables(address)
        return {**given, **self.proxy.environ, "RUNWRIGHT_INSTANCE": INSTANCE}

    async def story(self, *steps: Mapping[str, Any], script: str = "", **spec: Any) -> None:
        """Create the Story `release`, whose Engram `work` is counted."""
        await self.stage.engram("work", script or self.ledger.script)
        await self.stage.story("release", *steps, **spec)

    async def start(self) -> None:
        """Create the run."""
        await self.stage.run(RUN, "release")

    async def run_until_step_runs(self, build: Mapping[str, Any], **spec: Any) -> None:
        """Start a worker, and a run whose step `build` runs until it is let go."""
        self.ledger.hold("web-1-build")
        await self.story(build, **spec)
        await self.worker.start()
        await self.start()
        await self.ledger.until_began("web-1-build")
        await self.stage.until("web-1-build", is_ready, JOBS)

    async def cancel(self) -> None:
        """Cancel the run as people do with kubectl."""
        name = self.stage.namespace, RUN
        await self.stage.cluster.patch(STORY_RUNS, name, {"spec": {"cancelRequested": True}})

    def doom(self, seam: Seam) -> None:
        """Have the worker killed when it comes to the seam."""
        self.proxy.once(seam.request, self.worker.kill, after=seam.is_after)

    async def died(self) -> None:
        """Return once the worker was killed."""
        assert await self.worker.ended() == -signal.SIGKILL

    @asynccontextmanager
    async def taken_over(self) -> AsyncGenerator[None]:
        """Have another worker go on, in this process."""
        async with self.stage.served(instance=INSTANCE):
            yield

    async def over(self, *phases: str) -> StoryRunState:
        """Return how the run ended, once it is over and nothing of it is held any more."""
        run = await self.stage.until_phase(RUN, *phases)
        await self.released()
        return await self.stage.state(run)

    async def released(self) -> None:
        """Return once no Job and no pod is kept as evidence."""
        for resource in (JOBS, PODS):
            while any(map(identity.has_evidence, await self.stage.all(resource))):
                await asyncio.sleep(0.05)

    async def step_phases(self) -> dict[str, str]:
        """Return the phases of the StepRuns."""
        return {one["metadata"]["name"]: phase_of(one) for one in await self.stage.all(STEP_RUNS)}


class Scenes:
    """Where scenes are played, each in a namespace of its own."""

    def __init__(self, testbed: Testbed, client: Client, account: Account, folder: Path) -> None:
        self._testbed = testbed
        self._client = client
        self._account = account
        self._folder = folder

    async def each(
        self, seams: Mapping[str, Seam], play: Callable[[Scene, Seam], Awaitable[None]]
    ) -> None:
        """Play a scene once for each seam, a few at once: most of it is waiting for pods."""
        turns = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as plays:
            for name, seam in seams.items():
                plays.create_task(self._played(name, seam, play, turns))

    async def _played(
        self,
        name: str,
        seam: Seam,
        play: Callable[[Scene, Seam], Awaitable[None]],
        turns: asyncio.Semaphore,
    ) -> None:
        async with turns, self._scene() as scene:
            try:
                await play(scene, seam)
            except BaseException as error:
                error.add_note(f"the worker was to be killed {name}")
                raise

    @asynccontextmanager
    async def _scene(self) -> AsyncGenerator[Scene]:
        token, address = token_of(self._account.kubeconfig), self._client.service_client.config
        async with (
            self._stage() as stage,
            keeping(self._testbed.address) as ledger,
            proxied(self._testbed, self._folder_of(stage), token) as proxy,
        ):
            scene = Scene(stage, proxy, ledger, address.target_host)
            try:
                yield scene
            finally:
                await scene.worker.kill()

    @asynccontextmanager
    async def _stage(self) -> AsyncGenerator[Stage]:
        name = f"test-{uuid.uuid4().hex[:12]}"
        kubectl = self._testbed.kubectl
        await asyncio.to_thread(kubectl, "create", "namespace", name)
        stage = Stage(self._testbed, self._client, name, self._account)
        try:
            yield stage
        finally:
            await stage.close()
            await asyncio.to_thread(kubectl, "delete", "namespace", name, "--wait=false")

    def _folder_of(self, stage: Stage) -> Path:
        folder = self._folder / stage.namespace
        folder.mkdir()
        return folder
