"""What goes to standard output, and in which form."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final

import typer
import yaml
from pydantic import BaseModel
from rich.console import Console, RenderableType

_WIDTH_OF_A_FILE: Final = 160
"""Columns where nobody looks at a terminal."""


class Output(StrEnum):
    """The form of what a command shows."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


OutputOption = Annotated[
    Output, typer.Option("--output", "-o", help="The form of what is shown; errors follow it too.")
]


def console(*, stderr: bool = False) -> Console:
    """Return the terminal, or a plain text file of fixed width; rich heeds NO_COLOR and COLUMNS."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _WIDTH_OF_A_FILE
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def show(
    shown: BaseModel | Sequence[BaseModel] | None,
    output: Output,
    table: Callable[[Console], RenderableType],
) -> None:
    """Write one document to standard output, or what `table` returns for a person."""
    if output is Output.TABLE:
        terminal = console()
        terminal.print(table(terminal))
    else:
        typer.echo(document(_dumped(shown), output))


def document(value: Any, output: Output) -> str:
    """Return a JSON value as one document."""
    if output is Output.YAML:
        text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
        return text.rstrip("\n")
    return json.dumps(value, indent=2, ensure_ascii=False)


def _dumped(shown: BaseModel | Sequence[BaseModel] | None) -> Any:
    if shown is None:
        return None
    if isinstance(shown, BaseModel):
        return shown.model_dump(mode="json", by_alias=True)
    return [_dumped(one) for one in shown]
