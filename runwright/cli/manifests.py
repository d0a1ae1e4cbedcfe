"""Reading manifests, and `validate`."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from runwright.cli.app import app
from runwright.cli.failures import REFUSED, reported
from runwright.cli.output import Output, OutputOption, document
from runwright.client.objects import home_of
from runwright.errors import InvalidManifestError, Problem
from runwright.models.bubustack import StoryRun
from runwright.models.tasks import Backend
from runwright.rules.bubustack.starting import Overrides, start_of
from runwright.rules.bubustack.submission import submission_of
from runwright.rules.bubustack.trials import among_files, trial_problems, trial_warnings
from runwright.rules.manifests import Bundle, Source, read_manifests
from runwright.rules.manifests.resolution import resolved
from runwright.settings import Settings

_STDIN: Final = "-"
_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})

FilesArgument = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="Files, folders of them, or - for standard input."),
]


@app.command()
def validate(files: FilesArgument, output: OutputOption = Output.TABLE) -> None:
    """Tell everything that is wrong with manifests, at once; exit with 2 if anything is.

    What the objects refer to is looked for in the same files; where they are meant for a cluster,
    it may as well be there. Promises of Kratix are judged, too, and requests by the schemas of the
    Promises beside them; rules in CEL the API server alone can judge: `kubectl apply
    --dry-run=server`.
    """
    with reported(output):
        backend = Settings.from_environ(os.environ).backend
        problems, warnings, count = _examined(files, backend)
        if output is Output.TABLE:
            for line in _listed(problems, "error"):
                typer.echo(line)
            for line in _listed(warnings, "warning"):
                typer.echo(line)
            typer.echo(_verdict(problems, warnings, count))
        else:
            typer.echo(document(_as_json(problems, warnings), output))
        if problems:
            raise typer.Exit(REFUSED)


def sources_of(files: Iterable[str]) -> list[Source]:
    """Return the texts of the files, of those right in the folders, and of standard input for `-`.

    Raises:
        InvalidManifestError: any of them cannot be read; it lists all of those.
    """
    sources: list[Source] = []
    problems: list[Problem] = []
    for name in files:
        try:
            sources += _sources(name)
        except (OSError, UnicodeDecodeError) as error:
            said = str(error.strerror).lower() if isinstance(error, OSError) else ""
            problems.append(Problem("", (said or "is no UTF-8 text"), file=name))
    if problems:
        raise InvalidManifestError(problems)
    return sources


def _sources(name: str) -> Iterator[Source]:
    if name == _STDIN:
        yield Source("standard input", sys.stdin.read())
        return
    path = Path(name)
    if not path.is_dir():
        yield _source(path)
        return
    found = [each for each in sorted(path.iterdir()) if each.suffix in _SUFFIXES]
    if not found:
        message = "has no .yaml, .yml or .json file in it"
        raise InvalidManifestError([Problem("", message, file=name)])
    yield from map(_source, found)


def _source(path: Path) -> Source:
    return Source(str(path), path.read_text("utf-8"), str(path.resolve().parent))


def _examined(
    files: Iterable[str], backend: Backend
) -> tuple[Sequence[Problem], Sequence[Problem], int]:
    """Return the problems, the warnings, and how many objects there are."""
    try:
        bundle = read_manifests(sources_of(files), home=home_of(), backend=backend, promises=True)
    except InvalidManifestError as error:
        return error.problems, error.warnings, 0
    why_not = _why_not if backend is Backend.LOCAL else _why_not_in_a_cluster
    problems = [problem for run in bundle.story_runs.values() for problem in why_not(bundle, run)]
    problems += _contradictions(bundle, backend)
    doubts = [*_absent(bundle, backend), *_unresolved(bundle, backend)]
    return (
        list(dict.fromkeys(problems)),
        [one for one in dict.fromkeys((*bundle.warnings, *doubts)) if one not in problems],
        len(bundle.files),
    )


def _why_not(bundle: Bundle, run: StoryRun) -> Sequence[Problem]:
    try:
        start_of(bundle, _meant(run))
    except InvalidManifestError as error:
        return error.problems
    return ()


def _why_not_in_a_cluster(bundle: Bundle, run: StoryRun) -> Sequence[Problem]:
    try:
        submission_of(bundle, Bundle(), _meant(run))
    except InvalidManifestError as error:
        return error.problems
    return ()


def _meant(run: StoryRun) -> Overrides:
    return Overrides(name=run.metadata.name, namespace=run.metadata.namespace)


def _contradictions(bundle: Bundle, backend: Backend) -> Iterator[Problem]:
    """Yield what would keep the Stories from being run, where no StoryRun tells."""
    if not bundle.story_runs:
        for story in bundle.stories.values():
            yield from trial_problems(bundle, story, backend)


def _absent(bundle: Bundle, backend: Backend) -> Iterator[Problem]:
    """Yield what the StoryRuns refer to and may find in their cluster."""
    if backend is not Backend.LOCAL:
        for run in bundle.story_runs.values():
            yield from map(among_files, resolved(bundle, run, backend).absent)


def _unresolved(bundle: Bundle, backend: Backend) -> Iterator[Problem]:
    """Yield what the Stories lack here, and may find where they are applied."""
    if bundle.story_runs:
        return
    for story in bundle.stories.values():
        yield from trial_warnings(bundle, story, backend)


def _listed(problems: Sequence[Problem], kind: str) -> Iterator[str]:
    """Yield the problems under the file and the object that they are in."""
    places = dict.fromkeys((problem.file, problem.object) for problem in problems)
    for file, found in places:
        yield f"{': '.join(part for part in (file, found) if part) or 'input'}:"
        for problem in problems:
            if (problem.file, problem.object) == (file, found):
                where = f"{problem.path}: " if problem.path else ""
                yield f"  {kind}: {where}{problem.message}"


def _verdict(problems: Sequence[Problem], warnings: Sequence[Problem], count: int) -> str:
    odd = f", {_counted(len(warnings), 'warning')}" if warnings else ""
    if problems:
        return f"{_counted(len(problems), 'problem')}{odd}"
    return f"valid: {_counted(count, 'object')}{odd}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _as_json(problems: Sequence[Problem], warnings: Sequence[Problem]) -> dict[str, Any]:
    return {
        "valid": not problems,
        "problems": [problem._asdict() for problem in problems],
        "warnings": [warning._asdict() for warning in warnings],
    }
