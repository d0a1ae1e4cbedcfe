"""Everything on one machine: `dev`."""

import asyncio
import logging
import os
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from temporalio.runtime import Runtime

from adapters.local.pruning import prune
from adapters.temporal.connection import DEFAULT_ADDRESS, connected
from adapters.temporal.server import Addresses, Server, free_ports, serving
from runwright.cli.app import app
from runwright.cli.failures import reported
from runwright.cli.log_lines import log_to_stderr
from runwright.cli.probing import probed, reaching
from runwright.cli.signals import Stop, stopping
from runwright.cli.state_folder import occupied, running_tasks, storage
from runwright.errors import RefusedError
from runwright.settings import Settings
from runwright.worker import serve
from workflows.presentation import SEARCH_ATTRIBUTES

_DONE_TASKS_KEPT: Final = timedelta(days=7)


@app.command()
def dev(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of Temporal; 0: a free one.")] = 7233,
    ui_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of its UI; 0: a free one.")
    ] = 8233,
) -> None:
    """Run Temporal, its UI and a worker on this machine, until Ctrl-C.

    Everything is kept in the state folder (RUNWRIGHT_STATE), also when this is killed: the next
    `dev` goes on with the runs, and with the tasks that ran on meanwhile.
    """
    with reported():
        settings = Settings.from_environ(os.environ)
        settings = settings.model_copy(update={"state": settings.state.absolute()})
        runtime = log_to_stderr(logging.WARNING, form=settings.log_format, metrics=settings.metrics)
        asyncio.run(_run(settings, Addresses(port, ui_port), runtime))


async def _run(settings: Settings, wanted: Addresses, runtime: Runtime) -> None:
    state = settings.state
    with stopping() as stop, occupied(state):
        with storage(state):
            prune(state, _DONE_TASKS_KEPT)
        await _serve(settings, await _ports(state, wanted), runtime, stop)
        if running := running_tasks(state):
            said = "1 task goes" if running == 1 else f"{running} tasks go"
            typer.echo(f"{said} on running; the next `runwright dev` adopts what is there.")


async def _ports(state: Path, wanted: Addresses) -> Addresses:
    try:
        return await free_ports(state, wanted)
    except RefusedError as error:
        message = f"{error}: choose another with --port or --ui-port, or 0 for a free one"
        raise RefusedError(message) from error


async def _serve(settings: Settings, ports: Addresses, runtime: Runtime, stop: Stop) -> None:
    async with AsyncExitStack() as stack:
        vitals = await stack.enter_async_context(probed(settings, runtime, stop))
        with storage(settings.state):
            server = await stack.enter_async_context(
                serving(
                    settings.state, ports, SEARCH_ATTRIBUTES, lambda begun: stop.at_once(begun.kill)
                )
            )
        environ = {"TEMPORAL_CONFIG_FILE": os.devnull}
        client = await stack.enter_async_context(
            connected(environ, address=server.grpc, runtime=runtime)
        )
        await stack.enter_async_context(reaching(client, vitals.readiness))
        _announce(server, settings)
        await _unless_it_crashes(server, asyncio.create_task(serve(client, settings, stop, vitals)))
        typer.echo("Stopping.")


async def _unless_it_crashes(server: Server, work: asyncio.Task[None]) -> None:
    crash = asyncio.create_task(server.crashed())
    await asyncio.wait([work, crash], return_when=asyncio.FIRST_COMPLETED)
    if work.done():
        crash.cancel()
        await work
        return
    work.cancel()
    await asyncio.wait([work])
    raise await crash


def _announce(server: Server, settings: Settings) -> None:
    typer.echo(f"Temporal     {server.grpc}")
    typer.echo(f"Temporal UI  {server.ui}")
    typer.echo(f"Task queue   {settings.task_queue}")
    typer.echo(f"State        {settings.state}")
    if server.grpc.rpartition(":")[2] != DEFAULT_ADDRESS.rpartition(":")[2]:
        typer.echo(f"Elsewhere    export TEMPORAL_ADDRESS={server.grpc}")
    typer.echo("Stop with Ctrl-C. Runs and tasks survive that, and worse.")
