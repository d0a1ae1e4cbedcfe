"""Reading manifests, and `validate`."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from runwright.cli.app import app
from runwright.cli.failures import REFUSED, reported
from runwright.cli.output import Output, OutputOption, document
from runwright.errors import InvalidManifestError, Problem
from runwright.models.bubustack import Story, StoryReference, StoryRun, StoryRunSpec
from runwright.models.metadata import ObjectMeta
from runwright.rules.bubustack.starting import Overrides, start_of
from runwright.rules.manifests import Bundle, Source, missing_references, read_manifests

_STDIN: Final = "-"
_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})

FilesArgument = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="Files, folders of them, or - for standard input."),
]


@app.command()
def validate(files: FilesArgument, output: OutputOption = Output.TABLE) -> None:
    """Tell everything that is wrong with manifests, at once; exit with 2 if anything is.

    What the objects refer to is looked for in the same files.
    """
    with reported(output):
        problems, warnings, count = _examined(files)
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


def _examined(files: Iterable[str]) -> tuple[Sequence[Problem], Sequence[Problem], int]:
    """Return the problems, the warnings, and how many objects there are."""
    try:
        bundle = read_manifests(sources_of(files))
    except InvalidManifestError as error:
        return error.problems, error.warnings, 0
    problems = [problem for run in bundle.story_runs.values() for problem in _why_not(bundle, run)]
    doubts = [] if bundle.story_runs else list(_unresolved(bundle))
    return (
        list(dict.fromkeys(problems)),
        list(dict.fromkeys((*bundle.warnings, *doubts))),
        len(bundle.files),
    )


def _why_not(bundle: Bundle, run: StoryRun) -> Sequence[Problem]:
    metadata = run.metadata
    try:
        start_of(bundle, Overrides(name=metadata.name, namespace=metadata.namespace))
    except InvalidManifestError as error:
        return error.problems
    return ()


def _unresolved(bundle: Bundle) -> Iterator[Problem]:
    """Yield what the Stories lack here, and may find where they are applied."""
    for story in bundle.stories.values():
        trial = _trial(story)
        for problem in missing_references(bundle, trial):
            if not problem.object.startswith(f"{trial.kind}/"):
                yield problem


def _trial(story: Story) -> StoryRun:
    metadata = ObjectMeta(name=story.metadata.name, namespace=story.metadata.namespace)
    return StoryRun(
        metadata=metadata, spec=StoryRunSpec(story_ref=StoryReference(name=metadata.name))
    )


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
