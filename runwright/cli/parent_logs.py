"""What the pipelines of a Promise, or of a request for one, wrote."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.parents.logs import PipelineLogs, StepLog
from runwright.cli.following import goes_on
from runwright.cli.parameters import ParentName
from runwright.cli.parent_pages import address_of
from runwright.cli.session import connection
from runwright.client import Away, ParentView, changes_until
from runwright.errors import ClusterUnavailableError, NotFoundError, RefusedError
from runwright.models.kratix import ParentReport, PipelinePhase, run_id
from runwright.rules.kratix.reports import unknown_pipeline

_LOOK_EVERY: Final = timedelta(milliseconds=300)
_OVER: Final = frozenset({PipelinePhase.SUCCEEDED, PipelinePhase.FAILED})


async def print_logs(
    name: ParentName, pipeline: str, environ: Mapping[str, str] = os.environ
) -> None:
    """Print the newest log of each pipeline, or of that one; of several each line says whose it is.

    Raises:
        NotFoundError: there is none.
    """
    async with connection() as client:
        report = await name.of(client).report()
    async with _logs_of(report, environ) as logs:
        await _print_newest(logs, report, pipeline)


async def follow_logs(
    name: ParentName, pipeline: str, environ: Mapping[str, str] = os.environ
) -> None:
    """Print the newest logs, and go on until nothing is done for the parent any more.

    Given a pipeline, until that one is over. Each line says whose it is.

    Raises:
        NotFoundError: nothing looks after the parent, or it has no such pipeline.
    """
    async with connection() as client:
        parent = name.of(client)
        report = await parent.report()
        async with _logs_of(report, environ) as logs:
            follower = _Follower(logs, pipeline)
            seen = changes_until(lambda view: is_written(view, pipeline), parent, _LOOK_EVERY)
            with goes_on(str(name), str(name)):
                await follower.print_until(asyncio.create_task(_end_of(seen)))
            if not follower.has_printed:
                await _print_newest(logs, await parent.report(), pipeline)


async def _print_newest(logs: PipelineLogs, report: ParentReport, pipeline: str) -> None:
    if await _print_all(logs, await logs.newest(pipeline)):
        return
    if await _print_all(logs, await _kept(logs, report, pipeline)):
        return
    if pipeline and (why_not := unknown_pipeline(report, pipeline)):
        raise NotFoundError(why_not)
    what = f"pipeline {pipeline} of {address_of(report)}" if pipeline else address_of(report)
    message = f"no log of {what} in the cluster; the logs of pods go with them"
    raise NotFoundError(message)


async def _end_of(views: AsyncGenerator[ParentView | Away]) -> None:
    async for _ in views:
        pass


def is_written(view: ParentView, pipeline: str) -> bool:
    """Return whether nothing more will be written.

    Raises:
        NotFoundError: the parent has no such pipeline.
    """
    progress = view.report.state.workflow.pipelines
    if view.is_at_rest or not pipeline or not progress:
        return view.is_at_rest
    if why_not := unknown_pipeline(view.report, pipeline):
        raise NotFoundError(why_not)
    phase = next((one.phase for one in progress if one.name == pipeline), None)
    return phase in _OVER and view.report.asked is None


class _Follower:
    """Prints what the newest pods write, each container from its beginning."""

    def __init__(self, logs: PipelineLogs, pipeline: str) -> None:
        self._logs = logs
        self._pipeline = pipeline
        self._printing: dict[tuple[str, str], asyncio.Task[None]] = {}

    @property
    def has_printed(self) -> bool:
        """Whether there was anything to print."""
        return bool(self._printing)

    async def print_until(self, end: asyncio.Task[None]) -> None:
        """Print until that has come, and then what was begun to its end."""
        try:
            is_over = False
            while await self._begin() or not is_over:
                is_over = end.done()  # asked before looking again: then that is all
                await asyncio.wait([end], timeout=_LOOK_EVERY.total_seconds())
            await asyncio.gather(end, *self._printing.values())
        finally:
            await _ended(end, *self._printing.values())

    async def _begin(self) -> bool:
        """Begin to print what is new; return whether anything is."""
        try:
            found = await self._logs.newest(self._pipeline)
        except ClusterUnavailableError:
            return False
        new = [one for one in found if (one.pod, one.container) not in self._printing]
        for one in new:
            printing = self._print(one)
            self._printing[one.pod, one.container] = asyncio.create_task(printing)
        return bool(new)

    async def _print(self, one: StepLog) -> None:
        """Print what a container writes; a node may have removed what it wrote by now."""
        with suppress(RefusedError):
            await _print(one, self._logs.follow(one), is_alone=False)


async def _ended(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _logs_of(
    report: ParentReport, environ: Mapping[str, str]
) -> AsyncGenerator[PipelineLogs]:
    cluster = Cluster(environ)
    try:
        yield PipelineLogs(cluster, report.parent)
    finally:
        await cluster.close()


async def _kept(logs: PipelineLogs, report: ParentReport, pipeline: str) -> list[StepLog]:
    """Return what was kept of the newest run of which anything was."""
    workflows = (report.state.configure, report.state.delete)
    jobs = {one.job_name: one.name for workflow in workflows for one in workflow.pipelines}
    for past in reversed(report.past):
        workflow = run_id(report.parent, past.action, past.number)
        kept = await logs.kept(workflow, jobs)
        if found := [one for one in kept if pipeline in {"", one.pipeline}]:
            return found
    return []


async def _print_all(logs: PipelineLogs, found: Sequence[StepLog]) -> bool:
    """Print logs; return whether any could be read, for a node may have removed them by now."""
    is_any = False
    for one in found:
        with suppress(RefusedError):
            await _print(one, logs.read(one), is_alone=len(found) == 1)
            is_any = True
    return is_any


async def _print(one: StepLog, chunks: AsyncIterator[bytes], *, is_alone: bool) -> None:
    rest = b""
    whose = "/".join(filter(None, (one.pipeline, one.container)))
    prefix = b"" if is_alone else f"{whose} | ".encode()
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        sys.stdout.buffer.writelines(prefix + line + b"\n" for line in lines)
    if rest:
        sys.stdout.buffer.write(prefix + rest + b"\n")
    sys.stdout.buffer.flush()
