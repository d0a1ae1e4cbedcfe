"""Looking at runs: `list`, `get`, `explain`."""

import asyncio
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from runwright.cli.app import app
from runwright.cli.failures import reported
from runwright.cli.following import here
from runwright.cli.output import Output, OutputOption, show
from runwright.cli.pages import run_page, runs_table
from runwright.cli.parameters import ParentName, RunName, TargetArgument, user
from runwright.cli.parent_pages import parent_page, parents_table
from runwright.cli.session import connection
from runwright.client import ParentSummary, ParentView, Summary, View
from runwright.client.addresses import PROMISE_KIND, REQUEST_KIND
from runwright.models.base import Message
from runwright.models.bubustack import Phase
from runwright.models.kratix import Standing
from runwright.rules.bubustack.explanation import explanation
from runwright.rules.diagnoses import told
from runwright.rules.kratix import explanation as parents


class Explanation(Message):
    """Why a run is where it is."""

    namespace: str
    name: str
    phase: Phase | Standing
    explanation: str


class What(StrEnum):
    """What is listed."""

    RUNS = "runs"
    PROMISES = "promises"
    REQUESTS = "requests"


_KINDS = {What.PROMISES: PROMISE_KIND, What.REQUESTS: REQUEST_KIND}


@app.command("list")
def list_runs(
    what: Annotated[What, typer.Argument(help="Runs, or what Promises there are.")] = What.RUNS,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the newest runs, newest first, and what they wait for; or Promises, or requests."""
    with reported(output):
        if what is not What.RUNS:
            parents = asyncio.run(_parents(_KINDS[what], limit + 1))
            shown = parents[:limit]
            show(shown, output, lambda console: parents_table(shown, here(), console))
            _say_of_more(what, len(parents), limit)
            return
        runs = asyncio.run(_runs(limit + 1))
        newest = runs[:limit]
        show(newest, output, lambda console: runs_table(newest, here(), console))
        _say_of_more(what, len(runs), limit)


def _say_of_more(what: What, found: int, limit: int) -> None:
    """Say on standard error that there are more than are shown: one was asked for to know."""
    if found > limit:
        typer.echo(f"there are more {what}: --limit {10 * limit} shows more of them", err=True)


@app.command()
def get(run: TargetArgument, output: OutputOption = Output.TABLE) -> None:
    """Show a run as it is now: its steps, what it waits for, why it failed.

    Of a Promise, or a request, its pipelines.
    """
    with reported(output):
        if isinstance(run, ParentName):
            of_parent = asyncio.run(_parent_view(run))
            show(of_parent.report, output, lambda where: parent_page(of_parent, here(), where))
            return
        assert isinstance(run, RunName)  # noqa: S101 - there is nothing else
        view = asyncio.run(_view(run))
        show(view.state, output, lambda console: run_page(view, here(), console))


@app.command()
def explain(run: TargetArgument, output: OutputOption = Output.TABLE) -> None:
    """Say in a few sentences why a run is where it is, and what to do next.

    Of a Promise, or a request, why its pipelines are.
    """
    with reported(output):
        if isinstance(run, ParentName):
            explained = _of_parent(asyncio.run(_parent_view(run)), str(run))
        else:
            assert isinstance(run, RunName)  # noqa: S101 - there is nothing else
            explained = _of_run(asyncio.run(_view(run)))
        show(explained, output, lambda _: Text(explained.explanation))


def _of_run(view: View) -> Explanation:
    state, troubles = view.state, [trouble.message for trouble in view.troubles]
    text = explanation(state, troubles, here(), user=user())
    return Explanation(
        namespace=state.namespace, name=state.name, phase=state.phase, explanation=text
    )


def _of_parent(view: ParentView, address: str) -> Explanation:
    report, troubles = view.report, [trouble.message for trouble in view.troubles]
    if view.diagnosis:
        troubles.insert(0, told(view.diagnosis))
    text = parents.explanation(report, troubles, here(), address, user=user())
    parent = report.parent
    return Explanation(
        namespace=parent.namespace, name=parent.name, phase=report.standing, explanation=text
    )


async def _runs(limit: int) -> list[Summary]:
    async with connection() as client:
        return await client.runs(limit)


async def _parents(kind: str, limit: int) -> list[ParentSummary]:
    async with connection() as client:
        return await client.parents(kind, limit)


async def _parent_view(name: ParentName) -> ParentView:
    async with connection() as client:
        return await name.of(client).view()


async def _view(run: RunName) -> View:
    async with connection() as client:
        return await run.of(client).view()
