"""What happened to a run: `history`."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from runwright.cli.app import app
from runwright.cli.failures import reported
from runwright.cli.following import here
from runwright.cli.marks import Marks
from runwright.cli.output import Output, OutputOption, show
from runwright.cli.parameters import ParentName, RunName, Target, TargetArgument
from runwright.cli.session import connection
from runwright.errors import NotFoundError
from runwright.models.base import Message
from runwright.models.bubustack import Phase
from runwright.models.history import Subject, Transition
from runwright.models.kratix import ParentReport
from runwright.models.story_run import StoryRunState
from runwright.rules.kratix.reports import unknown_pipeline
from runwright.rules.times import lasting, moment
from runwright.rules.wording import listed, suggestion


class RunHistory(Message):
    """What happened to a run, in its order."""

    namespace: str
    name: str
    transitions: tuple[Transition, ...]
    dropped: int
    """How many happened before, and are no longer kept; of all steps."""


@app.command()
def history(
    run: TargetArgument,
    step: Annotated[
        str, typer.Option(metavar="NAME", help="Only of this step, and of its gate.")
    ] = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Show what happened to a run, in all its executions: when, why, and by whom."""
    with reported(output):
        told = asyncio.run(_history(run, step))
        show(told, output, lambda console: history_page(told, here(), console))


async def _history(run: Target, step: str) -> RunHistory:
    async with connection() as client:
        if isinstance(run, RunName):
            return history_of(await run.of(client).state(), step)
        if isinstance(run, ParentName):
            return parent_history_of(await run.of(client).report(), step)
    raise AssertionError(run)  # there is nothing else


def parent_history_of(report: ParentReport, pipeline: str = "") -> RunHistory:
    """Return what happened to a parent, or to one of its pipelines.

    Raises:
        NotFoundError: it has no such pipeline, and nothing happened to one.
    """
    told = tuple(one for one in report.history.transitions if pipeline in {"", one.name})
    if pipeline and not told and (why_not := unknown_pipeline(report, pipeline)):
        raise NotFoundError(why_not)
    return RunHistory(
        namespace=report.parent.namespace,
        name=report.parent.name,
        transitions=told,
        dropped=report.history.dropped,
    )


def history_of(state: StoryRunState, step: str = "") -> RunHistory:
    """Return what happened to a run, or to one of its steps.

    Raises:
        NotFoundError: the run has no such step, and nothing happened to one.
    """
    told = state.history.transitions
    if step:
        told = tuple(one for one in told if one.name == step)
    if step and not told and step not in state.steps:
        run, known = f"run {state.namespace}/{state.name}", listed(state.steps) or "none"
        message = f"{run} has no step {step}{suggestion(step, state.steps)}; it has {known}"
        raise NotFoundError(message)
    return RunHistory(
        namespace=state.namespace,
        name=state.name,
        transitions=told,
        dropped=state.history.dropped,
    )


def history_page(told: RunHistory, now: datetime, console: Console) -> RenderableType:
    """Return the transitions as a table, times counted from the first of them."""
    if not told.transitions:
        return Text("Nothing is known to have happened.")
    lines: list[RenderableType] = [_table(told.transitions, now, Marks.of(console))]
    if told.dropped:
        lines.insert(0, Text(f"What happened before, {told.dropped} changes, is not kept."))
    return Group(*lines)


def _table(transitions: Sequence[Transition], now: datetime, marks: Marks) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for title in ("TIME", "AFTER", "WHAT", "CHANGE"):
        table.add_column(title, no_wrap=True)
    table.add_column("BY", overflow="fold")
    table.add_column("WHY", overflow="fold")
    begin = transitions[0].at
    for one in transitions:
        table.add_row(
            moment(one.at, now),
            lasting(one.at - begin),
            _subject(one),
            Text(*_change(one, marks)),
            _author(one),
            _why(one),
        )
    return table


def _subject(one: Transition) -> str:
    return f"{one.subject} {one.name}" if one.name else str(one.subject)


def _change(one: Transition, marks: Marks) -> tuple[str, str]:
    """Return what it is now, or what was done to it where it stays as it is; and the style."""
    if one.after is None:
        return f"  {one.reason or ''}", ""
    if one.subject is Subject.GATE:
        return marks.of_gate(one.after)
    return marks.labelled(Phase(one.after)) if one.after in set(Phase) else marks.of_word(one.after)


def _author(one: Transition) -> str:
    if one.by is None:
        return ""
    return f"{one.by} ({one.identity})" if one.identity else one.by or "somebody"


def _why(one: Transition) -> str:
    attempt = f"try {one.try_number}" if one.try_number and one.try_number > 1 else ""
    cause = one.reason if one.after else None
    return ": ".join(filter(None, (attempt, cause, one.message)))
