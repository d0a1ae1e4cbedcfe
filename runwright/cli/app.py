"""The application, and which module has which command."""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Final, NamedTuple

import typer

app: Final = typer.Typer(
    name="runwright",
    help="Durable runs for Kubernetes, on Temporal.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Listed(NamedTuple):
    """A command as the list of all commands shows it."""

    module: str
    """Registers the command with the application when it is imported."""
    panel: str
    help: str


_MANIFESTS: Final = "Manifests"
_RUNS: Final = "Runs"
_DECISIONS: Final = "Decisions"
_SERVICE: Final = "Service"

COMMANDS: Final[Mapping[str, Listed]] = {
    "validate": Listed("manifests", _MANIFESTS, "Tell everything that is wrong with manifests."),
    "start": Listed("launching", _MANIFESTS, "Start the run that manifests describe."),
    "schema": Listed("schemas", _MANIFESTS, "Print the JSON Schema of a kind."),
    "list": Listed("overview", _RUNS, "List the newest runs."),
    "get": Listed("overview", _RUNS, "Show a run as it is now."),
    "watch": Listed("watching", _RUNS, "Show a run until it is over."),
    "explain": Listed("overview", _RUNS, "Say in a few sentences why a run is where it is."),
    "history": Listed("history", _RUNS, "Show what happened to a run: when, why and by whom."),
    "logs": Listed("logs", _RUNS, "Print what the steps of a run wrote."),
    "approve": Listed("decisions", _DECISIONS, "Approve a gate."),
    "reject": Listed("decisions", _DECISIONS, "Reject a gate."),
    "retry": Listed("launching", _DECISIONS, "Go on with a run that did not succeed."),
    "cancel": Listed("decisions", _DECISIONS, "Stop what a run does, and close it."),
    "pause": Listed("decisions", _DECISIONS, "Start no further step of a run."),
    "resume": Listed("decisions", _DECISIONS, "Go on with a run that was paused."),
    "dev": Listed("embedded", _SERVICE, "Run Temporal, its UI and a worker on this machine."),
    "worker": Listed("serving", _SERVICE, "Run what is started, until it is told to stop."),
    "setup": Listed("serving", _SERVICE, "Make a Temporal namespace ready."),
    "crds": Listed("crds", _SERVICE, "Print what a cluster must know of the kinds."),
    "demo": Listed("demo", _SERVICE, "See a run with everything in it."),
}
"""In the order of the help."""


def register(wanted: str) -> None:
    """Register the command of that name; if there is none, the names and help of all.

    What a command imports takes longer than to print the help of all.
    """
    if wanted in COMMANDS:
        import_module(f"runwright.cli.{COMMANDS[wanted].module}")
        return
    for name, listed in COMMANDS.items():
        app.command(name, help=listed.help, rich_help_panel=listed.panel)(_nothing)


def _nothing() -> None:
    """Stand in for a command that is only listed."""


@app.callback()
def root(
    context: typer.Context,
    *,
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.")
    ] = False,
) -> None:
    """Durable runs for Kubernetes, on Temporal."""
    if show_version:
        typer.echo(version("runwright"))
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
