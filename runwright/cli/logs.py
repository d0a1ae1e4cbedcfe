"""What the tasks of a run wrote: `logs`."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta
from typing import Annotated, Final

import typer

from adapters.local.logs import LocalLogs, LoggedTry
from runwright.cli.app import app
from runwright.cli.failures import reported
from runwright.cli.following import goes_on
from runwright.cli.parameters import RunArgument, RunName
from runwright.cli.session import connection
from runwright.client import NoWorkerError, Run
from runwright.errors import NotFoundError, StorageUnavailableError, TemporalUnavailableError
from runwright.models.story_run import StoryRunState, workflow_id
from runwright.models.tasks import TaskKey
from runwright.rules.naming import compose
from runwright.rules.wording import listed
from runwright.settings import Settings

_LOOK_EVERY: Final = timedelta(milliseconds=300)
StepArgument = Annotated[
    str | None, typer.Argument(metavar="[STEP]", help="Of this step alone; else of all.")
]


@app.command()
def logs(
    run: RunArgument,
    step: StepArgument = None,
    number: Annotated[
        int | None, typer.Option("--try", min=1, metavar="N", help="Of this try; else of the last.")
    ] = None,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the step, or the run, is over.")
    ] = False,
) -> None:
    """Print what the steps of a run wrote, on the machine where they ran.

    Of one step it is printed as it is; of several each line begins with the name of its task.
    """
    with reported():
        settings = Settings.from_environ(os.environ)
        printer = _Printer(LocalLogs(settings.state), run, step, number)
        if follow:
            asyncio.run(_follow(printer, run, step))
        else:
            asyncio.run(printer.print_all(str(settings.state)))


class _Printer:
    """Prints the tries that are asked for, each once."""

    def __init__(self, logs: LocalLogs, run: RunName, step: str | None, number: int | None) -> None:
        self._logs = logs
        self._run = run
        self._name = compose(run.name, step) if step else None
        self._number = number
        self._begun: set[TaskKey] = set()

    def tries(self) -> list[LoggedTry]:
        """Return the tries that are asked for, each of another task."""
        last: dict[str, LoggedTry] = {}
        for one in self._logs.tries(workflow_id(self._run.namespace, self._run.name)):
            if self._number in {None, one.key.try_number} and self._name in {None, one.key.name}:
                last[one.key.name] = one
        return list(last.values())

    async def print_all(self, place: str) -> None:
        """Print what there is.

        Raises:
            NotFoundError: there is nothing.
        """
        tries = self.tries()
        if not tries:
            of_try = f"try {self._number} of " if self._number else ""
            what = f"{of_try}{self._run} {self._name or ''}".strip()
            message = f"no log of {what} in {place}{self._there()}; logs stay where the task ran"
            raise NotFoundError(message)
        for one in tries:
            self._write(one.key, _content(one, self.tries))

    def _there(self) -> str:
        """Return which logs of the run there are, where those asked for are not."""
        found = self._logs.tries(workflow_id(self._run.namespace, self._run.name))
        names = {
            f"{one.key.name.removeprefix(f'{self._run.name}-')} (try {one.key.try_number})"
            for one in found
        }
        return f"; there is {listed(sorted(names))}" if names else ""

    def begin(self) -> list[asyncio.Task[None]]:
        """Begin to follow the tries that are new."""
        new = [one.key for one in self.tries() if one.key not in self._begun]
        self._begun.update(new)
        return [asyncio.create_task(self._follow(key)) for key in new]

    async def _follow(self, key: TaskKey) -> None:
        rest = b""
        async for chunk in self._logs.follow(key):
            lines, newline, rest = (rest + chunk).rpartition(b"\n")
            self._write(key, lines + newline)
        self._write(key, rest)

    def _write(self, key: TaskKey, content: bytes) -> None:
        if self._name is None:
            prefix = key.name.removeprefix(f"{self._run.name}-").encode() + b" | "
            content = b"".join(prefix + line for line in content.splitlines(keepends=True))
            if content and not content.endswith(b"\n"):
                content += b"\n"
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def _content(one: LoggedTry, again: Callable[[], Iterable[LoggedTry]]) -> bytes:
    try:
        return one.log.read_bytes()
    except FileNotFoundError:  # its end was recorded this moment, and it moved
        moved = next((other for other in again() if other.key == one.key), one)
    try:
        return moved.log.read_bytes()
    except OSError as error:
        message = f"read {moved.log}: {error.strerror}"
        raise StorageUnavailableError(message) from error


async def _follow(printer: _Printer, name: RunName, step: str | None) -> None:
    async with connection() as client:
        run = name.of(client)
        following: list[asyncio.Task[None]] = []
        with goes_on(run):
            async for is_over in _ends(run, step):
                new = printer.begin()
                following += new
                if is_over and not new:
                    break
            await asyncio.gather(*following)


async def _ends(run: Run, step: str | None) -> AsyncIterator[bool]:
    """Yield again and again whether the run, or the step, is over.

    Raises:
        NotFoundError: there is no such run, or it has no such step.
    """
    while True:
        try:
            yield _is_over(await run.state(), step)
        except (NoWorkerError, TemporalUnavailableError):
            yield False
        await asyncio.sleep(_LOOK_EVERY.total_seconds())


def _is_over(state: StoryRunState, step: str | None) -> bool:
    if state.finished_at:
        return True
    if step is None:
        return False
    if step not in state.steps:
        message = f"run {state.namespace}/{state.name} has no step {step}"
        raise NotFoundError(message)
    one = state.steps[step]
    if one.type != "engram":
        message = (
            f"step {step} of run {state.namespace}/{state.name} is a {one.type}: it has no log"
        )
        raise NotFoundError(message)
    return one.is_over
