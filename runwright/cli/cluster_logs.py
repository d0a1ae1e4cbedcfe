"""The logs of a run whose tasks are Jobs: from their pods, or what was kept of them."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.logs import LoggedTry, TaskLogs
from runwright.cli.log_sources import WrittenTry
from runwright.cli.parameters import RunName
from runwright.client.cluster import ClusterObjects
from runwright.errors import NotFoundError
from runwright.models.story_run import workflow_id


@asynccontextmanager
async def source_of(run: RunName, environ: Mapping[str, str]) -> AsyncGenerator["ClusterSource"]:
    """Give the logs of the StoryRun of that name; Temporal is not asked.

    Raises:
        NotFoundError: the cluster has none: its pods, and what was kept, went with it.
        ClusterUnavailableError: it could not be asked.
    """
    cluster = Cluster(environ)
    try:
        found = await ClusterObjects(cluster).find(run.namespace, run.name)
        if found is None:
            message = f"there is no run {run} in the cluster; its logs went with its StoryRun"
            raise NotFoundError(message)
        workflow = workflow_id(run.namespace, run.name, found.metadata.uid)
        yield ClusterSource(TaskLogs(cluster, run.namespace, workflow))
    finally:
        await cluster.close()


class ClusterSource:
    """Logs of the pods of one run, and what was kept of them."""

    where = "the cluster; RUNWRIGHT_KEEP_LOGS says of the worker what it keeps of pods that go"

    def __init__(self, logs: TaskLogs) -> None:
        self._logs = logs

    async def tries(self) -> Sequence[WrittenTry]:
        """Return the tries that have a log, older ones first."""
        return [ClusterTry(self._logs, one) for one in await self._logs.tries()]


class ClusterTry:
    """The log of a pod, or what was kept of it."""

    def __init__(self, logs: TaskLogs, logged: LoggedTry) -> None:
        self.task = logged.task
        self.number = logged.try_number
        self.identity = (logged.activation, logged.task, logged.try_number)
        self._logs = logs
        self._logged = logged

    def read(self) -> AsyncIterator[bytes]:
        """Yield the log as it is now."""
        return self._logs.read(self._logged)

    def follow(self) -> AsyncIterator[bytes]:
        """Yield the log from its beginning, and go on until its container has ended."""
        return self._logs.follow(self._logged)
