"""Arguments and options that several commands take."""

import getpass
from datetime import timedelta
from typing import Annotated, Final, NamedTuple, Protocol

import typer

from runwright.cli.completing import run_names, target_names
from runwright.client import ParentAddress, ParentEntity, Run, RunwrightClient, parent_address
from runwright.client.objects import home_of
from runwright.models.durations import parse_duration


class RunName(NamedTuple):
    """Which run is meant."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def said(self) -> str:
        """How a message calls it."""
        return f"run {self}"

    def of(self, client: RunwrightClient) -> Run:
        """Return the run, without looking whether there is one."""
        return client.run(self.name, self.namespace)


class ParentName(NamedTuple):
    """Which Promise, or which request for one, is meant."""

    address: ParentAddress

    def __str__(self) -> str:
        return str(self.address)

    @property
    def said(self) -> str:
        """How a message calls it."""
        return str(self.address)

    def of(self, client: RunwrightClient) -> ParentEntity:
        """Return what looks after it, without looking whether anything does."""
        return client.parent(self.address)


class Target(Protocol):
    """What a command is about: a run, a Promise, or a request for one."""

    @property
    def said(self) -> str:
        """How a message calls it."""
        ...

    def of(self, client: RunwrightClient) -> Run | ParentEntity:
        """Return it, without looking whether there is one."""
        ...


def target(text: str) -> RunName | ParentName:
    """Return what `name`, `namespace/name`, `promise/name` or `request/promise/name` means."""
    address = parent_address(text, home_of())
    return ParentName(address) if address else run_name(text)


def run_name(text: str) -> RunName:
    """Return which run `name` or `namespace/name` means."""
    *namespace, name = text.split("/")
    if len(namespace) > 1 or not all((*namespace, name)):
        message = f"{text!r} is neither NAME nor NAMESPACE/NAME"
        raise typer.BadParameter(message)
    return RunName(namespace[0] if namespace else home_of(), name)


def duration(text: str) -> timedelta:
    """Return the duration that `20s` or `1h30m` means."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def user() -> str:
    """Return who is logged in; empty where nobody has a name, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


RUN: Final = typer.Argument(
    metavar="RUN",
    parser=run_name,
    autocompletion=run_names,
    help="NAME or NAMESPACE/NAME.",
)
RunArgument = Annotated[RunName, RUN]
TARGET: Final = typer.Argument(
    metavar="RUN",
    parser=target,
    autocompletion=target_names,
    help="NAME or NAMESPACE/NAME of a run; promise/NAME; request/PROMISE/[NAMESPACE/]NAME or "
    "KIND/[NAMESPACE/]NAME of a request.",
)
TargetArgument = Annotated[Target, TARGET]
AsOption = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Who says so; else who is logged in.")
]
InputOption = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="KEY=VALUE",
        help="An input; the value as in YAML, a dot in the key leads into an object. Repeatable.",
    ),
]
WaitOption = Annotated[bool, typer.Option("--wait", help="Show the run until it is over.")]
