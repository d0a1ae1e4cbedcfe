"""Looking at runs: `list`, `get`, `explain`."""

import asyncio
from typing import Annotated

import typer
from rich.text import Text

from runwright.cli.app import app
from runwright.cli.failures import reported
from runwright.cli.following import here
from runwright.cli.output import Output, OutputOption, show
from runwright.cli.pages import run_page, runs_table
from runwright.cli.parameters import RunArgument, RunName, user
from runwright.cli.session import connection
from runwright.client import Summary, View
from runwright.models.base import Message
from runwright.models.bubustack import Phase
from runwright.rules.bubustack.explanation import explanation


class Explanation(Message):
    """Why a run is where it is."""

    namespace: str
    name: str
    phase: Phase
    explanation: str


@app.command("list")
def list_runs(
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the newest runs, newest first, and what they wait for."""
    with reported(output):
        found = asyncio.run(_runs(limit))
        show(found, output, lambda console: runs_table(found, here(), console))


@app.command()
def get(run: RunArgument, output: OutputOption = Output.TABLE) -> None:
    """Show a run as it is now: its steps, what it waits for, why it failed."""
    with reported(output):
        view = asyncio.run(_view(run))
        show(view.state, output, lambda console: run_page(view, here(), console))


@app.command()
def explain(run: RunArgument, output: OutputOption = Output.TABLE) -> None:
    """Say in a few sentences why a run is where it is, and what to do next."""
    with reported(output):
        view = asyncio.run(_view(run))
        state, troubles = view.state, [trouble.message for trouble in view.troubles]
        text = explanation(state, troubles, here(), user=user())
        explained = Explanation(
            namespace=state.namespace, name=state.name, phase=state.phase, explanation=text
        )
        show(explained, output, lambda _: Text(text))


async def _runs(limit: int) -> list[Summary]:
    async with connection() as client:
        return await client.runs(limit)


async def _view(run: RunName) -> View:
    async with connection() as client:
        return await run.of(client).view()
