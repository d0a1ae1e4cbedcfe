"""The command line `runwright`."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, NoReturn

import typer

from runwright.cli.app import app, register

_WRONG_USAGE: Final = 2
_INTERRUPTED: Final = 130


def main() -> None:
    """Run the command that the arguments name, and exit with its status."""
    try:
        status = _run()
    except SystemExit as leaving:  # as whoever completes a line for a shell does
        if isinstance(leaving.code, str):
            raise
        status = leaving.code
    _leave(status if isinstance(status, int) else 0)


def _run() -> object:
    try:
        register(_command(sys.argv[1:], os.environ))
        return app(prog_name="runwright", standalone_mode=False)
    except typer.TyperException as error:
        typer.echo(f"error: {error.format_message()}", err=True)
        typer.echo(f"hint: {_help_of(error)} tells how it is used", err=True)
        return _WRONG_USAGE
    except KeyboardInterrupt:  # while a command is still being loaded; afterwards it says more
        return _INTERRUPTED


def _leave(status: int) -> NoReturn:
    """Exit, without the interpreter's own end where Temporal's client was in use.

    Threads of its core outlive the loop: one that lets go of an object while the interpreter ends
    aborts the process, and the exit status with it. Everything of ours is closed by now.
    """
    if "temporalio" not in sys.modules:
        sys.exit(status)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # who read it is gone
            stream.flush()
    os._exit(status)


def _command(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the name of the command, also when a shell asks how to complete its line."""
    typed = environ.get("_TYPER_COMPLETE_ARGS") or environ.get("COMP_WORDS") or ""
    words = typed.split()[1:] if "_RUNWRIGHT_COMPLETE" in environ else arguments
    return words[0] if words else ""


def _help_of(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"`{context.command_path if context else 'runwright'} --help`"
