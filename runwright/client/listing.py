"""Runs as Temporal lists them."""

from typing import Final

from temporalio.client import Client
from temporalio.service import RPCError

from adapters.temporal.connection import translated
from runwright.client.views import Summary, summary_of
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


def _within(cluster: str) -> str:
    return f"RunwrightCluster = '{cluster}'"
