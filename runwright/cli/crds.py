"""What a cluster must know before it can keep Stories and their runs: `crds`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from runwright.cli.app import app
from runwright.cli.output import Output, document
from runwright.models.objects import Manifest
from runwright.rules.crds import Kind, definition

_MADE_BY: Final = "# Made by `runwright crds --folder deploy/crds`, from the models.\n"


class Form(StrEnum):
    """How CustomResourceDefinitions are printed."""

    YAML = "yaml"
    JSON = "json"


@app.command()
def crds(
    kinds: Annotated[
        list[Kind] | None, typer.Argument(metavar="[KIND]...", case_sensitive=False)
    ] = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="yaml or json.")] = Form.YAML,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            writable=True,
            help="Write a file of YAML for each kind into it instead.",
        ),
    ] = None,
) -> None:
    """Print the CustomResourceDefinitions of all kinds, or of some.

    For `kubectl apply --server-side --filename=-`, of Kubernetes 1.31 or newer.
    """
    definitions = [definition(kind) for kind in kinds or Kind]
    if folder is not None:
        for one in definitions:
            (folder / file_name(one)).write_text(file_text(one), encoding="utf-8")
    elif output is Form.JSON:
        listed = {"apiVersion": "v1", "kind": "List", "items": definitions}
        typer.echo(document(listed, Output.JSON))
    else:
        typer.echo("\n---\n".join(document(one, Output.YAML) for one in definitions))


def file_name(one: Manifest) -> str:
    """Return the name of the file for a CustomResourceDefinition: `PLURAL.GROUP.yaml`."""
    return f"{one['metadata']['name']}.yaml"


def file_text(one: Manifest) -> str:
    """Return what stands in that file."""
    return f"{_MADE_BY}{document(one, Output.YAML)}\n"
