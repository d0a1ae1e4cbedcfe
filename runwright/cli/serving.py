"""Serving runs on a Temporal of one's own choice: `worker` and `setup`."""

import asyncio
import logging
import os
from collections.abc import Generator
from contextlib import AsyncExitStack, contextmanager, suppress
from typing import Annotated, Final

import typer
from temporalio.client import Client
from temporalio.runtime import Runtime

from adapters.temporal.connection import connected, register
from runwright.cli.app import app
from runwright.cli.failures import reported
from runwright.cli.log_lines import log_to_stderr
from runwright.cli.probing import lacks_temporal, probed, reaching
from runwright.cli.signals import Stop, stopping
from runwright.errors import RunwrightError, TemporalUnavailableError
from runwright.health import Readiness
from runwright.settings import LogFormat, Settings
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
        runtime = log_to_stderr(form=settings.log_format, metrics=settings.metrics)
        with _last_words(settings.log_format):
            asyncio.run(_work(settings, runtime, wait=wait_for_server))


@contextmanager
def _last_words(form: LogFormat) -> Generator[None]:
    """Log why the worker ends, where what collects the log cannot read what people are told."""
    try:
        yield
    except Exception as error:
        if form is LogFormat.JSON:
            trace = None if isinstance(error, RunwrightError) else error
            extra = {"action": "worker_failed", "error": type(error).__name__}
            _LOG.error("worker ends: %s", error, extra=extra, exc_info=trace)
        raise


async def _work(settings: Settings, runtime: Runtime, *, wait: bool) -> None:
    with stopping() as stop:
        async with AsyncExitStack() as stack:
            vitals = await stack.enter_async_context(probed(settings, runtime, stop))
            readiness = vitals.readiness
            client = await _reached(stack, runtime, stop if wait else None, readiness)
            if client is not None:
                await stack.enter_async_context(reaching(client, readiness))
                await serve(client, settings, stop, vitals)


async def _reached(
    stack: AsyncExitStack, runtime: Runtime | None, stop: Stop | None, readiness: Readiness
) -> Client | None:
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
                lacks_temporal(readiness, said)
                _LOG.warning("waiting: %s", said, extra={"action": "temporal_awaited"})
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
    return None


@app.command()
def setup(
    *,
    wait_for_server: Annotated[
        bool, typer.Option("--wait-for-server", help="Wait until Temporal can be reached.")
    ] = False,
) -> None:
    """Make a Temporal namespace ready: register the search attributes that it lacks."""
    with reported():
        typer.echo(asyncio.run(_set_up(wait=wait_for_server)))


async def _set_up(*, wait: bool) -> str:
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(stopping()) if wait else None
        client = await _reached(stack, None, stop, Readiness())
        if client is None:
            message = "set up a namespace: told to stop before Temporal was reached"
            raise TemporalUnavailableError(message)
        added = await register(client, SEARCH_ATTRIBUTES)
        where = f"Namespace {client.namespace} at {client.service_client.config.target_host}"
    if not added:
        return f"{where} is ready; there was nothing to do."
    return f"{where} is ready; registered {', '.join(added)}."
