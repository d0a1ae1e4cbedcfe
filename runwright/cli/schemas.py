"""The JSON Schemas of what goes in and comes out: `schema`."""

from enum import StrEnum
from typing import Annotated, Final

import typer
from pydantic import BaseModel

from runwright.cli.app import app
from runwright.cli.output import Output, document
from runwright.models.bubustack import Engram, EngramTemplate, StepRun, Story, StoryRun
from runwright.models.kratix import Promise
from runwright.models.story_run import StartStoryRun, StoryRunState


class Kind(StrEnum):
    """What there is a schema of."""

    STORY_RUN = "StoryRun"
    STORY_RUN_STATE = "StoryRunState"
    STORY_RUN_MANIFEST = "StoryRunManifest"
    STORY = "Story"
    ENGRAM = "Engram"
    ENGRAM_TEMPLATE = "EngramTemplate"
    STEP_RUN = "StepRun"
    PROMISE = "Promise"


MODELS: Final[dict[Kind, type[BaseModel]]] = {
    Kind.STORY_RUN: StartStoryRun,
    Kind.STORY_RUN_STATE: StoryRunState,
    Kind.STORY_RUN_MANIFEST: StoryRun,
    Kind.STORY: Story,
    Kind.ENGRAM: Engram,
    Kind.ENGRAM_TEMPLATE: EngramTemplate,
    Kind.STEP_RUN: StepRun,
    Kind.PROMISE: Promise,
}


@app.command()
def schema(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", case_sensitive=False)],
    output: Annotated[Output, typer.Option("--output", "-o", help="json or yaml.")] = Output.JSON,
) -> None:
    """Print the JSON Schema of a kind.

    StoryRun is the input of the workflow of that name, StoryRunState its result and what `get -o
    json` prints. Story, Engram, EngramTemplate, StepRun and StoryRunManifest are the resources, and
    Promise is Kratix's; those of the requests for one are in its `spec.api`.
    """
    model = MODELS[kind]
    is_result = kind is Kind.STORY_RUN_STATE
    shown = model.model_json_schema(mode="serialization" if is_result else "validation")
    typer.echo(document(shown, output))
