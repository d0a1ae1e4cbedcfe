"""The Work that the steps of a pipeline put out.

Source: Kratix, Work; work writer.
"""

import base64
import gzip
import posixpath
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import yaml

from runwright.errors import InvalidManifestError, Problem
from runwright.models.kratix import (
    SYSTEM_NAMESPACE,
    PipelineRun,
    Promise,
    PromiseScheduling,
    SelectorSource,
    Work,
    WorkflowAction,
    WorkflowControl,
    WorkflowType,
    Workload,
    WorkloadGroup,
    WorkloadGroupScheduling,
    WorkSpec,
    WorkType,
    keys,
)
from runwright.models.metadata import ObjectMeta
from runwright.models.objects import Manifest
from runwright.rules.documents.yaml_text import read_documents
from runwright.rules.kratix.jobs.labels import labels_of_work
from runwright.rules.kratix.names import md5, work_name
from runwright.rules.kratix.outputs import SELECTORS_FILE
from runwright.rules.naming import compose
from runwright.rules.shapes import is_list, is_object
from runwright.rules.wording import quoted, written

ROOT: Final = "."
"""The directory of what is in no other."""
MOST_UNPACKED: Final = 64 * 1024 * 1024
"""Bytes of all files of a pipeline: a few thousand bytes can be made to unpack to much more."""
DEPENDENCIES: Final = "static/dependencies.yaml"
"""The file with the dependencies of a Promise, in one Work for all of them."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_SOURCES: Final = {
    WorkflowType.PROMISE: SelectorSource.PROMISE_WORKFLOW,
    WorkflowType.RESOURCE: SelectorSource.RESOURCE_WORKFLOW,
}


class DirectorySelectors(NamedTuple):
    """Where a pipeline wants the files of one directory."""

    directory: str
    match_labels: dict[str, str]


class Scheduling(NamedTuple):
    """Who says where files go, besides what their own pipeline says of single directories."""

    own: tuple[DirectorySelectors, ...] = ()
    promise: tuple[PromiseScheduling, ...] = ()
    promise_workflow: tuple[PromiseScheduling, ...] = ()
    """What the Promise's own workflow said, for the requests for it."""


def directory_selectors(text: str) -> tuple[DirectorySelectors, ...]:
    """Return where a pipeline wants its files; nothing where the text is empty.

    Raises:
        InvalidManifestError: it is no list, or an entry has no labels, names a directory within
            another, or one that was named before.

    Source: Kratix, destination-selectors.yaml.
    """
    documents = list(read_documents(text))
    problems = [one for document in documents for one in document.problems]
    value: Any = documents[0].value if documents else []
    if not problems and not is_list(value):
        problems = [Problem("", f"must be a list, not {written(value)}")]
    if not problems:
        problems = list(_selector_problems(value))
    if problems:
        raise InvalidManifestError([one._replace(file=SELECTORS_FILE) for one in problems])
    return tuple(DirectorySelectors(_directory(one), dict(_labels(one))) for one in value)


def _selector_problems(entries: Iterable[Any]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        path = f"[{index}]"
        labels = _labels(entry)
        if not labels or not all(isinstance(one, str) for one in labels.values()):
            yield Problem(f"{path}.matchLabels", "must have at least one label")
        directory = _directory(entry)
        if "/" in directory:
            yield Problem(f"{path}.directory", f"{quoted(directory)} is within another directory")
        if directory in seen:
            yield Problem(f"{path}.directory", f"{quoted(directory)} was there before")
        seen.add(directory)


def _labels(entry: Any) -> Mapping[str, Any]:
    found = _either(entry, "matchLabels")
    return found if is_object(found) else {}


def _directory(entry: Any) -> str:
    return posixpath.normpath(str(_either(entry, "directory") or ROOT))


def _either(entry: Any, name: str) -> Any:
    """Return a field by its name in whatever letters: upstream writes such files in lower case."""
    fields = entry.items() if is_object(entry) else ()
    return next((value for key, value in fields if key.lower() == name.lower()), None)


def puts_out(action: WorkflowAction, control: WorkflowControl) -> bool:
    """Return whether what a pipeline put out becomes a Work: not while it wants to run again.

    Source: Kratix, work writer.
    """
    return action is WorkflowAction.CONFIGURE and not control.holds


def work_of(
    run: PipelineRun, files: Mapping[str, bytes], scheduling: Scheduling, now: datetime
) -> Work:
    """Return the Work of a pipeline, by what its steps put out: paths with what is in them.

    There is one also where they put out nothing, so that what was there before goes.

    Raises:
        InvalidManifestError: a directory is named for which there is no file.

    Source: Kratix, work writer.
    """
    is_request = run.parent.type is WorkflowType.RESOURCE
    return Work(
        metadata=ObjectMeta(
            name=work_name(run), namespace=run.parent.home, labels=labels_of_work(run)
        ),
        spec=WorkSpec(
            last_execution_timestamp=now.replace(microsecond=0),
            promise_name=run.parent.promise,
            resource_name=run.parent.name if is_request else None,
            workload_groups=workload_groups(run.parent.type, files, scheduling),
        ),
    )


def manifest_of(work: Work) -> Manifest:
    """Return a Work as it is written: its spec, and of its metadata what is ours to say."""
    said = {"name", "namespace", "labels", "annotations"}
    metadata = work.metadata.model_dump(mode="json", include=said)
    return {
        "apiVersion": work.api_version,
        "kind": work.kind,
        "metadata": metadata,
        "spec": work.spec.model_dump(mode="json", exclude_none=True),
    }


def workload_groups(
    type_: WorkflowType, files: Mapping[str, bytes], scheduling: Scheduling
) -> tuple[WorkloadGroup, ...]:
    """Return the files in groups of those that go to the same destinations.

    Only those in no directory of their own go where the Promise wants them.
    """
    named = {one.directory: one for one in scheduling.own if one.directory != ROOT}
    homes = {path: _home(path, named) for path in sorted(files)}
    if missing := sorted(named.keys() - set(homes.values())):
        path = f"the directory {quoted(missing[0])} does not exist"
        raise InvalidManifestError([Problem("", path, file=SELECTORS_FILE)])
    groups = [
        _group(directory, _within(directory, homes, files), [_own(type_, selectors)])
        for directory, selectors in sorted(named.items())
    ]
    rest = _within(ROOT, homes, files)
    return (*groups, *([_group(ROOT, rest, _of_root(type_, scheduling))] if rest else ()))


def _home(path: str, named: Mapping[str, DirectorySelectors]) -> str:
    first = posixpath.normpath(path).partition("/")
    return first[0] if first[1] and first[0] in named else ROOT


def _within(
    directory: str, homes: Mapping[str, str], files: Mapping[str, bytes]
) -> dict[str, bytes]:
    return {path: files[path] for path, home in homes.items() if home == directory}


def _group(
    directory: str, files: Mapping[str, bytes], selectors: Sequence[WorkloadGroupScheduling]
) -> WorkloadGroup:
    return WorkloadGroup(
        id=group_id(directory),
        directory=directory,
        workloads=tuple(
            Workload(filepath=path, content=packed(content)) for path, content in files.items()
        ),
        destination_selectors=tuple(selectors),
    )


def _of_root(type_: WorkflowType, scheduling: Scheduling) -> list[WorkloadGroupScheduling]:
    own = [_own(type_, one) for one in scheduling.own if one.directory == ROOT]
    workflow = squashed(scheduling.promise_workflow)
    promise = squashed(scheduling.promise)
    return [
        *own,
        *_scheduling(workflow, SelectorSource.PROMISE_WORKFLOW),
        *_scheduling(promise, SelectorSource.PROMISE),
    ]


def _own(type_: WorkflowType, selectors: DirectorySelectors) -> WorkloadGroupScheduling:
    return WorkloadGroupScheduling(match_labels=selectors.match_labels, source=_SOURCES[type_])


def _scheduling(
    labels: dict[str, str], source: SelectorSource
) -> Iterator[WorkloadGroupScheduling]:
    if labels:
        yield WorkloadGroupScheduling(match_labels=labels, source=source)


def squashed(selectors: Sequence[PromiseScheduling]) -> dict[str, str]:
    """Return the labels of a list as one; the first entry that has a label says its value."""
    labels: dict[str, str] = {}
    for one in reversed(selectors):
        labels |= one.match_labels
    return labels


def group_id(directory: str) -> str:
    """Return the id of the group of a directory."""
    return md5(directory)


def packed(content: bytes) -> str:
    """Return a file as a Work carries it; the same content always the same."""
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()


def unpacked(content: str, most: int = MOST_UNPACKED) -> bytes:
    """Return the file that a Work carries.

    Raises:
        ValueError: it carries none, or one of more than so many bytes.
    """
    try:
        unpacking = zlib.decompressobj(_GZIP)
        found = unpacking.decompress(base64.b64decode(content, validate=True), most + 1)
    except (zlib.error, ValueError) as error:
        message = "the content of a file is no gzip"
        raise ValueError(message) from error
    if len(found) > most:
        message = f"the files together have more than {MOST_UNPACKED} bytes"
        raise ValueError(message)
    if not unpacking.eof:
        message = "the content of a file is no gzip: it ends too soon"
        raise ValueError(message)
    return found


def unpacked_files(packed_files: Mapping[str, str]) -> dict[str, bytes]:
    """Return the files that a pipeline put out, by their paths.

    Raises:
        InvalidManifestError: some path leads out of the folder, or what is there is no file; it has
            every problem.
    """
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    for path, content in packed_files.items():
        if _leads_out(path):
            problems.append(Problem("", "is no path within the folder", file=path))
            continue
        try:
            files[path] = unpacked(content, MOST_UNPACKED - sum(map(len, files.values())))
        except ValueError as error:
            problems.append(Problem("", str(error), file=path))
    if problems:
        raise InvalidManifestError(problems)
    return files


def _leads_out(path: str) -> bool:
    """Return whether a path names something else than a file within a folder, in one way."""
    is_plain = path == posixpath.normpath(path) and not path.startswith("/")
    return not is_plain or path in {ROOT, ".."} or path.startswith("../") or "\0" in path


def dependencies_work(
    promise: Promise, dependencies: Sequence[Mapping[str, Any]], now: datetime
) -> Work:
    """Return the Work with the objects that every destination of a Promise needs, as written.

    Source: Kratix, static dependencies.
    """
    name = promise.metadata.name
    text = yaml.safe_dump_all(dependencies, sort_keys=False)
    scheduling = Scheduling(promise=promise.spec.destination_selectors)
    return Work(
        metadata=ObjectMeta(
            name=compose(name, "static-dependencies"),
            namespace=SYSTEM_NAMESPACE,
            labels={keys.PROMISE_NAME: name, keys.WORK_TYPE: WorkType.STATIC_DEPENDENCY},
            annotations={keys.LAST_UPDATED_AT: now.strftime("%Y-%m-%dT%H:%M:%SZ")},
        ),
        spec=WorkSpec(
            promise_name=name,
            workload_groups=workload_groups(
                WorkflowType.PROMISE, {DEPENDENCIES: text.encode()}, scheduling
            ),
        ),
    )


def stale_works(works: Iterable[Work], type_: WorkflowType, pipelines: Iterable[str]) -> list[Work]:
    """Return the Works of a parent whose pipeline is no more.

    What no pipeline made stays, whatever its labels say.

    Source: Kratix, cleanup of Works.
    """
    kept, of_type = set(pipelines), WorkType(type_.value)
    return [
        one
        for one in works
        if one.metadata.labels.get(keys.WORK_TYPE) == of_type
        if one.metadata.labels.get(keys.PIPELINE_NAME) not in kept
    ]
