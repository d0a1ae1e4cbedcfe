"""Jobs of a real cluster, as the contract of task runners needs them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.evidence import name_of
from adapters.kubernetes.jobs import KubernetesJobs
from adapters.kubernetes.observer import JobObserver
from adapters.kubernetes.post import Post
from adapters.kubernetes.resources import JOBS, PODS
from adapters.memory.completions import MemoryCompletions
from runwright.models.tasks import JobTemplate, Task, TaskKey
from testbed.images.contents import BUSYBOX
from tests.contract.backends import task

NAMESPACE = "ns"
"""Where the contract's tests have their tasks."""
_SCRIPT = """
trap 'exit 143' TERM
echo once >>/shared/{name}.executions
while ! [ -e /shared/{name}.go ]; do sleep 0.02; done
exit {exit_code}
"""


class KubernetesBackend:
    """Real Jobs, whose pods write down that they began and wait for a file, in a shared folder."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster = cluster
        self._folder = folder
        folder.chmod(0o777)
        self.completions = MemoryCompletions()
        self.runner = KubernetesJobs(cluster, "contract")
        self.observer = JobObserver(cluster, self.completions, Post("contract"))

    def waiting(self, key: TaskKey, exit_code: int = 0) -> Task:
        """Return a task that runs until it is let go."""
        script = _SCRIPT.format(name=self._name(key), exit_code=exit_code)
        made = task(key)
        return made.model_copy(update={"job": template("/bin/sh", "-c", script, at=self._folder)})

    async def running(self, task: Task) -> None:
        """Wait until the command has said so."""
        while not self.executions(task.key):
            await asyncio.sleep(0.02)

    async def let_go(self, task: Task) -> None:
        """Make the file that the command waits for."""
        self._file(task.key, "go").touch()

    def executions(self, key: TaskKey) -> int:
        """Return how many pods have begun."""
        with suppress(FileNotFoundError):
            return len(self._file(key, "executions").read_text().splitlines())
        return 0

    async def resync(self) -> None:
        """Look at all Jobs again."""
        for name in self.observer.jobs.objects():
            self.observer.queue.add(name)

    async def released(self, key: TaskKey) -> None:
        """Wait until nothing of ours holds the Job."""
        while (job := await self._cluster.get(JOBS, key.namespace, key.name)) is not None:
            if not identity.has_evidence(job):
                return
            await asyncio.sleep(0.05)

    @asynccontextmanager
    async def observed(self) -> AsyncGenerator[None]:
        """Have the observer run."""
        observing = asyncio.create_task(self.observer.run())
        try:
            yield
        finally:
            observing.cancel()
            with suppress(asyncio.CancelledError):
                await observing

    async def close(self) -> None:
        """Remove every Job and pod that the test left."""
        selection = Selection(NAMESPACE)
        for resource in (JOBS, PODS):
            for one in (await self._cluster.list(resource, selection)).items:
                grace = 0 if resource is PODS else None
                await self._cluster.delete(resource, name_of(one), grace=grace)
                await self._cluster.without_finalizer(resource, name_of(one), identity.EVIDENCE)
        while any([(await self._cluster.list(kind, selection)).items for kind in (JOBS, PODS)]):
            await asyncio.sleep(0.05)

    def _file(self, key: TaskKey, kind: str) -> Path:
        return self._folder / f"{self._name(key)}.{kind}"

    def _name(self, key: TaskKey) -> str:
        run = identity.run_digest(key.workflow_id)[:8]
        return f"{run}-{key.execution}{key.activation}-{key.try_number}"


def template(*command: str, at: Path | None = None, **spec: Any) -> JobTemplate:
    """Return the template of a Job that runs a command in the shell's image.

    The folder `at` of this machine is its `/shared`.
    """
    container: dict[str, Any] = {"name": "task", "image": BUSYBOX, "command": command}
    pod: dict[str, Any] = {"restartPolicy": "Never", "containers": [container]}
    if at is not None:
        container["volumeMounts"] = [{"name": "shared", "mountPath": "/shared"}]
        pod["volumes"] = [{"name": "shared", "hostPath": {"path": str(at)}}]
    pod["terminationGracePeriodSeconds"] = 5
    return JobTemplate(
        spec={
            "backoffLimit": 0,
            "podReplacementPolicy": "Failed",
            "template": {"spec": pod},
            **spec,
        }
    )
