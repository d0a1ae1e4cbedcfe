"""From the text of manifests to the objects they describe."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from runwright.errors import InvalidManifestError, Problem
from runwright.models.bubustack import Engram, EngramTemplate, Story, StoryRun
from runwright.models.metadata import ObjectMeta
from runwright.models.tasks import Backend
from runwright.rules.bubustack.admission import (
    engram_problems,
    engram_template_problems,
    limitations,
    story_problems,
    story_run_problems,
    story_warnings,
)
from runwright.rules.bubustack.tasks import MANIFEST_FOLDER
from runwright.rules.documents.yaml_text import Document, read_documents
from runwright.rules.kubernetes.fields import text
from runwright.rules.manifests.bundle import DEFAULT_NAMESPACE, Bundle, Identity, Source
from runwright.rules.manifests.promises import API_VERSION, PROMISE, doubts_about, problems_of
from runwright.rules.manifests.requests import Offer, offer_of, offers_for, problems_of_request
from runwright.rules.manifests.unknown_fields import unknown_annotations, unknown_fields
from runwright.rules.salvage import Salvage, salvage
from runwright.rules.shapes import is_list, is_object
from runwright.rules.wording import listed, quoted, suggestion, written

_Object = Story | Engram | EngramTemplate | StoryRun
_KINDS: Final[Mapping[str, type[_Object]]] = {
    "Story": Story,
    "Engram": Engram,
    "EngramTemplate": EngramTemplate,
    "StoryRun": StoryRun,
}


def read_manifests(
    sources: Sequence[Source],
    *,
    home: str = DEFAULT_NAMESPACE,
    backend: Backend = Backend.LOCAL,
    promises: bool = False,
) -> Bundle:
    """Return the objects of all sources.

    Those that name no namespace are in `home`. What they ask for and cannot have on `backend` is
    among the warnings. `promises` of Kratix may be among them, and requests for these: they are
    judged, and no more.

    Raises:
        InvalidManifestError: any document is wrong; it lists the problems of all of them.
    """
    reading = _Reading(home, backend, promises=promises)
    for source in sources:
        for document in read_documents(source.text):
            reading.take(source, document)
    reading.take_requests()
    if reading.problems:
        raise InvalidManifestError(reading.problems, reading.warnings)
    return reading.bundle()


class _Origin(NamedTuple):
    """Where an object comes from."""

    source: Source
    label: str
    """How problems call it: `Story/release`."""

    def mark(self, problem: Problem) -> Problem:
        return problem._replace(file=self.source.name, object=self.label)


class _Reading:
    """What was read so far."""

    def __init__(self, home: str, backend: Backend, *, promises: bool) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._home = home
        self._backend = backend
        self._promises = promises
        self._offers: list[Offer] = []
        self._others: list[tuple[_Origin, Any]] = []
        """What may be requests for Promises that are still to be read."""
        self._objects: dict[Identity, _Object] = {}
        self._files: dict[Identity, str] = {}

    def take(self, source: Source, document: Document) -> None:
        """Take one document, or each item of a List."""
        label = _label(document.value, document.number)
        self._report(_Origin(source, label), document.problems)
        if document.value is None:
            return
        if is_object(document.value) and document.value.get("kind") == "List":
            self._take_items(source, document)
        else:
            self._take_object(_Origin(source, label), document.value)

    def bundle(self) -> Bundle:
        """Return all objects by kind."""
        objects = {kind: self._of(kind) for kind in _KINDS}
        return Bundle(
            stories={key: each for key, each in objects["Story"] if isinstance(each, Story)},
            engrams={key: each for key, each in objects["Engram"] if isinstance(each, Engram)},
            engram_templates={
                name: each
                for (_, name), each in objects["EngramTemplate"]
                if isinstance(each, EngramTemplate)
            },
            story_runs={
                key: each for key, each in objects["StoryRun"] if isinstance(each, StoryRun)
            },
            warnings=tuple(self.warnings),
            files=self._files,
        )

    def _of(self, kind: str) -> list[tuple[tuple[str, str], _Object]]:
        return [
            ((namespace, name), each)
            for (its_kind, namespace, name), each in self._objects.items()
            if its_kind == kind
        ]

    def _take_items(self, source: Source, document: Document) -> None:
        items = document.value.get("items")
        if not is_list(items):
            origin = _Origin(source, _label(document.value, document.number))
            self._report(origin, [Problem("items", f"must be a list, not {written(items)}")])
            return
        for number, item in enumerate(items, start=1):
            self._take_object(_Origin(source, _label(item, number)), item)

    def _take_object(self, origin: _Origin, value: Any) -> None:
        if self._promises and is_object(value) and value.get("kind") == PROMISE:
            self._take_promise(origin, value)
            return
        problem, model = _kind_of(value, promises=self._promises)
        if self._promises and model is None:
            self._others.append((origin, value))
            return
        if problem is not None:
            self._report(origin, [problem])
        if model is None:
            return
        value = {**value, "apiVersion": _api_version(model)}
        rest = salvage(model, value)
        self._report(origin, [*rest.problems, *_judged(rest)])
        self._warn(origin, [*unknown_fields(model, value), *_doubts(rest, self._backend)])
        if rest.model is not None:
            self._keep(origin, _placed(rest.model, self._home, origin.source.folder))

    def _take_promise(self, origin: _Origin, value: Mapping[str, Any]) -> None:
        problems = list(problems_of(value))
        self._report(origin, problems)
        self._warn(origin, list(doubts_about(value)))
        self._offers += filter(None, [offer_of(value)])
        if not problems:
            self._note(origin, (PROMISE, "", value["metadata"]["name"]))

    def take_requests(self) -> None:
        """Take what was put off until all Promises were read."""
        for origin, value in self._others:
            if offers := offers_for(value, self._offers):
                problems = list(problems_of_request(value, offers))
            else:
                problem, _ = _kind_of(value, promises=True)
                problems = [problem] if problem is not None else []
            self._report(origin, problems)
            if not problems:
                namespace = text(value, "metadata", "namespace") or self._home
                self._note(origin, (value["kind"], namespace, value["metadata"]["name"]))

    def _keep(self, origin: _Origin, found: _Object) -> None:
        identity = (found.kind, found.metadata.namespace, found.metadata.name)
        if self._note(origin, identity):
            self._objects[identity] = found

    def _note(self, origin: _Origin, identity: Identity) -> bool:
        """Keep where an object was read; return whether it has a name, which no other has."""
        kind, _, name = identity
        if identity in self._files:
            message = f"there is already a {kind} of this name, in {self._files[identity]}"
            self._report(origin, [Problem("metadata.name", message)])
            return False
        if name:
            self._files[identity] = origin.source.name
        return bool(name)

    def _report(self, origin: _Origin, problems: Sequence[Problem]) -> None:
        self.problems.extend(map(origin.mark, problems))

    def _warn(self, origin: _Origin, problems: Sequence[Problem]) -> None:
        self.warnings.extend(map(origin.mark, problems))


def _label(value: Any, number: int) -> str:
    if not is_object(value) or not isinstance(value.get("kind"), str):
        return f"document {number}"
    metadata = value.get("metadata")
    name = metadata.get("name") if is_object(metadata) else None
    return f"{value['kind']}/{name}" if isinstance(name, str) and name else f"{value['kind']}"


def _kind_of(value: Any, *, promises: bool) -> tuple[Problem | None, type[_Object] | None]:
    if not is_object(value):
        return Problem(
            "", f"must be an object with apiVersion and kind, not {written(value)}"
        ), None
    kind, version = value.get("kind"), value.get("apiVersion")
    if not isinstance(kind, str) or kind not in _KINDS:
        return Problem("kind", _unknown_kind(kind, promises=promises)), None
    model = _KINDS[kind]
    if version == _api_version(model):
        return None, model
    message = f'must be "{_api_version(model)}" for the kind {kind}, not {written(version)}'
    return Problem("apiVersion", message), model


def _unknown_kind(kind: Any, *, promises: bool) -> str:
    versions = {name: _api_version(model) for name, model in _KINDS.items()}
    if promises:
        versions[PROMISE] = API_VERSION
    understood = listed(f"{name} ({version})" for name, version in versions.items())
    if promises:
        understood += ", and a request beside its Promise"
    if not isinstance(kind, str):
        return f"is required; understood are {understood}"
    return (
        f"{quoted(kind)} is not understood{suggestion(kind, versions)}; understood are {understood}"
    )


def _api_version(model: type[_Object]) -> str:
    return str(model.model_fields["api_version"].default)


def _judged(rest: Salvage[Any]) -> Iterator[Problem]:
    """Yield what the rules find wrong with what is left of an object."""
    found = rest.model
    problems: list[Problem] = []
    match found:
        case Story():
            problems = story_problems(found, rest.unreadable)
        case StoryRun():
            problems = story_run_problems(found)
        case Engram():
            problems = engram_problems(found)
        case EngramTemplate():
            problems = engram_template_problems(found)
        case _:
            return
    if not found.metadata.name:
        problems = [Problem("metadata.name", "is required"), *problems]
    yield from (problem for problem in problems if not rest.is_echo(problem))


def _doubts(rest: Salvage[Any], backend: Backend) -> Iterator[Problem]:
    if isinstance(rest.model, EngramTemplate):
        yield from unknown_annotations(rest.model.metadata.annotations)
    if isinstance(rest.model, Story):
        found = [*story_warnings(rest.model, rest.unreadable), *limitations(rest.model, backend)]
        yield from (problem for problem in found if not rest.is_echo(problem))


def _placed(found: _Object, home: str, folder: str | None) -> _Object:
    """Return the object with the namespace that it is in, and the folder that it came from."""
    metadata = found.metadata
    if isinstance(found, EngramTemplate):
        if folder is not None:
            annotations = {**metadata.annotations, MANIFEST_FOLDER: folder}
            metadata = metadata.model_copy(update={"annotations": annotations, "namespace": ""})
    elif not metadata.namespace:
        metadata = metadata.model_copy(update={"namespace": home})
    return _with_metadata(found, metadata)


def _with_metadata(found: _Object, metadata: ObjectMeta) -> _Object:
    return found if metadata is found.metadata else found.model_copy(update={"metadata": metadata})
