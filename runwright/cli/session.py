"""The connection of one command."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from temporalio.runtime import Runtime, TelemetryConfig

from runwright.client import RunwrightClient, connect


@asynccontextmanager
async def connection() -> AsyncGenerator[RunwrightClient]:
    """Give a client, connected as the environment says.

    Temporal's own log is silent: it would get into what a command prints, and says nothing that
    the command does not say itself.
    """
    async with connect(runtime=Runtime(telemetry=TelemetryConfig(logging=None))) as client:
        yield client
