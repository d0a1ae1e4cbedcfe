"""The commands and options that there are, to hold texts about them against."""

import shlex
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Final, NamedTuple

import typer.main

from runwright.cli.app import COMMANDS, app

_ENDS: Final = frozenset({"|", "||", "&&", ";", ">", "#"})


class Option(NamedTuple):
    """An option, under all its names, and what it is for."""

    names: tuple[str, ...]
    help: str


def options_of(command: str) -> tuple[Option, ...]:
    """Return the options of a command, but those that every command has."""
    import_module(f"runwright.cli.{COMMANDS[command].module}")
    group = typer.main.get_command(app)
    parameters = group.commands[command].params  # type: ignore[attr-defined]  # it is a group
    return tuple(
        Option((*one.opts, *one.secondary_opts), one.help or "")
        for one in parameters
        if one.opts[0].startswith("-")
    )


def mistakes(line: str) -> Iterator[str]:
    """Yield what is wrong with the commands of ours in a line for a shell."""
    words = shlex.split(line, comments=True)
    for index, word in enumerate(words):
        if word == "runwright":
            yield from _mistakes(_up_to_the_end(words[index + 1 :]))


def wrong_words(words: Sequence[str]) -> list[str]:
    """Return what is wrong with the arguments of `runwright`."""
    return list(_mistakes(words))


def _up_to_the_end(words: Sequence[str]) -> Sequence[str]:
    ends = [index for index, word in enumerate(words) if word in _ENDS]
    return words[: ends[0]] if ends else words


def _mistakes(words: Sequence[str]) -> Iterator[str]:
    if not words or words[0] in {"--version", "--help", "--install-completion"}:
        return
    command, *rest = words
    if command not in COMMANDS:
        yield f"there is no command {command}"
        return
    known = {name for option in options_of(command) for name in option.names} | {"-h", "--help"}
    given = (word.partition("=")[0] for word in rest if word.startswith("-") and word != "-")
    yield from (f"{command} has no option {option}" for option in given if option not in known)
