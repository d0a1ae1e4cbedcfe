"""Showing a run, or a parent, for a while: redrawn in a terminal, else a line for each change."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import AbstractContextManager, aclosing, contextmanager
from datetime import datetime, timedelta
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from runwright.cli.change_lines import change_lines
from runwright.cli.failures import FAILED, INTERRUPTED
from runwright.cli.output import Output, console, show
from runwright.cli.pages import run_page
from runwright.cli.parent_change_lines import parent_change_lines
from runwright.cli.parent_pages import parent_page
from runwright.client import (
    Away,
    Missing,
    ParentEntity,
    Run,
    View,
    changes,
    changes_until,
)
from runwright.models.base import Message
from runwright.models.bubustack import Phase
from runwright.models.kratix import Standing
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


V = TypeVar("V", bound=Message)
V_contra = TypeVar("V_contra", bound=Message, contravariant=True)


class Progress(Protocol[V_contra]):
    """Shows how something goes."""

    def __enter__(self) -> "Progress[V_contra]":
        """Begin."""
        ...

    def __exit__(self, *_: object) -> None:
        """Leave what was shown as it is."""

    def show(self, seen: V_contra | Away) -> None:
        """Show what is new."""


class Look(NamedTuple, Generic[V]):
    """How a view of something is shown."""

    page: Callable[[V, datetime, Console], RenderableType]
    lines: Callable[[V | None, V, datetime], Iterable[str]]
    """What is new since the view before, if there was one."""


OF_RUN: Final = Look(run_page, change_lines)
OF_PARENT: Final = Look(parent_page, parent_change_lines)


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
    with goes_on(f"run {run.namespace}/{run.name}", shown_name(run)):
        return await _shown(changes(run, _LOOK_EVERY), OF_RUN, terminal, transient=transient)


async def settle(parent: ParentEntity, output: Output, *, watch: bool = False) -> None:
    """Show a parent until nothing is done for it any more; fail if a pipeline of it failed.

    Progress goes where that of `finish` goes.
    """
    is_product = watch and output is Output.TABLE
    terminal, address = console(stderr=not is_product), str(parent.address)
    seen = changes_until(lambda view: view.is_at_rest, parent, _LOOK_EVERY)
    with goes_on(address, address):
        view = await _shown(seen, OF_PARENT, terminal, transient=not is_product)
    if not is_product:
        show(view.report, output, lambda where: parent_page(view, here(), where))
    if view.report.standing not in {Standing.READY, Standing.GONE}:
        raise typer.Exit(FAILED)


async def _shown(
    views: AsyncGenerator[V | Away], look: Look[V], terminal: Console, *, transient: bool
) -> V:
    """Show all views, and return the last."""
    last: V | None = None
    with _progress(look, terminal, transient=transient) as progress:
        async with aclosing(views) as seen:
            async for one in seen:
                progress.show(one)
                last = last if isinstance(one, Away) else one
    if last is None:
        raise AssertionError(views)  # the last of them is how it ended
    return last


@contextmanager
def goes_on(what: str, name: str) -> Generator[None]:
    """Say on Ctrl-C that it goes on all the same, and exit; `name` is as a command takes it."""
    try:
        yield
    except asyncio.CancelledError as interrupt:
        message = f"interrupted: {what} goes on; `runwright watch {name}` shows it again"
        typer.echo(message, err=True)
        raise typer.Exit(INTERRUPTED) from interrupt


def _progress(
    look: Look[V], terminal: Console, *, transient: bool
) -> AbstractContextManager[Progress[V]]:
    plain = {"NO_COLOR", "CI"} & {name for name, value in os.environ.items() if value}
    if terminal.is_terminal and not terminal.is_dumb_terminal and not plain:
        return Picture(look, terminal, transient=transient)
    return Lines(look, terminal)


class Picture(Generic[V]):
    """Redraws it in place."""

    def __init__(self, look: Look[V], terminal: Console, *, transient: bool) -> None:
        self._look = look
        self._terminal = terminal
        self._view: V | None = None
        self._away: Away | None = None
        self._live = Live(
            console=terminal,
            get_renderable=self._drawn,
            refresh_per_second=_REDRAWN,
            transient=transient,
            vertical_overflow="visible",
        )

    def __enter__(self) -> "Picture[V]":
        """Take the terminal."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back."""
        self._live.stop()

    def show(self, seen: V | Away) -> None:
        """Draw it anew."""
        self._away = seen if isinstance(seen, Away) else None
        self._view = self._view if isinstance(seen, Away) else seen
        self._live.refresh()

    def _drawn(self) -> RenderableType:
        now = here()
        parts: list[RenderableType] = []
        if self._view:
            parts.append(self._look.page(self._view, now, self._terminal))
        if self._away:
            parts += [Text(), Text(silence(self._away, now), "yellow")]
        return Group(*parts)


class Lines(Generic[V]):
    """Writes a line for each change."""

    def __init__(self, look: Look[V], terminal: Console) -> None:
        self._look = look
        self._terminal = terminal
        self._view: V | None = None
        self._was_away = False

    def __enter__(self) -> "Lines[V]":
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the lines as they are."""

    def show(self, seen: V | Away) -> None:
        """Write what is new."""
        now = here()
        if isinstance(seen, Away):
            self._write([silence(seen, now)], now)
            self._was_away = True
            return
        if self._was_away:
            self._write(["Answers again."], now)
        self._was_away = False
        self._write(list(self._look.lines(self._view, seen, now)), now)
        self._view = seen

    def _write(self, lines: list[str], now: datetime) -> None:
        for line in lines:
            self._terminal.print(f"{moment(now, now)}  {line}", soft_wrap=True)
        self._terminal.file.flush()


def silence(away: Away, now: datetime) -> str:
    """Return who does not answer, since when, and what that means."""
    who = _SILENT[away.missing]
    return f"{who} since {moment(away.since, now)}; this goes on as soon as that is over."
