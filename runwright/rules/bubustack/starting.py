"""From manifests, and what a person says besides, to the input of a run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from runwright.errors import InvalidManifestError, Problem
from runwright.models.bubustack import (
    Engram,
    EngramTemplate,
    Story,
    StoryReference,
    StoryRun,
    StoryRunSpec,
)
from runwright.models.metadata import NamespaceName, ObjectMeta, ObjectName
from runwright.models.story_run import StartStoryRun
from runwright.rules.bubustack.admission.placed import Outline
from runwright.rules.bubustack.assignments import assigned, merged
from runwright.rules.bubustack.children import executed_stories, story_keys
from runwright.rules.bubustack.configuration import configuration_problems
from runwright.rules.manifests import Bundle, Key, missing_references
from runwright.rules.manifests.bundle import DEFAULT_NAMESPACE
from runwright.rules.shapes import is_object
from runwright.rules.wording import child, listed, quoted, suggestion

_LONGEST_PREFIX: Final = 247
"""Characters of a generated name before the hyphen and the suffix: 253 are allowed."""
_OPEN: Final = frozenset(
    {"$ref", "additionalProperties", "allOf", "anyOf", "if", "oneOf", "patternProperties"}
)
"""Where a schema has one of these, `properties` is not all that it knows or it decides itself."""
_NAME: Final[TypeAdapter[str]] = TypeAdapter(ObjectName)
_NAMESPACE: Final[TypeAdapter[str]] = TypeAdapter(NamespaceName)
_Placed = TypeVar("_Placed", Story, Engram, StoryRun)


@dataclass(frozen=True)
class Overrides:
    """What a person says besides the manifests; empty: nothing."""

    name: str = ""
    """Of the run; of several StoryRuns in the manifests it chooses one."""
    namespace: str = ""
    """Of the run, and of all objects that do not name one."""
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """They win over those of the StoryRun."""
    assignments: Sequence[str] = ()
    """Inputs as `key=value`; they win over all others."""
    author: str = ""
    suffix: str = ""
    """What makes a generated name unique: five characters or so."""


def start_of(bundle: Bundle, overrides: Overrides) -> StartStoryRun:
    """Return the input of the run that the manifests describe, with what it needs and no more.

    Where there is no StoryRun, the only Story is run under a generated name; a Story that another
    one executes does not count.

    Raises:
        InvalidManifestError: what keeps the run from being started, every problem at once.
    """
    if not wrong_names(overrides):
        bundle = _in_namespace(bundle, overrides.namespace)
    wanted = wanted_run(bundle, overrides)
    problems = [*wanted.problems, *missing_references(bundle, wanted.run)]
    start = snapshot(bundle, wanted, overrides.author)
    problems += not_understood(bundle, start) if start else ()
    if start is None or problems:
        raise InvalidManifestError(problems, bundle.warnings)
    return start


class Wanted(NamedTuple):
    """The run that manifests, and a person besides, ask for."""

    run: StoryRun
    """With all its inputs."""
    story: Story | None
    """None: the bundle does not have it."""
    problems: list[Problem]
    """What is wrong with what the person said."""


def wanted_run(bundle: Bundle, overrides: Overrides) -> Wanted:
    """Return which run is meant, with the inputs that it is to have.

    Raises:
        InvalidManifestError: nobody can tell which; whatever else is wrong is told as well.
    """
    problems = wrong_names(overrides)
    if problems:
        overrides = replace(overrides, name="", namespace="")
    run = _chosen(bundle, overrides)
    if isinstance(run, Problem):
        _, unreadable = assigned(overrides.assignments)
        raise InvalidManifestError([*problems, run, *unreadable], bundle.warnings)
    story = bundle.stories.get(story_key(run))
    inputs, unreadable = assigned(
        overrides.assignments,
        merged(run.spec.inputs or {}, overrides.inputs),
        story.spec.inputs_schema if story else None,
    )
    run = run.model_copy(update={"spec": run.spec.model_copy(update={"inputs": inputs})})
    return Wanted(run, story, [*problems, *unreadable])


def unknown_inputs(story: Story, inputs: Iterable[str]) -> Iterator[str]:
    """Yield a warning for each input that the Story's schema neither knows nor speaks of."""
    schema = story.spec.inputs_schema or {}
    known = schema.get("properties")
    if not is_object(known) or not _OPEN.isdisjoint(schema):
        return
    for name in inputs:
        if name not in known:
            path, hint = child("inputs", name), suggestion(name, known)
            yield f"{path}: the inputsSchema of story {story.metadata.name} has no such input{hint}"


def wrong_names(overrides: Overrides) -> list[Problem]:
    """Return which of the names that a person gave are none."""
    problems: list[Problem] = []
    for path, adapter, given in (
        ("name", _NAME, overrides.name),
        ("namespace", _NAMESPACE, overrides.namespace),
    ):
        try:
            adapter.validate_python(given)
        except ValidationError:
            message = (
                f"{quoted(given)} is no name for an object: "
                "lower-case letters, digits and hyphens make one"
            )
            problems.append(Problem(path, message))
    return problems


def _in_namespace(bundle: Bundle, namespace: str) -> Bundle:
    """Return the bundle with what is in the default namespace moved to the one given."""
    if namespace in {"", DEFAULT_NAMESPACE}:
        return bundle
    files = {
        (kind, namespace if where == DEFAULT_NAMESPACE else where, name): file
        for (kind, where, name), file in bundle.files.items()
    }
    return replace(
        bundle,
        stories=_moved(bundle.stories, namespace),
        engrams=_moved(bundle.engrams, namespace),
        story_runs=_moved(bundle.story_runs, namespace),
        files={**files, **bundle.files},
    )


def _moved(objects: Mapping[Key, _Placed], namespace: str) -> dict[Key, _Placed]:
    moved = {
        (namespace, name): one.model_copy(
            update={"metadata": one.metadata.model_copy(update={"namespace": namespace})}
        )
        for (where, name), one in objects.items()
        if where == DEFAULT_NAMESPACE
    }
    stay = {key: one for key, one in objects.items() if key[0] != DEFAULT_NAMESPACE}
    return {**moved, **stay}


def _chosen(bundle: Bundle, overrides: Overrides) -> StoryRun | Problem:
    """Return the StoryRun that is meant, or why nobody can tell which it is."""
    if not bundle.story_runs:
        return _made_up(bundle, overrides)
    runs = [
        one
        for (namespace, _), one in bundle.story_runs.items()
        if overrides.namespace in {"", namespace}
    ]
    names = [one.metadata.name for one in runs]
    meant = [one for one in runs if one.metadata.name == overrides.name] or runs
    if not meant:
        there = listed("/".join(key) for key in bundle.story_runs)
        where = quoted(overrides.namespace)
        return Problem("", f"there is no StoryRun in the namespace {where}; there is {there}")
    if len(meant) > 1:
        hint = suggestion(overrides.name, names)
        return Problem("", f"there are several StoryRuns: name one of {listed(names, 'or')}{hint}")
    return _named(meant[0], overrides.name)


def _named(run: StoryRun, name: str) -> StoryRun:
    if name in {"", run.metadata.name}:
        return run
    return run.model_copy(update={"metadata": run.metadata.model_copy(update={"name": name})})


def _made_up(bundle: Bundle, overrides: Overrides) -> StoryRun | Problem:
    """Return a StoryRun of the only Story there is that no other one executes."""
    if not bundle.stories:
        return Problem("", "there is neither a StoryRun nor a Story")
    executed = {key for one in bundle.stories.values() for _, key in story_keys(one)}
    meant = [key for key in bundle.stories if key not in executed]
    if len(meant) != 1:
        stories = listed(name for _, name in meant or bundle.stories)
        return Problem("", f"there is no StoryRun to say which Story is to run: {stories}")
    ((namespace, story),) = meant
    generated = "-".join(filter(None, (story[:_LONGEST_PREFIX], overrides.suffix)))
    return StoryRun(
        metadata=ObjectMeta(name=overrides.name or generated, namespace=namespace),
        spec=StoryRunSpec(story_ref=StoryReference(name=story)),
    )


def story_key(run: StoryRun) -> Key:
    """Return namespace and name of the Story of a run."""
    reference = run.spec.story_ref
    return reference.namespace or run.metadata.namespace, reference.name


def snapshot(bundle: Bundle, wanted: Wanted, author: str) -> StartStoryRun | None:
    """Return the input of a run with what the bundle has for it; None without its Story."""
    run, story, _ = wanted
    if story is None:
        return None
    stories, _ = executed_stories(story, bundle.stories.get)
    engrams = tuple(_engrams(bundle, (story, *stories)))
    return StartStoryRun(
        namespace=run.metadata.namespace,
        name=run.metadata.name,
        story=story,
        stories=stories,
        engrams=engrams,
        templates=tuple(_templates(bundle, engrams)),
        inputs=run.spec.inputs or {},
        author=author,
    )


def engram_keys(story: Story) -> Iterable[Key]:
    """Return namespace and name of the Engrams that the steps of a Story name, each once."""
    references = [placed.step.ref for placed in Outline(story).steps if placed.step.ref]
    home = story.metadata.namespace
    return dict.fromkeys((ref.namespace or home, ref.name) for ref in references)


def _engrams(bundle: Bundle, stories: Iterable[Story]) -> Iterator[Engram]:
    for key in dict.fromkeys(key for story in stories for key in engram_keys(story)):
        if key in bundle.engrams:
            yield bundle.engrams[key]


def _templates(bundle: Bundle, engrams: Sequence[Engram]) -> Iterator[EngramTemplate]:
    for name in dict.fromkeys(engram.spec.template_ref.name for engram in engrams):
        if name in bundle.engram_templates:
            yield bundle.engram_templates[name]


def not_understood(bundle: Bundle, start: StartStoryRun) -> Iterator[Problem]:
    """Yield what no run can execute, although the manifests allow it.

    What a run lacks is left out: it is told in terms of the manifests already.
    """
    metadata = start.story.metadata
    file = bundle.files.get(("Story", metadata.namespace, metadata.name), "")
    for problem in configuration_problems(start):
        if not problem.path.endswith((".ref.name", ".storyRef.name")):
            yield problem._replace(file=file, object=problem.object or f"Story/{metadata.name}")
