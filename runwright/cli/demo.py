"""`demo`: a release that goes on although its worker is killed."""

import asyncio
import sys
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from runwright.cli.app import app
from runwright.cli.demo_play import Play, closing_words
from runwright.cli.demo_screen import ending, screen_of
from runwright.cli.demo_stage import stage
from runwright.cli.failures import FAILED, reported
from runwright.cli.manifests import sources_of
from runwright.cli.output import console
from runwright.cli.signals import unless_signalled
from runwright.client import connect
from runwright.errors import RefusedError, TemporalUnavailableError
from runwright.models.story_run import StartStoryRun
from runwright.rules.bubustack.starting import Overrides, start_of
from runwright.rules.manifests import read_manifests

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "01-release-pipeline"
_MUST_END_WITHIN: Final = 120.0


@app.command()
def demo() -> None:
    """See a run with everything in it: a retry, a killed worker, a gate. Takes half a minute.

    Real processes under a real Temporal of its own, of which nothing is left behind.
    """
    with reported():
        terminal = console()
        status = asyncio.run(unless_signalled(_demonstrate(terminal)))
        if status > FAILED:
            typer.echo("interrupted: the server, the workers and the tasks are ended", err=True)
        raise typer.Exit(status)


async def _demonstrate(terminal: Console) -> int:
    try:
        async with asyncio.timeout(_MUST_END_WITHIN):
            return await _perform(terminal)
    except TimeoutError as error:
        message = f"the demo did not come to its end within {_MUST_END_WITHIN:.0f} s"
        raise TemporalUnavailableError(message) from error
    except OSError as error:
        message = f"set the stage: {error}"
        raise RefusedError(message) from error


async def _perform(terminal: Console) -> int:
    start = _release()
    with screen_of(terminal) as screen:
        screen.say("A release: build, scan, migrate a database, ask a person, deploy.", "bold")
        screen.say("Its worker will be killed in the middle of the migration.")
        async with stage() as on, connect(on.environment) as client:
            play = Play(on, screen, _command())
            placed = start.model_copy(update={"inputs": start.inputs | play.inputs})
            state = await play.perform(client, placed)
            remarks = play.remarks(state)
    terminal.print(ending(state, remarks, terminal))
    for line in closing_words(state, _shortened(_command()), _shortened(str(EXAMPLE))):
        terminal.print(line, soft_wrap=True)
    return 0 if play.went_as_it_may(state) else FAILED


def _release() -> StartStoryRun:
    if not EXAMPLE.is_dir():
        message = f"play the demo: it needs a checkout of the project, with {EXAMPLE}"
        raise RefusedError(message)
    return start_of(read_manifests(sources_of([str(EXAMPLE)])), Overrides(author="demo"))


def _command() -> str:
    """Return what starts this very program from any folder."""
    called = Path(sys.argv[0])
    if called.name == "runwright" and called.exists():
        return str(called.absolute())
    return f"{sys.executable} -m runwright"


def _shortened(path: str) -> str:
    """Return the path as it may be typed in the current folder."""
    return path.removeprefix(f"{Path.cwd()}/")
