"""What a cluster must know before it can keep Stories and their runs: `crds`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from runwright.cli.app import app
from runwright.cli.output import Output, document
from runwright.models.objects import Manifest
from runwright.rules.crds import Kind, definition

_KRATIX: Final = "platform.kratix.io"
"""The group of kinds that no worker takes in yet, and that Kratix brings where it is installed."""
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
    """Print the CustomResourceDefinitions of all kinds that a worker takes in, or of some.

    For `kubectl apply --server-side --filename=-`, of Kubernetes 1.31 or newer. Those of Kratix,
    which nothing runs yet, are printed where they are named, and get a folder of their own.
    """
    definitions = [definition(kind) for kind in kinds or Kind]
    if folder is not None:
        for one in definitions:
            path = folder / file_name(one)
            path.parent.mkdir(exist_ok=True)
            path.write_text(file_text(one), encoding="utf-8")
        return
    if not kinds:
        definitions = [one for one in definitions if one["spec"]["group"] != _KRATIX]
    if output is Form.JSON:
        listed = {"apiVersion": "v1", "kind": "List", "items": definitions}
        typer.echo(document(listed, Output.JSON))
    else:
        typer.echo("\n---\n".join(document(one, Output.YAML) for one in definitions))


def file_name(one: Manifest) -> str:
    """Return the file of a CustomResourceDefinition in the folder: `PLURAL.GROUP.yaml`."""
    home = "kratix/" if one["spec"]["group"] == _KRATIX else ""
    return f"{home}{one['metadata']['name']}.yaml"


def file_text(one: Manifest) -> str:
    """Return what stands in that file."""
    return f"{_MADE_BY}{document(one, Output.YAML)}\n"
