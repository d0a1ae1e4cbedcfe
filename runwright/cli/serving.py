"""Serving runs on a Temporal of one's own choice: `worker` and `setup`."""

import asyncio
import logging
import os
from contextlib import AsyncExitStack, suppress
from typing import Annotated, Final

import typer
from temporalio.client import Client
from temporalio.runtime import Runtime

from adapters.temporal.connection import connected, register
from runwright.cli.app import app
from runwright.cli.failures import reported
from runwright.cli.log_lines import log_to_stderr
from runwright.cli.signals import Stop, stopping
from runwright.errors import TemporalUnavailableError
from runwright.settings import Settings
from runwright.worker import serve
from workflows.presentation import SEARCH_ATTRIBUTES

_LOG: Final = logging.getLogger(__name__)
_SHORTEST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 5.0


@app.command()
def worker(
    *,
    wait_for_server: Annotated[
        bool, typer.Option("--wait-for-server", help="Wait until Temporal can be reached.")
    ] = False,
) -> None:
    """Run what is started, until it is told to stop.

    Temporal is found as its own tools find it: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and so on, or
    a profile. On Ctrl-C or TERM what is under way gets RUNWRIGHT_DRAIN to finish; tasks run on.
    """
    with reported():
        settings = Settings.from_environ(os.environ)
        runtime = log_to_stderr()
        asyncio.run(_work(settings, runtime, wait=wait_for_server))


async def _work(settings: Settings, runtime: Runtime, *, wait: bool) -> None:
    with stopping() as stop:
        async with AsyncExitStack() as stack:
            client = await _reached(stack, runtime, stop if wait else None)
            if client is not None:
                await serve(client, settings, stop)


async def _reached(stack: AsyncExitStack, runtime: Runtime, stop: Stop | None) -> Client | None:
    """Return a client; None when it was told to stop while it waited for the server.

    Without a `stop` it does not wait.
    """
    pause, said = _SHORTEST_PAUSE, ""
    while stop is None or not stop.is_set():
        try:
            return await stack.enter_async_context(connected(os.environ, runtime=runtime))
        except TemporalUnavailableError as error:
            if stop is None:
                raise
            if str(error) != said:
                said = str(error)
                _LOG.warning("waiting: %s", said, extra={"action": "temporal_awaited"})
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
    return None


@app.command()
def setup() -> None:
    """Make a Temporal namespace ready: register the search attributes that it lacks."""
    with reported():
        typer.echo(asyncio.run(_set_up()))


async def _set_up() -> str:
    async with connected(os.environ) as client:
        added = await register(client, SEARCH_ATTRIBUTES)
        where = f"Namespace {client.namespace} at {client.service_client.config.target_host}"
    if not added:
        return f"{where} is ready; there was nothing to do."
    return f"{where} is ready; registered {', '.join(added)}."
