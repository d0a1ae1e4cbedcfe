"""Runs as Temporal lists them."""

from collections.abc import Mapping
from typing import Final

from temporalio.client import Client
from temporalio.service import RPCError

from adapters.temporal.connection import translated
from runwright.client.views import ParentSummary, Summary, parent_summary_of, summary_of
from runwright.errors import NotFoundError

_RUNS: Final = "WorkflowType = 'StoryRun'"
_MOST_OF_A_NAME: Final = 20


async def newest_runs(client: Client, limit: int, cluster: str = "") -> list[Summary]:
    """Return the newest runs, newest first; given a cluster's name only those of that cluster.

    Of a run that was executed again the latest execution counts.

    Raises:
        TemporalUnavailableError: Temporal cannot be reached.
    """
    query = f"{_RUNS} AND {_within(cluster)}" if cluster else _RUNS
    try:
        found: dict[str, Summary] = {}
        async for execution in client.list_workflows(query):
            found.setdefault(execution.id, summary_of(execution))
            if len(found) >= limit:
                break
        return list(found.values())
    except RPCError as error:
        raise translated(error, "list runs") from error


async def newest_uid(client: Client, cluster: str, namespace: str, name: str) -> str:
    """Return the uid of the newest run of that name, whose object may be gone.

    Raises:
        NotFoundError: Temporal knows none.
        TemporalUnavailableError: Temporal cannot be reached.
    """
    named = f"RunwrightNamespace = '{namespace}' AND RunwrightName = '{name}'"
    query = f"{_RUNS} AND {_within(cluster)} AND {named}"
    try:
        listed = client.list_workflows(query, limit=_MOST_OF_A_NAME)
        found = [(one.start_time, one.id.rpartition("/")[2]) async for one in listed]
    except RPCError as error:
        raise translated(error, f"look for run {namespace}/{name}") from error
    if not found:
        message = f"there is no run {namespace}/{name}"
        raise NotFoundError(message)
    return max(found)[1]


async def newest_parents(
    client: Client, kind: str, limit: int, cluster: str
) -> list[ParentSummary]:
    """Return the Promises, or the requests for any, that are looked after; newest first.

    `kind` is Promise or ResourceRequest.

    Raises:
        TemporalUnavailableError: Temporal cannot be reached.
    """
    query = f"WorkflowType = '{kind}' AND ExecutionStatus = 'Running' AND {_within(cluster)}"
    try:
        found = client.list_workflows(query, limit=limit)
        return [parent_summary_of(execution) async for execution in found]
    except RPCError as error:
        raise translated(error, "list parents") from error


async def newest_entity(
    client: Client, cluster: str, kind: str, said: Mapping[str, str]
) -> str | None:
    """Return the id of the newest entity of that kind of which this is said; None: there is none.

    `said` is by what follows `Runwright` in the names of attributes; empty texts say nothing.

    Raises:
        TemporalUnavailableError: Temporal cannot be reached.
    """
    parts = [f"Runwright{name} = '{value}'" for name, value in said.items() if value]
    query = " AND ".join([f"WorkflowType = '{kind}'", _within(cluster), *parts])
    try:
        listed = client.list_workflows(query, limit=_MOST_OF_A_NAME)
        found = [(one.start_time, one.id) async for one in listed]
    except RPCError as error:
        raise translated(error, f"look for a {kind}") from error
    return max(found)[1] if found else None


def _within(cluster: str) -> str:
    return f"RunwrightCluster = '{cluster}'"
