"""What the tasks of a run wrote: `logs`."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Hashable, Iterable
from datetime import timedelta
from importlib import import_module
from typing import Annotated, Final

import typer

from runwright.cli.app import app
from runwright.cli.failures import reported
from runwright.cli.following import goes_on
from runwright.cli.log_sources import LogSource, WrittenTry, log_source
from runwright.cli.parameters import ParentName, RunName, TargetArgument
from runwright.cli.session import connection
from runwright.client import Run
from runwright.errors import (
    ClusterUnavailableError,
    NotFoundError,
    RunwrightError,
    TemporalUnavailableError,
)
from runwright.models.story_run import StoryRunState
from runwright.rules.bubustack.branches import step_run_name
from runwright.rules.bubustack.explanation import child_name, shown_name
from runwright.rules.wording import listed, suggestion
from runwright.settings import Settings

_LOOK_EVERY: Final = timedelta(milliseconds=300)
StepArgument = Annotated[
    str | None, typer.Argument(metavar="[STEP]", help="Of this step alone; else of all.")
]


@app.command()
def logs(
    run: TargetArgument,
    step: StepArgument = None,
    number: Annotated[
        int | None, typer.Option("--try", min=1, metavar="N", help="Of this try; else of the last.")
    ] = None,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the step, or the run, is over.")
    ] = False,
) -> None:
    """Print what the steps of a run wrote, from where they ran.

    Of one step it is printed as it is; of several each line begins with the name of its task. Of a
    Promise, or a request, it is what the steps of its pipelines wrote; STEP is a pipeline then, and
    --follow goes on until nothing is done for it any more.
    """
    with reported():
        if isinstance(run, ParentName):
            _print_of_parent(run, step, number, follow=follow)
            return
        assert isinstance(run, RunName)  # noqa: S101 - there is nothing else
        settings = Settings.from_environ(os.environ)
        asyncio.run(_print(run, (step, number), settings, follow=follow))


def _print_of_parent(
    name: ParentName, pipeline: str | None, number: int | None, *, follow: bool
) -> None:
    if number is not None:
        message = "--try is for runs; of a Promise or a request it is what the newest pods wrote"
        raise typer.BadParameter(message)
    # Its client library takes longer to import than all of ours.
    ours = import_module("runwright.cli.parent_logs")
    asyncio.run((ours.follow_logs if follow else ours.print_logs)(name, pipeline or ""))


async def _print(
    run: RunName, wanted: tuple[str | None, int | None], settings: Settings, *, follow: bool
) -> None:
    step, number = wanted
    async with log_source(run, settings) as source:
        printer = _Printer(source, run, step, number)
        if follow:
            await _follow(printer, run, step)
            return
        if not await printer.print_all():
            raise NotFoundError(await _why_none(printer, run, step))


async def _why_none(printer: "_Printer", name: RunName, step: str | None) -> str:
    """Return why there is no log, and where else to look, as far as anybody can tell."""
    try:
        async with connection() as client:
            state = await name.of(client).state()
    except RunwrightError:  # the log is missing all the same, and that is what is to be told
        return await printer.missing(())
    where = elsewhere(state, step)
    return never_logged(state, step) or f"{await printer.missing(tuple(state.steps))}{where}"


def never_logged(state: StoryRunState, step: str | None) -> str:
    """Return why a step will never have a log; empty if it may, or no step is asked for."""
    if step is None or not state.has_started:
        return ""
    run = f"{state.namespace}/{state.name}"
    if step not in state.steps:
        known = listed(state.steps)
        return f"run {run} has no step {step}{suggestion(step, state.steps)}; it has {known}"
    kind = state.steps[step].type
    if kind == "engram":
        return ""
    return f"step {step} of run {run} is a {kind}: it has no log{elsewhere(state, step)}"


def elsewhere(state: StoryRunState, step: str | None) -> str:
    """Return the runs that a step executes, or all steps, as they have its log; empty if none."""
    executed = [
        f"; step {one.name} executes a run of its own: runwright logs {name}"
        for one in state.steps.values()
        if step in {None, one.name} and (name := child_name(state, one))
    ]
    return "".join(executed)


class _Printer:
    """Prints the tries that are asked for, each once."""

    def __init__(
        self, source: LogSource, run: RunName, step: str | None, number: int | None
    ) -> None:
        self._source = source
        self._run = run
        self._step = step
        self._name = step_run_name(run.name, step) if step else None
        self._number = number
        self._begun: set[Hashable] = set()

    async def tries(self) -> list[WrittenTry]:
        """Return the tries that are asked for, each of another task."""
        last: dict[str, WrittenTry] = {}
        for one in await self._source.tries():
            if self._number in {None, one.number} and self._name in {None, one.task}:
                last[one.task] = one
        return list(last.values())

    async def print_all(self) -> bool:
        """Print what there is; return whether there is anything."""
        tries = await self.tries()
        for one in tries:
            await self._write_all(one.task, one.read())
        return bool(tries)

    async def missing(self, steps: Iterable[str]) -> str:
        """Return that there is no such log, and which ones there are of the run.

        `steps` are the names of its steps, as far as they are known.
        """
        of_try = f"try {self._number} of " if self._number else ""
        of_step = f"step {self._step} of " if self._step else ""
        run = f"run {self._run.namespace}/{self._run.name}"
        message = f"no log of {of_try}{of_step}{run} in {self._source.where}"
        return f"{message}{await self._there(steps)}"

    async def _there(self, steps: Iterable[str]) -> str:
        """Return which logs of the run there are, where those asked for are not."""
        known = {step_run_name(self._run.name, step): step for step in steps}
        prefix = f"{self._run.name}-"
        names = {
            f"{known.get(one.task) or one.task.removeprefix(prefix)} (try {one.number})"
            for one in await self._source.tries()
        }
        return f"; there is {listed(sorted(names))}" if names else ""

    async def begin(self) -> list[asyncio.Task[None]]:
        """Begin to follow the tries that are new."""
        new = [one for one in await self.tries() if one.identity not in self._begun]
        self._begun.update(one.identity for one in new)
        return [asyncio.create_task(self._write_all(one.task, one.follow())) for one in new]

    async def _write_all(self, task: str, chunks: AsyncIterator[bytes]) -> None:
        rest = b""
        async for chunk in chunks:
            lines, newline, rest = (rest + chunk).rpartition(b"\n")
            self._write(task, lines + newline)
        self._write(task, rest)

    def _write(self, task: str, content: bytes) -> None:
        if self._name is None:
            prefix = task.removeprefix(f"{self._run.name}-").encode() + b" | "
            content = b"".join(prefix + line for line in content.splitlines(keepends=True))
            if content and not content.endswith(b"\n"):
                content += b"\n"
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


async def _follow(printer: _Printer, name: RunName, step: str | None) -> None:
    async with connection() as client:
        run = name.of(client)
        following: list[asyncio.Task[None]] = []
        with goes_on(f"run {run.namespace}/{run.name}", shown_name(run)):
            async for is_over in _ends(run, step):
                new = await _begun(printer)
                following += new
                if is_over and not new:
                    break
            await asyncio.gather(*following)


async def _begun(printer: _Printer) -> list[asyncio.Task[None]]:
    try:
        return await printer.begin()
    except ClusterUnavailableError:
        return []


async def _ends(run: Run, step: str | None) -> AsyncIterator[bool]:
    """Yield again and again whether the run, or the step, is over.

    Raises:
        NotFoundError: there is no such run, or it has no such step.
    """
    while True:
        try:
            yield _is_over(await run.state(), step)
        except (TemporalUnavailableError, ClusterUnavailableError):
            yield False
        await asyncio.sleep(_LOOK_EVERY.total_seconds())


def _is_over(state: StoryRunState, step: str | None) -> bool:
    if state.finished_at:
        return True
    if why_not := never_logged(state, step):
        raise NotFoundError(why_not)
    return state.has_started and step is not None and state.steps[step].is_over
