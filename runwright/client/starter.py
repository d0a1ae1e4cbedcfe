"""Connect to Temporal, start runs and find them."""

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from adapters.temporal.connection import connected, translated
from runwright.client.runs import Run
from runwright.client.views import Summary, summary_of
from runwright.errors import ExistsError
from runwright.models.story_run import StartStoryRun, workflow_id
from runwright.settings import Settings
from workflows.presentation import attributes_of


@asynccontextmanager
async def connect(
    environ: Mapping[str, str] = os.environ,
    *,
    address: str | None = None,
    runtime: Runtime | None = None,
) -> AsyncGenerator["RunwrightClient"]:
    """Give a client, connected as the environment says; `address` overrules where Temporal is.

    `runtime` is Temporal's own, with its logs and metrics; None: the one that all share.

    Raises:
        InvalidSettingsError: a RUNWRIGHT_ variable cannot be read.
        TemporalUnavailableError: Temporal cannot be reached.
        RefusedError: Temporal lets nobody in who comes like this.
    """
    settings = Settings.from_environ(environ)
    async with connected(environ, address=address, runtime=runtime) as client:
        yield RunwrightClient(client, settings.task_queue, settings.cluster)


class RunwrightClient:
    """Starts runs, and finds those that were started."""

    def __init__(self, client: Client, task_queue: str, cluster: str = "local") -> None:
        self._client = client
        self._task_queue = task_queue
        self._cluster = cluster

    async def start(self, start: StartStoryRun) -> Run:
        """Start a run; of two starts at once, one starts it and the other finds it.

        Raises:
            ExistsError: a run of that name exists, open or closed.
            TemporalUnavailableError: Temporal cannot be reached.
        """
        return await self._start(start, WorkflowIDReusePolicy.REJECT_DUPLICATE)

    def run(self, name: str, namespace: str = "default", uid: str = "local") -> Run:
        """Return the run of that name, without looking whether there is one."""
        return Run(self._client, (namespace, name, uid), self._retry)

    async def runs(self, limit: int = 100) -> list[Summary]:
        """Return the newest runs, newest first.

        Raises:
            TemporalUnavailableError: Temporal cannot be reached.
        """
        try:
            found = self._client.list_workflows("WorkflowType = 'StoryRun'", limit=limit)
            return [summary_of(execution) async for execution in found]
        except RPCError as error:
            raise translated(error, "list runs") from error

    async def _retry(self, start: StartStoryRun) -> Run:
        return await self._start(start, WorkflowIDReusePolicy.ALLOW_DUPLICATE)

    async def _start(self, start: StartStoryRun, reuse: WorkflowIDReusePolicy) -> Run:
        placed = start.model_copy(update={"cluster": self._cluster})
        try:
            await self._client.start_workflow(
                "StoryRun",
                placed,
                id=workflow_id(start.namespace, start.name, start.uid),
                task_queue=self._task_queue,
                id_reuse_policy=reuse,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                search_attributes=attributes_of(placed),
                static_summary=f"{start.name}: story {start.story.metadata.name}",
            )
        except WorkflowAlreadyStartedError as error:
            message = f"start run {start.namespace}/{start.name}: a run of that name exists"
            raise ExistsError(message) from error
        except RPCError as error:
            raise translated(error, f"start run {start.namespace}/{start.name}") from error
        return self.run(start.name, start.namespace, start.uid)
