"""What the steps of a parent's pipelines wrote: from their pods, or what was kept of them."""

from collections.abc import AsyncIterator, Iterator
from typing import Final, NamedTuple

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.container_logs import ContainerRun, container_of, has_begun, read_log
from adapters.kubernetes.evidence import name_of
from adapters.kubernetes.logs import KeptLogs, LoggedTry, TaskLogs
from adapters.kubernetes.resources import PODS
from adapters.kubernetes.trimming import job_name_of
from runwright.errors import RefusedError
from runwright.models.kratix import Parent
from runwright.models.kratix.keys import PIPELINE_NAME
from runwright.models.objects import Manifest
from runwright.rules.kratix.deletion import Target, selection_of
from runwright.rules.kratix.jobs.containers import READER, WORK_WRITER
from runwright.rules.kubernetes.fields import entries, text

_NOT_THE_AUTHORS: Final = frozenset({READER, WORK_WRITER})


class StepLog(NamedTuple):
    """What one step of a pipeline wrote, in the newest pod of the pipeline."""

    pipeline: str
    container: str
    job: str
    namespace: str
    pod: str = ""
    """Empty: it is gone."""
    kept: str = ""
    run: str = ""
    """The id of the workflow that ran it, where that may have kept the log; empty: it has not."""


class PipelineLogs:
    """The logs of the pipelines of one parent."""

    def __init__(self, cluster: Cluster, parent: Parent) -> None:
        self._cluster = cluster
        self._parent = parent

    async def newest(self, pipeline: str = "") -> list[StepLog]:
        """Return the logs of the newest pod of each pipeline, or of that one, in their order."""
        chosen = selection_of(Target.JOBS, self._parent)
        labels = chosen.labels | ({PIPELINE_NAME: pipeline} if pipeline else {})
        query = ",".join(f"{key}={value}" for key, value in labels.items())
        pods = (await self._cluster.list(PODS, Selection(chosen.namespace, query))).items
        newest = {_pipeline_of(pod): pod for pod in sorted(pods, key=_age)}
        return [one for pod in sorted(newest.values(), key=_age) for one in _logs_of(pod)]

    async def kept(self, workflow_id: str, jobs: dict[str, str]) -> list[StepLog]:
        """Return what was kept of a run whose pods are gone; `jobs` are pipelines by their Job."""
        found = await KeptLogs(self._cluster, "").read(self._parent.home, workflow_id)
        return [
            StepLog(jobs.get(one.task, one.task), "", one.task, self._parent.home, kept=one.kept)
            for one in found
        ]

    async def read(self, one: StepLog) -> AsyncIterator[bytes]:
        """Yield a log as it is now; what was kept of it where its pod cannot tell any more.

        Raises:
            RefusedError: neither can.
        """
        if not one.pod:
            yield one.kept.encode()
            return
        pod = (one.namespace, one.pod)
        try:
            async for chunk in read_log(self._cluster, pod, ContainerRun(one.container)):
                yield chunk
        except RefusedError:
            kept = await self.kept(one.run, {}) if one.run else []
            said = [log.kept for log in kept if log.job == one.job]
            if not said:
                raise
            yield said[-1].encode()

    def follow(self, one: StepLog) -> AsyncIterator[bytes]:
        """Yield a log from its beginning, and go on until its container has ended.

        When the connection breaks it is read anew, without what was yielded before.
        """
        logged = LoggedTry(0, one.job, 0, one.kept, one.pod, one.container)
        return TaskLogs(self._cluster, one.namespace, "").follow(logged)


def _logs_of(pod: Manifest) -> Iterator[StepLog]:
    """Yield the logs of the containers of a pipeline's author that have begun."""
    namespace, name = name_of(pod)
    for status in entries(pod, "status", "initContainerStatuses"):
        container = text(status, "name")
        if container in _NOT_THE_AUTHORS or not has_begun(pod, container):
            continue
        run = identity.annotations(pod).get(identity.WORKFLOW, "")
        kept_in = run if container == container_of(pod) else ""
        job = job_name_of(pod)[1]
        yield StepLog(_pipeline_of(pod), container, job, namespace, name, run=kept_in)


def _pipeline_of(pod: Manifest) -> str:
    return text(pod, "metadata", "labels", PIPELINE_NAME)


def _age(pod: Manifest) -> str:
    return text(pod, "metadata", "creationTimestamp")
