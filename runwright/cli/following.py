"""Showing a run until it is over: redrawn in a terminal, a line for each change elsewhere."""

import asyncio
import os
from collections.abc import Generator
from contextlib import AbstractContextManager, aclosing, contextmanager
from datetime import datetime, timedelta
from typing import Final, Protocol

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from runwright.cli.change_lines import change_lines
from runwright.cli.failures import FAILED, INTERRUPTED
from runwright.cli.output import Output, console, show
from runwright.cli.pages import run_page
from runwright.client import Away, Missing, Run, View, changes
from runwright.models.bubustack import Phase
from runwright.rules.bubustack.explanation import shown_name
from runwright.rules.times import moment

_LOOK_EVERY: Final = timedelta(milliseconds=300)
_REDRAWN: Final = 4
"""Times a second, so that durations go on."""
_GOOD: Final = frozenset({Phase.SUCCEEDED, Phase.SKIPPED})
_SILENT: Final = {
    Missing.WORKER: "No worker answers",
    Missing.TEMPORAL: "Temporal does not answer",
    Missing.CLUSTER: "The cluster does not answer",
}


class Progress(Protocol):
    """Shows how a run goes."""

    def __enter__(self) -> "Progress":
        """Begin."""
        ...

    def __exit__(self, *_: object) -> None:
        """Leave what was shown as it is."""

    def show(self, seen: View | Away) -> None:
        """Show what is new."""


def here() -> datetime:
    """Return the current time in this machine's zone."""
    return datetime.now().astimezone()


async def finish(run: Run, output: Output, *, watch: bool = False) -> None:
    """Show the run until it is over, then as one document or page; fail if it did not succeed.

    Progress is the product of `watch`, and goes to standard error elsewhere.
    """
    is_product = watch and output is Output.TABLE
    terminal = console(stderr=not is_product)
    view = await follow(run, terminal, transient=not is_product)
    if not is_product:
        show(view.state, output, lambda where: run_page(view, here(), where))
    if view.state.phase not in _GOOD:
        raise typer.Exit(FAILED)


async def follow(run: Run, terminal: Console, *, transient: bool) -> View:
    """Show the run until it is over and return it as it ended."""
    last: View | None = None
    with goes_on(run), _progress(terminal, transient=transient) as progress:
        async with aclosing(changes(run, _LOOK_EVERY)) as seen:
            async for one in seen:
                progress.show(one)
                last = one if isinstance(one, View) else last
    if last is None:
        raise AssertionError(run.workflow_id)  # the last of the changes is how it ended
    return last


@contextmanager
def goes_on(run: Run) -> Generator[None]:
    """Say on Ctrl-C that the run goes on all the same, and exit."""
    try:
        yield
    except asyncio.CancelledError as interrupt:
        typer.echo(
            f"interrupted: run {run.namespace}/{run.name} goes on; "
            f"`runwright watch {shown_name(run)}` shows it again",
            err=True,
        )
        raise typer.Exit(INTERRUPTED) from interrupt


def _progress(terminal: Console, *, transient: bool) -> AbstractContextManager["Progress"]:
    plain = {"NO_COLOR", "CI"} & {name for name, value in os.environ.items() if value}
    if terminal.is_terminal and not terminal.is_dumb_terminal and not plain:
        return Picture(terminal, transient=transient)
    return Lines(terminal)


class Picture:
    """Redraws the run in place."""

    def __init__(self, terminal: Console, *, transient: bool) -> None:
        self._terminal = terminal
        self._view: View | None = None
        self._away: Away | None = None
        self._live = Live(
            console=terminal,
            get_renderable=self._drawn,
            refresh_per_second=_REDRAWN,
            transient=transient,
            vertical_overflow="visible",
        )

    def __enter__(self) -> "Picture":
        """Take the terminal."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back."""
        self._live.stop()

    def show(self, seen: View | Away) -> None:
        """Draw the run anew."""
        self._away = seen if isinstance(seen, Away) else None
        self._view = seen if isinstance(seen, View) else self._view
        self._live.refresh()

    def _drawn(self) -> RenderableType:
        now = here()
        parts: list[RenderableType] = []
        if self._view:
            parts.append(run_page(self._view, now, self._terminal))
        if self._away:
            parts += [Text(), Text(silence(self._away, now), "yellow")]
        return Group(*parts)


class Lines:
    """Writes a line for each change."""

    def __init__(self, terminal: Console) -> None:
        self._terminal = terminal
        self._view: View | None = None
        self._was_away = False

    def __enter__(self) -> "Lines":
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the lines as they are."""

    def show(self, seen: View | Away) -> None:
        """Write what is new."""
        now = here()
        if isinstance(seen, Away):
            self._write([silence(seen, now)], now)
            self._was_away = True
            return
        if self._was_away:
            self._write(["Answers again."], now)
        self._was_away = False
        self._write(list(change_lines(self._view, seen, now)), now)
        self._view = seen

    def _write(self, lines: list[str], now: datetime) -> None:
        for line in lines:
            self._terminal.print(f"{moment(now, now)}  {line}", soft_wrap=True)
        self._terminal.file.flush()


def silence(away: Away, now: datetime) -> str:
    """Return who does not answer, since when, and what that means."""
    who = _SILENT[away.missing]
    return f"{who} since {moment(away.since, now)}; this goes on as soon as that is over."
