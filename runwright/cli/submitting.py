"""Starting a run in a cluster: its StoryRun is created, and intake starts it."""

import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import typer

from runwright.cli.beginning import Started, show_started
from runwright.cli.following import finish
from runwright.cli.manifests import sources_of
from runwright.cli.output import Output, document
from runwright.cli.session import connection
from runwright.client.objects import home_of, objects_of
from runwright.errors import Problem
from runwright.models.bubustack import StoryRun
from runwright.models.objects import Manifest
from runwright.models.story_run import workflow_id
from runwright.models.tasks import Backend
from runwright.rules.bubustack.starting import Overrides, wrong_names
from runwright.rules.bubustack.submission import Submission
from runwright.rules.manifests import Bundle, read_manifests


class Manner(NamedTuple):
    """How a start goes on, and in which form it is told."""

    output: Output
    wait: bool
    dry_run: bool


async def submit(files: Sequence[str], overrides: Overrides, manner: Manner) -> None:
    """Create what the manifests describe and the cluster lacks, the run last.

    Temporal is asked for nothing, unless the run is waited for.
    """
    bundle = _read(files, overrides)
    async with objects_of() as objects:
        submission = await objects.prepare(bundle, overrides)
        _warn(submission.warnings)
        if manner.dry_run:
            _print(submission, manner.output)
            return
        run = await objects.submit(submission)
        _tell_of(submission.parts)
    await _show(run, manner)


def _read(files: Sequence[str], overrides: Overrides) -> Bundle:
    given = "" if wrong_names(overrides) else overrides.namespace
    home = given or home_of()
    return read_manifests(sources_of(files), home=home, backend=Backend.KUBERNETES)


def _warn(warnings: Iterable[Problem]) -> None:
    for warning in warnings:
        typer.echo(f"warning: {warning}", err=True)


def _tell_of(parts: Iterable[Manifest]) -> None:
    for part in parts:
        typer.echo(f"created: {part['kind']} {part['metadata']['name']}", err=True)


def _print(submission: Submission, output: Output) -> None:
    """Print the StoryRun; what would be created with it is said beside it."""
    for part in submission.parts:
        typer.echo(f"would be created too: {part['kind']} {part['metadata']['name']}", err=True)
    sys.stderr.flush()
    form = Output.YAML if output is Output.TABLE else output
    typer.echo(document(submission.story_run, form))


async def _show(run: StoryRun, manner: Manner) -> None:
    namespace, name, uid = run.metadata.namespace, run.metadata.name, run.metadata.uid
    if not manner.wait:
        started = Started(
            namespace=namespace, name=name, workflow_id=workflow_id(namespace, name, uid)
        )
        show_started(started, "created", manner.output)
        return
    typer.echo(f"created: run {namespace}/{name}", err=True)
    async with connection() as client:
        await finish(client.run(name, namespace, uid), manner.output)
