"""From manifests, and what a person says besides, to the objects that start a run in a cluster."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from runwright.errors import InvalidManifestError, Problem
from runwright.models.bubustack import (
    Engram,
    EngramTemplate,
    Story,
    StoryReference,
    StoryRun,
    StoryRunSpec,
)
from runwright.models.metadata import ObjectMeta
from runwright.models.objects import Manifest
from runwright.models.story_run import NO_RESOURCE, StartStoryRun
from runwright.models.tasks import Backend
from runwright.rules.bubustack import parentage, retention
from runwright.rules.bubustack.children import executed_stories, key_of
from runwright.rules.bubustack.intake import AUTHOR, RUN_ID, Lookups, Refuse, meaning_of
from runwright.rules.bubustack.starting import (
    Overrides,
    Wanted,
    engram_keys,
    not_understood,
    snapshot,
    story_key,
    unknown_inputs,
    wanted_run,
)
from runwright.rules.bubustack.tasks import MANIFEST_FOLDER
from runwright.rules.manifests import Bundle, Key
from runwright.rules.manifests.bundle import Identity
from runwright.rules.manifests.resolution import resolved
from runwright.rules.shapes import is_list, is_object
from runwright.rules.wording import child, listed

Part = Story | Engram | EngramTemplate
"""What a run refers to."""
_M = TypeVar("_M", Story, Engram)
_STORY: Final = "Story"
_ENGRAM: Final = "Engram"
_TEMPLATE: Final = "EngramTemplate"
_OF_A_SERVER: Final = frozenset(
    {"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp"}
)
"""Metadata that an API server writes itself: a manifest may have been read from one."""
_OF_ANOTHER_RUN: Final = frozenset(
    {RUN_ID, retention.ANNOTATION, parentage.ANNOTATION, MANIFEST_FOLDER}
)
"""Annotations that say where another run, or this machine, is."""
_MOST_DIFFERENCES: Final = 3


@dataclass(frozen=True)
class Submission:
    """What a cluster is given so that a run starts in it."""

    story_run: Manifest
    """With a name, or with `generateName`."""
    parts: tuple[Manifest, ...]
    """What the run refers to, out of the manifests, and the cluster does not have."""
    warnings: tuple[Problem, ...] = ()
    """What is odd, and what the run will wait for."""


def references(bundle: Bundle, overrides: Overrides) -> Iterator[Identity]:
    """Yield what the run that is meant refers to, as far as the bundle can tell.

    Raises:
        InvalidManifestError: nobody can tell which run is meant.
    """
    story_name = story_key(wanted_run(bundle, overrides).run)
    yield _STORY, *story_name
    if story_name not in bundle.stories:
        return
    story = bundle.stories[story_name]
    executed, elsewhere = executed_stories(story, bundle.stories.get)
    yield from ((_STORY, *key) for key in (*map(key_of, executed), *elsewhere))
    keys = dict.fromkeys(key for one in (story, *executed) for key in engram_keys(one))
    for key in keys:
        yield _ENGRAM, *key
        if key in bundle.engrams:
            yield _TEMPLATE, "", bundle.engrams[key].spec.template_ref.name


def manifests_of(start: StartStoryRun) -> Bundle:
    """Return the input of a run as the manifests that it may have come from."""
    home = start.namespace
    story, engrams = _placed(start.story, home), [_placed(one, home) for one in start.engrams]
    elsewhere = story.metadata.namespace if story.metadata.namespace != home else None
    reference = StoryReference(name=story.metadata.name, namespace=elsewhere)
    run = StoryRun(
        metadata=ObjectMeta(name=start.name, namespace=home),
        spec=StoryRunSpec(story_ref=reference, inputs=start.inputs),
    )
    stories = [story, *(_placed(one, home) for one in start.stories)]
    return Bundle(
        stories={_key(one): one for one in stories},
        engrams={_key(one): one for one in engrams},
        engram_templates={one.metadata.name: one for one in start.templates},
        story_runs={_key(run): run},
    )


def _placed(one: _M, home: str) -> _M:
    if one.metadata.namespace:
        return one
    return one.model_copy(update={"metadata": one.metadata.model_copy(update={"namespace": home})})


def _key(one: Story | Engram | StoryRun) -> Key:
    return one.metadata.namespace, one.metadata.name


def bundle_of(parts: Mapping[Identity, Part]) -> Bundle:
    """Return these objects as a bundle."""
    found = parts.items()
    return Bundle(
        stories={key[1:]: one for key, one in found if isinstance(one, Story)},
        engrams={key[1:]: one for key, one in found if isinstance(one, Engram)},
        engram_templates={key[2]: one for key, one in found if isinstance(one, EngramTemplate)},
    )


def beside(bundle: Bundle, there: Bundle) -> Bundle:
    """Return a bundle with what a cluster has besides; of what both have that of the bundle."""
    return replace(
        bundle,
        stories={**there.stories, **bundle.stories},
        engrams={**there.engrams, **bundle.engrams},
        engram_templates={**there.engram_templates, **bundle.engram_templates},
    )


def submission_of(bundle: Bundle, there: Bundle, overrides: Overrides) -> Submission:
    """Return what to create so that the run that the manifests describe starts in a cluster.

    `there` is what the cluster has of the run's references. What neither has is waited for, once
    the run is created. Of the manifests only what the run leads to is created.

    Raises:
        InvalidManifestError: what keeps the run from being started, every problem at once; one is
            that the cluster has an object of that name with another spec.
    """
    everything = beside(bundle, there)
    wanted = wanted_run(everything, overrides)
    judged = resolved(everything, wanted.run, Backend.KUBERNETES)
    parts = dict(_parts(bundle, references(everything, overrides)))
    problems = [*wanted.problems, *judged.problems, *_differences(bundle, parts, there)]
    start = snapshot(everything, wanted, overrides.author)
    if start is not None:
        problems += not_understood(bundle, _in_a_cluster(start))
    problems = list(dict.fromkeys(problems)) or list(_refused(everything, wanted))
    if problems:
        raise InvalidManifestError(problems, bundle.warnings)
    return Submission(
        story_run=_story_run(bundle, wanted.run, overrides),
        parts=tuple(_manifest(one) for identity, one in parts.items() if not _has(there, identity)),
        warnings=(
            *bundle.warnings,
            *map(_awaited, judged.absent),
            *_unknown(wanted),
        ),
    )


def _unknown(wanted: Wanted) -> Iterator[Problem]:
    if wanted.story is not None:
        for warning in unknown_inputs(wanted.story, wanted.run.spec.inputs or ()):
            yield Problem("", warning)


def _in_a_cluster(start: StartStoryRun) -> StartStoryRun:
    return start.model_copy(update={"backend": Backend.KUBERNETES})


def _parts(bundle: Bundle, wanted: Iterator[Identity]) -> Iterator[tuple[Identity, Part]]:
    """Yield those that the bundle has."""
    for identity in wanted:
        if (one := _found(bundle, identity)) is not None:
            yield identity, one


def _found(bundle: Bundle, identity: Identity) -> Part | None:
    kind, namespace, name = identity
    if kind == _STORY:
        return bundle.stories.get((namespace, name))
    if kind == _ENGRAM:
        return bundle.engrams.get((namespace, name))
    return bundle.engram_templates.get(name)


def _has(bundle: Bundle, identity: Identity) -> bool:
    return _found(bundle, identity) is not None


def _differences(
    bundle: Bundle, parts: Mapping[Identity, Part], there: Bundle
) -> Iterator[Problem]:
    """Yield which objects the cluster has with another spec."""
    for (kind, namespace, name), ours in parts.items():
        theirs = _found(there, (kind, namespace, name))
        if theirs is None or theirs.spec == ours.spec:
            continue
        paths = _unlike(_dumped(ours), _dumped(theirs), "spec")
        file = bundle.files.get((kind, ours.metadata.namespace, name), "")
        message = (
            f"the cluster has another {kind} of this name, which differs in "
            f"{listed(list(paths)[:_MOST_DIFFERENCES])}; `kubectl apply -f {file or 'FILE'}` "
            "changes it there"
        )
        yield Problem("", message, file, f"{kind}/{name}")


def _dumped(one: Part) -> Any:
    return one.spec.model_dump(mode="json", exclude_defaults=True)


def _unlike(ours: Any, theirs: Any, path: str) -> Iterator[str]:
    """Yield the fields that differ, the innermost of each branch."""
    if is_object(ours) and is_object(theirs):
        for key in dict.fromkeys((*ours, *theirs)):
            yield from _unlike(ours.get(key), theirs.get(key), child(path, key))
    elif is_list(ours) and is_list(theirs) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _unlike(one, other, child(path, index))
    elif ours != theirs:
        yield path


def _refused(everything: Bundle, wanted: Wanted) -> Iterator[Problem]:
    """Yield for what else a cluster would refuse the run, once it has read all of it."""
    lookups = Lookups(
        story=_by_name(everything.stories),
        engram=_by_name(everything.engrams),
        template=everything.engram_templates.get,
    )
    metadata = wanted.run.metadata
    placed = ObjectMeta(name=metadata.name, namespace=metadata.namespace, uid=NO_RESOURCE)
    trial = wanted.run.model_copy(update={"metadata": placed, "status": None})
    match meaning_of(trial, lookups, NO_RESOURCE):
        case Refuse(_, message):
            file = everything.files.get(("StoryRun", metadata.namespace, metadata.name), "")
            yield Problem("", message, file, f"StoryRun/{metadata.name}")
        case _:
            return


def _by_name(objects: Mapping[Key, _M]) -> Callable[[str, str], _M | None]:
    return lambda namespace, name: objects.get((namespace, name))


def _awaited(absent: Problem) -> Problem:
    waits = "the run waits" if absent.path.endswith("storyRef.name") else "steps that need it wait"
    return absent._replace(message=f"{absent.message}, nor in the cluster: {waits} for it")


def _story_run(bundle: Bundle, run: StoryRun, overrides: Overrides) -> Manifest:
    manifest = _manifest(run)
    metadata = manifest["metadata"]
    if not bundle.story_runs and not overrides.name:
        del metadata["name"]
        metadata["generateName"] = f"{run.spec.story_ref.name}-"
    if overrides.author:
        metadata["annotations"] = {**metadata.get("annotations", {}), AUTHOR: overrides.author}
    return manifest


def _manifest(one: Part | StoryRun) -> Manifest:
    """Return the object as an API server takes it: what was written, and no more."""
    written = one.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    metadata = {
        name: value
        for name, value in written["metadata"].items()
        if value and name not in _OF_A_SERVER
    }
    annotations = metadata.pop("annotations", {})
    if kept := {key: text for key, text in annotations.items() if key not in _OF_ANOTHER_RUN}:
        metadata["annotations"] = kept
    return {
        "apiVersion": one.api_version,
        "kind": one.kind,
        "metadata": metadata,
        "spec": written["spec"],
    }
