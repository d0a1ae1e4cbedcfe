"""Following a run: `watch`."""

import asyncio

from runwright.cli.app import app
from runwright.cli.failures import reported
from runwright.cli.following import finish
from runwright.cli.output import Output, OutputOption
from runwright.cli.parameters import RunArgument, RunName
from runwright.cli.session import connection


@app.command()
def watch(run: RunArgument, output: OutputOption = Output.TABLE) -> None:
    """Show a run until it is over; exit with 1 if it did not succeed.

    Ctrl-C ends the watching, not the run. It goes on when the worker or Temporal is away for a
    while, and says so.
    """
    with reported(output):
        asyncio.run(_watch(run, output))


async def _watch(run: RunName, output: Output) -> None:
    async with connection() as client:
        await finish(run.of(client), output, watch=True)
