"""Starting runs: `start`, and `retry`, which starts one anew."""

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.text import Text

from runwright.cli.app import app
from runwright.cli.beginning import Started, show_started
from runwright.cli.decisions import SENT
from runwright.cli.failures import reported
from runwright.cli.following import finish, settle
from runwright.cli.manifests import FilesArgument, sources_of
from runwright.cli.output import Output, OutputOption, document, show
from runwright.cli.parameters import (
    AsOption,
    InputOption,
    ParentName,
    RunName,
    TargetArgument,
    WaitOption,
    user,
)
from runwright.cli.session import connection
from runwright.cli.submitting import Manner, submit
from runwright.client import Run, start_request
from runwright.client.requests import made_up_suffix
from runwright.errors import InvalidManifestError, Problem
from runwright.models.bubustack import Story
from runwright.models.kratix import AskedAgain, RunAgain
from runwright.models.story_run import StartStoryRun
from runwright.models.tasks import Backend
from runwright.rules.bubustack.assignments import assigned
from runwright.rules.bubustack.starting import Overrides, start_of, unknown_inputs
from runwright.rules.documents.yaml_text import read_documents
from runwright.rules.manifests import read_manifests
from runwright.rules.shapes import is_object
from runwright.rules.wording import listed
from runwright.settings import Settings


@app.command()
def start(  # noqa: PLR0913 - each is an option of its own
    files: FilesArgument,
    *,
    name: Annotated[
        str, typer.Option(help="Of the run; of several StoryRuns it chooses one.")
    ] = "",
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Of the run.")] = "",
    inputs: InputOption = None,
    inputs_file: Annotated[
        Path | None,
        typer.Option("--inputs", metavar="FILE", help="Inputs, as YAML or JSON; --input wins."),
    ] = None,
    by: AsOption = None,
    output: OutputOption = Output.TABLE,
    wait: WaitOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what it would be started with, and do nothing.")
    ] = False,
) -> None:
    """Start the run that manifests describe: their StoryRun, or the only Story.

    In a cluster the StoryRun is created, and of what it refers to that which is not there.
    With --wait, exit with 1 if it does not succeed.
    """
    with reported(output):
        overrides = Overrides(
            name=name,
            namespace=namespace,
            inputs=_inputs_of(inputs_file),
            assignments=inputs or (),
            author=user() if by is None else by,
            suffix=made_up_suffix(),
        )
        manner = Manner(output, wait, dry_run)
        if Settings.from_environ(os.environ).backend is Backend.KUBERNETES:
            asyncio.run(submit(files, overrides, manner))
        else:
            _launch(files, overrides, manner)


@app.command()
def retry(  # noqa: PLR0913 - each is an option of its own
    run: TargetArgument,
    step: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="STEP",
            help="Repeat this step and all that depends on it; of a Promise or a request, this "
            "pipeline and all after it.",
        ),
    ] = "",
    only: Annotated[
        str,
        typer.Option("--only", metavar="PIPELINE", help="Of a Promise or a request: this alone."),
    ] = "",
    inputs: InputOption = None,
    by: AsOption = None,
    output: OutputOption = Output.TABLE,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Repeat every step.")] = False,
    wait: WaitOption = False,
) -> None:
    """Go on with a run that did not succeed: what did succeed is kept.

    --from and --all repeat what succeeded, too.

    With --wait, exit with 1 if it does not succeed this time either. A Promise, or a request, is
    shown until nothing is done for it any more.
    """
    with reported(output):
        if sum(map(bool, (step, only, everything))) > 1:
            message = "either --from STEP or --all, or --only PIPELINE"
            raise typer.BadParameter(message)
        if isinstance(run, ParentName):
            _refuse_for_parents({"--input": inputs, "--all": everything})
            again = RunAgain(from_pipeline=step, only=only, by=user() if by is None else by)
            asyncio.run(_run_again(run, again, output, wait=wait))
            return
        assert isinstance(run, RunName)  # noqa: S101 - there is nothing else
        if only:
            message = "--only is for pipelines; --from STEP repeats a step"
            raise typer.BadParameter(message)
        wish = _Wish(step, everything, inputs or (), user() if by is None else by)
        asyncio.run(_retry(run, wish, output, wait=wait))


def _refuse_for_parents(given: Mapping[str, object]) -> None:
    named = [option for option, value in given.items() if value]
    if named:
        message = (
            f"{listed(named)} {'are' if len(named) > 1 else 'is'} for runs; of a Promise or a "
            "request all pipelines run again where neither --from nor --only says which"
        )
        raise typer.BadParameter(message)


class _Wish(NamedTuple):
    """What is to be repeated, with which inputs, and who wants it."""

    step: str
    everything: bool
    assignments: Sequence[str]
    by: str


def _launch(files: Sequence[str], overrides: Overrides, manner: Manner) -> None:
    start = _start_of(files, overrides)
    _warn(start.story, start.inputs)
    if manner.dry_run:
        _print_request(start, manner.output)
    else:
        asyncio.run(_start(start, manner.output, wait=manner.wait))


def _start_of(files: Sequence[str], overrides: Overrides) -> StartStoryRun:
    bundle = read_manifests(sources_of(files))
    for warning in bundle.warnings:
        typer.echo(f"warning: {warning}", err=True)
    return start_of(bundle, overrides)


def _warn(story: Story, inputs: Iterable[str]) -> None:
    for warning in unknown_inputs(story, inputs):
        typer.echo(f"warning: {warning}", err=True)


def _inputs_of(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    (source,) = sources_of([str(file)])
    documents = list(read_documents(source.text))
    problems = [problem for document in documents for problem in document.problems]
    values = [document.value for document in documents]
    if not problems and (len(values) > 1 or not all(map(is_object, values))):
        problems = [Problem("", "must be one object, with a field for each input")]
    if problems:
        raise InvalidManifestError([one._replace(file=source.name) for one in problems])
    return dict(values[0]) if values else {}


def _print_request(start: StartStoryRun, output: Output) -> None:
    request = start_request(start).model_dump(mode="json", by_alias=True, exclude_none=True)
    typer.echo(document(request, Output.JSON if output is Output.TABLE else output))


async def _start(start: StartStoryRun, output: Output, *, wait: bool) -> None:
    async with connection() as client:
        run = await client.start(start)
        await _shown(run, "started", output, wait=wait)


async def _retry(name: RunName, wish: _Wish, output: Output, *, wait: bool) -> None:
    async with connection() as client:
        run = name.of(client)
        inputs = await _changed_inputs(run, wish.assignments)
        again = await run.retry(
            step=wish.step, everything=wish.everything, inputs=inputs, by=wish.by
        )
        await _shown(again, "started again", output, wait=wait)


async def _run_again(name: ParentName, again: RunAgain, output: Output, *, wait: bool) -> None:
    async with connection() as client:
        parent = name.of(client)
        answer = await parent.run_again(again)
        said = _said_of(name, again, answer)
        if wait:
            typer.echo(said, err=True)
            await settle(parent, output)
            return
    show(answer, output, lambda _: Text(said))


def _said_of(name: ParentName, again: RunAgain, answer: AskedAgain | None) -> str:
    """Return what is told whoever asked for a run; no answer: the wish waits in Temporal."""
    what = again.only or again.from_pipeline
    said = f"{'only' if again.only else 'from'} pipeline {what}" if what else "all pipelines"
    rest = "it starts as soon as it may" if answer else SENT
    return f"asked: {name.said} runs again, {said}; {rest}"


async def _changed_inputs(run: Run, assignments: Sequence[str]) -> dict[str, Any]:
    """Return the inputs that change, each as a whole: a dotted key leaves the rest of its object.

    Raises:
        InvalidManifestError: an assignment cannot be read.
    """
    if not assignments:
        return {}
    story = (await run.started_with()).story
    inputs, problems = assigned(assignments, (await run.state()).inputs, story.spec.inputs_schema)
    if problems:
        raise InvalidManifestError(problems)
    changed = {text.partition("=")[0].split(".")[0] for text in assignments}
    given = {key: value for key, value in inputs.items() if key in changed}
    _warn(story, given)
    return given


async def _shown(run: Run, what: str, output: Output, *, wait: bool) -> None:
    if wait:
        typer.echo(f"{what}: run {run.namespace}/{run.name}", err=True)
        await finish(run, output)
        return
    started = Started(namespace=run.namespace, name=run.name, workflow_id=run.workflow_id)
    show_started(started, what, output)
