"""What a Promise, or a request for one, asks of the entity that looks after it.

Source: Kratix, reconcile order of a resource request and of a Promise.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

from runwright.models.kratix import Parent, Seen, Sight, WorkflowType
from runwright.models.kratix.keys import (
    DELETE_WORKFLOWS,
    MANUAL_RECONCILIATION,
    ON,
    PAUSED,
    PROMISE_NAME,
    RECONCILE_RESOURCES,
    RUN_FROM_START,
)
from runwright.models.kratix.shared import API_VERSION
from runwright.rules.kratix.bindings import Versions, version_to_delete, version_to_run
from runwright.rules.kratix.deletion import PROMISE_STEPS, REQUEST_STEPS, promise_finalizers
from runwright.rules.kratix.hashes import joined_hash
from runwright.rules.kratix.kept import (
    KeptBinding,
    KeptObject,
    KeptPromise,
    KeptRequest,
    KeptRevision,
    KeptSpec,
    Kind,
    own_sight,
)

_ASKS: Final = (MANUAL_RECONCILIATION, RUN_FROM_START, RECONCILE_RESOURCES)


class Around(NamedTuple):
    """What is known beside a request."""

    promise: KeptPromise | None
    """None: it is gone."""
    revisions: Mapping[str, KeptRevision]
    """Of its Promise, by their version."""
    binding: KeptBinding | None
    interval: timedelta
    """The platform's, for what says none."""


class Hold(NamedTuple):
    """What the metadata of the parent is to have before anything is done for it."""

    parent: Parent
    metadata: dict[str, Any]
    """A merge patch."""


class Say(NamedTuple):
    """How the parent is; its entity is to hear of it."""

    parent: Parent
    seen: Seen
    starts: bool = True
    """Whether an entity is to be there for it."""


class Refuse(NamedTuple):
    """The Promise cannot be read."""

    parent: Parent
    message: str


class Nothing(NamedTuple):
    """It is none of ours, or about to go without us."""


Meaning = Hold | Say | Refuse | Nothing


def meaning_of_promise(kept: KeptPromise, interval: timedelta) -> Meaning:
    """Return what is to be done about a Promise; `interval` is the platform's."""
    one = kept.object
    wanted = promise_finalizers(has_api=kept.spec.has_api, has_delete=kept.spec.has_delete)
    said = Say(promise_as_parent(kept), promise_seen(kept, interval))
    if one.is_deleted:
        return said._replace(starts=_is_held(one, PROMISE_STEPS))
    if kept.problems:
        return Refuse(said.parent, "; ".join(map(str, kept.problems)))
    if _is_on(one, PAUSED):
        return said
    finalizers = (*(it for it in one.finalizers if _is_wanted(it, wanted)),)
    finalizers += tuple(it for it in wanted if it not in finalizers)
    if finalizers != one.finalizers:
        return Hold(said.parent, {"finalizers": list(finalizers)})
    return said


def meaning_of_request(request: KeptRequest, kind: Kind, around: Around, promise: str) -> Meaning:
    """Return what is to be done about a request for the Promise of that name.

    A request that is paused before anything was done for it is not held: it can be deleted. Nor is
    one of a Promise that goes, or is gone.
    """
    one, ours = request.object, around.promise
    said = Say(request_as_parent(request, kind, around, promise), request_seen(request, around))
    is_held = _is_held(one, REQUEST_STEPS)
    if one.is_deleted:
        return said._replace(starts=is_held)
    if ours is None or ours.object.is_deleted:
        return said if is_held else Nothing()
    if (_is_on(one, PAUSED) or _is_on(ours.object, PAUSED)) and not is_held:
        return said
    missing = [it for it in REQUEST_STEPS if it not in one.finalizers]
    metadata: dict[str, Any] = {"finalizers": [*one.finalizers, *missing]} if missing else {}
    if one.labels.get(PROMISE_NAME) != promise:
        metadata["labels"] = {PROMISE_NAME: promise}
    return Hold(said.parent, metadata) if metadata else said


def differs(said: Seen | None, now: Seen) -> bool:
    """Return whether an entity has to hear how its parent is now that was told `said`; None: never.

    A label that asks for a run is told again with every version that has it: it may have been
    removed and set again in between, which nobody has seen.
    """
    if said is None:
        return True
    unnumbered = {"version": "", "promise_version": ""}
    if said.model_copy(update=unnumbered) != now.model_copy(update=unnumbered):
        return True
    return said.version != now.version and any(now.sight.is_on(label) for label in _ASKS)


def gone(seen: Seen) -> Seen:
    """Return how a parent is that is not there any more: nothing holds it, also no pause."""
    sight = seen.sight.model_copy(update={"labels": {}, "promise_paused": False})
    return seen.model_copy(update={"sight": sight, "is_deleted": True, "finalizers": ()})


def promise_as_parent(kept: KeptPromise) -> Parent:
    """Return a Promise as the parent of its own workflows."""
    return Parent(
        type=WorkflowType.PROMISE,
        promise=kept.object.name,
        api_version=API_VERSION,
        kind="Promise",
        plural="promises",
        name=kept.object.name,
        uid=kept.object.uid,
        pipeline_namespace=kept.spec.pipeline_namespace,
    )


def promise_seen(kept: KeptPromise, interval: timedelta) -> Seen:
    """Return how a Promise is."""
    return _seen(kept.object, own_sight(kept.object), kept.spec.interval or interval)


def request_as_parent(request: KeptRequest, kind: Kind, around: Around, promise: str) -> Parent:
    """Return a request as a parent, in the version of its Promise that it gets."""
    spec = _spec_of(request, around)
    return Parent(
        type=WorkflowType.RESOURCE,
        promise=promise,
        api_version=kind.api_version,
        kind=kind.kind,
        plural=kind.plural,
        name=request.object.name,
        namespace=request.object.namespace,
        uid=request.object.uid,
        pipeline_namespace=spec.pipeline_namespace if spec else "",
    )


def request_seen(request: KeptRequest, around: Around) -> Seen:
    """Return how a request is, and its Promise beside it."""
    ours, spec = around.promise, _spec_of(request, around)
    sight = own_sight(request.object).model_copy(
        update={
            "hash": joined_hash(spec.hash if spec else "", request.object.hash),
            "promise_paused": ours is not None and _is_on(ours.object, PAUSED),
            "promise_available": ours is not None and ours.can_fulfil,
            "promise_deleting": ours is None or ours.object.is_deleted,
        }
    )
    interval = (spec.interval if spec else None) or around.interval
    seen = _seen(request.object, sight, interval)
    return seen.model_copy(update={"promise_version": ours.object.version if ours else ""})


def _spec_of(request: KeptRequest, around: Around) -> KeptSpec | None:
    """Return the spec of the version that a request gets, or has if it goes.

    As long as that version is not kept it is the Promise as it is; None: nothing is there at all.
    """
    ours, binding = around.promise, around.binding
    versions = Versions(
        latest=ours.promise_version if ours else "",
        bound=binding.bound if binding else "",
        applied=binding.applied if binding else "",
        shown=request.shown,
    )
    choose = version_to_delete if request.object.is_deleted else version_to_run
    if (revision := around.revisions.get(choose(versions))) is not None:
        return revision.spec
    if ours is not None:
        return ours.spec
    return next((one.spec for one in around.revisions.values()), None)


def _seen(kept: KeptObject, sight: Sight, interval: timedelta) -> Seen:
    return Seen(
        sight=sight,
        version=kept.version,
        interval=interval,
        is_deleted=kept.is_deleted,
        finalizers=kept.finalizers,
    )


def _is_held(kept: KeptObject, steps: tuple[str, ...]) -> bool:
    return any(step in kept.finalizers for step in steps)


def _is_wanted(finalizer: str, wanted: tuple[str, ...]) -> bool:
    """Return whether a finalizer stays: of ours the delete workflow's goes with its pipelines."""
    return finalizer != DELETE_WORKFLOWS or finalizer in wanted


def _is_on(kept: KeptObject, label: str) -> bool:
    return kept.labels.get(label) == ON
