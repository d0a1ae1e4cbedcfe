"""What is kept in memory of Promises, the requests for them, and what belongs to them.

Thousands of requests are kept, of which a decision needs some words and a hash.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from runwright.errors import Problem
from runwright.models.kratix import (
    NOT_SET,
    Availability,
    ConditionType,
    Promise,
    PromiseSpec,
    PromiseStatus,
    RequiredBy,
    RequiredPromise,
    RequiredPromiseStatus,
    Sight,
    Work,
)
from runwright.models.kratix.keys import (
    PROMISE_NAME,
    PROMISE_VERSION,
    RESOURCE_NAME,
    RESOURCE_NAMESPACE,
)
from runwright.models.objects import Manifest
from runwright.rules.kratix.admission import promise_problems
from runwright.rules.kratix.apis import version_of
from runwright.rules.kratix.hashes import spec_hash
from runwright.rules.kratix.intervals import interval_of
from runwright.rules.kratix.parents import can_fulfil
from runwright.rules.kubernetes.fields import condition, entries, field, text
from runwright.rules.salvage import salvage
from runwright.rules.shapes import is_object

_NO_TIME: Final = timedelta(0)
Said = tuple[str, str, str]
"""Status, reason and message of a condition; empty texts where there is none."""


class Kind(NamedTuple):
    """The kind of the requests for a Promise, as the API server has it."""

    api_version: str
    kind: str
    plural: str


class ParentName(NamedTuple):
    """A Promise, or a request for one."""

    promise: str
    namespace: str = ""
    name: str = ""
    """Empty: the Promise itself."""

    def __str__(self) -> str:
        return f"{self.promise}/{self.namespace}/{self.name}" if self.name else self.promise


class KeptDefinition(NamedTuple):
    """The definition of the kind of the requests for a Promise."""

    promise: str
    kind: Kind
    is_established: bool
    uid: str
    """One that was made anew is another, whose requests are watched anew."""


class KeptObject(NamedTuple):
    """What every object has."""

    name: str
    namespace: str
    uid: str
    version: str
    generation: int
    labels: dict[str, str]
    finalizers: tuple[str, ...]
    is_deleted: bool
    hash: str
    """Of its spec alone."""
    works: Said
    """What it says of its Works."""
    reconciled: Said
    is_shown: bool
    """Whether it has a status at all."""
    is_complete: bool
    """Whether it says that its configure workflow is over and succeeded."""


class KeptSpec(NamedTuple):
    """The spec of a Promise, or of one version of it."""

    hash: str
    pipeline_namespace: str
    interval: timedelta | None
    """None: the platform's."""
    has_api: bool
    has_delete: bool
    """Whether it has a delete pipeline of its own."""


class Requirements(NamedTuple):
    """The Promises that one requires, as they were found, and those that require it."""

    required: tuple[RequiredPromiseStatus, ...] = ()
    requirers: tuple[RequiredBy, ...] = ()


class KeptPromise(NamedTuple):
    """A Promise."""

    object: KeptObject
    spec: KeptSpec
    promise_version: str
    can_fulfil: bool
    is_available: bool
    """Whether it says so."""
    requires: tuple[RequiredPromise, ...]
    shown: Requirements
    """The Promises around it, by its own status."""
    problems: tuple[Problem, ...]
    """Why it cannot be read; empty if it can."""


class KeptRevision(NamedTuple):
    """One version of a Promise."""

    promise: str
    promise_version: str
    spec: KeptSpec


class KeptBinding(NamedTuple):
    """Which version a request is to have."""

    name: str
    request: ParentName
    bound: str
    applied: str
    labels: dict[str, str]


class KeptRequest(NamedTuple):
    """A request for a Promise."""

    object: KeptObject
    shown: str
    """The version that it says it has."""


class KeptWork(NamedTuple):
    """What one pipeline put out, without the files, and what became of it."""

    parent: ParentName
    work: Work


def kept_definition(manifest: Manifest) -> KeptDefinition:
    """Return what is kept of a CustomResourceDefinition: the version that is stored."""
    group = text(manifest, "spec", "group")
    version = version_of(entries(manifest, "spec", "versions"))
    return KeptDefinition(
        promise=labels_of(manifest).get(PROMISE_NAME, ""),
        kind=Kind(
            f"{group}/{version}",
            text(manifest, "spec", "names", "kind"),
            text(manifest, "spec", "names", "plural"),
        ),
        is_established=bool(version) and condition(manifest, "Established") is not None,
        uid=text(manifest, "metadata", "uid"),
    )


def kept_object(manifest: Mapping[str, Any]) -> KeptObject:
    """Return what is kept of any object."""
    metadata = manifest["metadata"]
    return KeptObject(
        name=metadata["name"],
        namespace=metadata.get("namespace", ""),
        uid=metadata["uid"],
        version=metadata["resourceVersion"],
        generation=metadata.get("generation", 0),
        labels=labels_of(manifest),
        finalizers=tuple(metadata.get("finalizers") or ()),
        is_deleted=bool(metadata.get("deletionTimestamp")),
        hash=spec_hash(manifest),
        works=said(manifest, ConditionType.WORKS_SUCCEEDED),
        reconciled=said(manifest, ConditionType.RECONCILED),
        is_shown=bool(manifest.get("status")),
        is_complete=said(manifest, ConditionType.CONFIGURE_WORKFLOW_COMPLETED)[0] == "True",
    )


def kept_promise(manifest: Manifest) -> KeptPromise:
    """Return what is kept of a Promise, also of one that cannot be read: then of what can."""
    read, labels = salvage(Promise, manifest), labels_of(manifest)
    promise, annotations = read.model, annotations_of(manifest)
    status = (promise.status if promise else None) or PromiseStatus()
    return KeptPromise(
        object=kept_object(manifest),
        spec=kept_spec(manifest.get("spec") or {}, annotations),
        promise_version=labels.get(PROMISE_VERSION) or NOT_SET,
        can_fulfil=promise is not None and can_fulfil(promise),
        is_available=status.status is Availability.AVAILABLE,
        requires=promise.spec.required_promises if promise else (),
        shown=Requirements(status.required_promises, status.required_by),
        problems=tuple(promise_problems(manifest)) if read.problems or promise is None else (),
    )


def kept_revision(manifest: Manifest) -> KeptRevision:
    """Return what is kept of a PromiseRevision."""
    spec: Manifest = field(manifest, "spec", "promiseSpec") or {}
    annotations = annotations_of(manifest)
    return KeptRevision(
        promise=text(manifest, "spec", "promiseRef", "name"),
        promise_version=text(manifest, "spec", "version"),
        spec=kept_spec(spec, annotations),
    )


def kept_spec(spec: Mapping[str, Any], annotations: Mapping[str, str]) -> KeptSpec:
    """Return what is kept of the spec of a Promise as it was written."""
    read = salvage(PromiseSpec, spec).model or PromiseSpec()
    interval = interval_of(annotations, read, _NO_TIME)
    return KeptSpec(
        hash=spec_hash({"spec": spec}),
        pipeline_namespace=text(spec, "workflows", "config", "pipelineNamespace"),
        interval=interval or None,
        has_api=is_object(spec.get("api")),
        has_delete=bool(entries(spec, "workflows", "promise", "delete")),
    )


def kept_request(manifest: Manifest) -> KeptRequest:
    """Return what is kept of a request."""
    return KeptRequest(kept_object(manifest), text(manifest, "status", "promiseVersion"))


def kept_binding(manifest: Manifest) -> KeptBinding:
    """Return what is kept of a ResourceBinding."""
    return KeptBinding(
        name=manifest["metadata"]["name"],
        request=ParentName(
            text(manifest, "spec", "promiseRef", "name"),
            text(manifest, "spec", "resourceRef", "namespace"),
            text(manifest, "spec", "resourceRef", "name"),
        ),
        bound=text(manifest, "spec", "version"),
        applied=text(manifest, "status", "lastAppliedVersion"),
        labels=labels_of(manifest),
    )


def kept_work(manifest: Manifest) -> KeptWork:
    """Return what is kept of a Work: nothing of what is in it."""
    metadata = manifest["metadata"]
    labels = labels_of(manifest)
    promise = labels.get(PROMISE_NAME) or text(manifest, "spec", "promiseName")
    name = labels.get(RESOURCE_NAME) or text(manifest, "spec", "resourceName")
    namespace = labels.get(RESOURCE_NAMESPACE) or metadata.get("namespace", "")
    return KeptWork(
        parent=ParentName(promise, namespace, name) if name else ParentName(promise),
        work=_without_files(manifest, promise),
    )


def _without_files(manifest: Mapping[str, Any], promise: str) -> Work:
    metadata = manifest["metadata"]
    known = {
        "metadata": {"name": metadata["name"], "namespace": metadata.get("namespace", "")},
        "spec": {"promiseName": promise},
    }
    try:
        return Work.model_validate({**known, "status": manifest.get("status")})
    except ValidationError:  # whoever wrote that status: it says nothing
        return Work.model_validate(known)


def said(manifest: Mapping[str, Any], type_: str) -> Said:
    """Return what an object says in one of its conditions."""
    for one in entries(manifest, "status", "conditions"):
        if one.get("type") == type_:
            return text(one, "status"), text(one, "reason"), text(one, "message")
    return "", "", ""


def own_sight(kept: KeptObject) -> Sight:
    """Return an object as decisions about its own workflow look at it."""
    return Sight(generation=kept.generation, hash=kept.hash, labels=kept.labels)


def named(workflow_id: str) -> ParentName | None:
    """Return the parent of an entity by the id of its workflow; None: it is none of an entity."""
    parts = workflow_id.split("/")
    match parts:
        case ["kratix", promise, "promise", _] if all(parts):
            return ParentName(promise)
        case ["kratix", promise, namespace, name, _] if all(parts):
            return ParentName(promise, namespace, name)
        case _:
            return None


def labels_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the labels of an object."""
    found: dict[str, str] = manifest["metadata"].get("labels") or {}
    return found


def annotations_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the annotations of an object."""
    found: dict[str, str] = manifest["metadata"].get("annotations") or {}
    return found
