"""A parent with what is around it, and the Promise in the version that it gets."""

from datetime import timedelta
from typing import NamedTuple

from runwright.errors import NotFoundError
from runwright.models.kratix import (
    Parent,
    Promise,
    PromiseRevision,
    Seen,
    WorkflowAction,
    WorkflowType,
)
from runwright.models.objects import Manifest
from runwright.rules.kratix.bindings import (
    Versions,
    promise_version,
    version_to_delete,
    version_to_run,
)
from runwright.rules.kratix.intake import Around, promise_seen, request_seen
from runwright.rules.kratix.kept import kept_binding, kept_promise, kept_request, kept_revision
from runwright.rules.kubernetes.fields import text
from runwright.rules.translation import read_object


class Surroundings(NamedTuple):
    """A parent as it was found, and what it is read with."""

    there: Manifest
    promise: Manifest | None
    """Of a Promise itself; None: that of a request is gone."""
    revisions: tuple[Manifest, ...] = ()
    binding: Manifest | None = None


class Offer(NamedTuple):
    """A Promise, in the version that a parent gets."""

    promise: Promise
    version: str


def seen_with(parent: Parent, around: Surroundings, interval: timedelta) -> Seen:
    """Return how a parent is; `interval` is the platform's."""
    if parent.type is WorkflowType.PROMISE:
        return promise_seen(kept_promise(around.there), interval)
    kept = (kept_revision(one) for one in around.revisions)
    beside = Around(
        promise=kept_promise(around.promise) if around.promise else None,
        revisions={one.promise_version: one for one in kept},
        binding=kept_binding(around.binding) if around.binding else None,
        interval=interval,
    )
    return request_seen(kept_request(around.there), beside)


def offer_of(parent: Parent, action: WorkflowAction, around: Surroundings) -> Offer:
    """Return the Promise in the version that a parent gets, or has if it is to go.

    As long as that version is not kept, it is the Promise as it is.

    Raises:
        NotFoundError: the Promise is gone, and so is that version of it.
        InvalidManifestError: it cannot be read.
    """
    promise = read_object(Promise, around.promise) if around.promise else None
    if parent.type is WorkflowType.RESOURCE:
        version = _version(action, promise, around)
        revision = next((one for one in around.revisions if _version_of(one) == version), None)
        if revision is not None:
            return _of_revision(revision, parent, promise)
    if promise is None:
        message = f"find the Promise {parent.promise}: it is gone"
        raise NotFoundError(message)
    return Offer(promise, promise_version(promise))


def _version(action: WorkflowAction, promise: Promise | None, around: Surroundings) -> str:
    kept = next(map(_version_of, around.revisions), "")
    versions = Versions(
        latest=promise_version(promise) if promise else kept,
        bound=text(around.binding, "spec", "version"),
        applied=text(around.binding, "status", "lastAppliedVersion"),
        shown=text(around.there, "status", "promiseVersion"),
    )
    choose = version_to_run if action is WorkflowAction.CONFIGURE else version_to_delete
    return choose(versions)


def _of_revision(revision: Manifest, parent: Parent, promise: Promise | None) -> Offer:
    read = read_object(PromiseRevision, revision)
    metadata = promise.metadata if promise else read.metadata
    named = metadata.model_copy(update={"name": parent.promise})
    return Offer(Promise(metadata=named, spec=read.spec.promise_spec), read.spec.version)


def _version_of(revision: Manifest) -> str:
    return text(revision, "spec", "version")
