"""What the pipelines of a Promise, or of a request for one, wrote."""

import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.parents.logs import PipelineLogs, StepLog
from runwright.cli.parameters import ParentName
from runwright.cli.session import connection
from runwright.errors import NotFoundError, RefusedError
from runwright.models.kratix import ParentReport, run_id


async def print_logs(
    name: ParentName, pipeline: str, environ: Mapping[str, str] = os.environ
) -> None:
    """Print the newest log of each pipeline, or of that one; of several each line says whose it is.

    Raises:
        NotFoundError: there is none.
    """
    async with connection() as client:
        report = await name.of(client).report()
    cluster = Cluster(environ)
    try:
        logs = PipelineLogs(cluster, report.parent)
        found = await logs.newest(pipeline)
        if not await _print_all(logs, found):
            found = await _kept(logs, report, pipeline)
            if not await _print_all(logs, found):
                what = f"pipeline {pipeline} of {name}" if pipeline else str(name)
                message = f"no log of {what} in the cluster; the logs of pods go with them"
                raise NotFoundError(message)
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
