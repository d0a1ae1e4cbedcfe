"""Following what is done: `watch`."""

import asyncio

from runwright.cli.app import app
from runwright.cli.failures import reported
from runwright.cli.following import finish, settle
from runwright.cli.output import Output, OutputOption
from runwright.cli.parameters import ParentName, RunName, Target, TargetArgument
from runwright.cli.session import connection


@app.command()
def watch(run: TargetArgument, output: OutputOption = Output.TABLE) -> None:
    """Show a run until it is over; exit with 1 if it did not succeed.

    A Promise, or a request, until nothing is done for it any more; exit with 1 if that failed.
    Ctrl-C ends the watching, not the run. It goes on when the worker or Temporal is away for a
    while, and says so.
    """
    with reported(output):
        asyncio.run(_watch(run, output))


async def _watch(target: Target, output: Output) -> None:
    async with connection() as client:
        if isinstance(target, ParentName):
            await settle(target.of(client), output, watch=True)
            return
        assert isinstance(target, RunName)  # noqa: S101 - there is nothing else
        await finish(target.of(client), output, watch=True)
