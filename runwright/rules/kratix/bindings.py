"""Which version of its Promise a request gets.

Source: Kratix, PromiseRevision and ResourceBinding.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from runwright.models.kratix import (
    API_VERSION,
    LATEST,
    NOT_SET,
    Parent,
    Promise,
    keys,
)
from runwright.models.objects import Manifest
from runwright.rules.naming import compose

MIRRORED: Final = frozenset({keys.RECONCILIATION_INTERVAL})
"""The annotations of a Promise that its revision has too."""
_ASKING: Final = frozenset({keys.MANUAL_RECONCILIATION, keys.RUN_FROM_START})


def promise_version(promise: Promise) -> str:
    """Return the version of a Promise, as its author labelled it."""
    return promise.metadata.labels.get(keys.PROMISE_VERSION) or NOT_SET


def revision_of(promise: Promise, spec: dict[str, Any]) -> Manifest:
    """Return the PromiseRevision that keeps a Promise as it is; `spec` is it as it was written.

    A Promise without a version has one revision, which is changed with it. The interval that the
    Promise is annotated with goes with it.
    """
    known = promise.metadata.annotations
    annotations = {key: known[key] for key in MIRRORED if key in known}
    name, version = promise.metadata.name, promise_version(promise)
    labels = {
        keys.PROMISE_NAME: name,
        keys.PROMISE_VERSION: version,
        keys.LATEST_REVISION: keys.ON,
    }
    return {
        "apiVersion": promise.api_version,
        "kind": "PromiseRevision",
        "metadata": {
            "name": compose(name, version),
            "labels": labels,
            "annotations": annotations,
        },
        "spec": {"promiseRef": {"name": name}, "promiseSpec": spec, "version": version},
    }


def binding_of(request: Parent, labels: Mapping[str, str], version: str) -> Manifest:
    """Return the ResourceBinding that ties a request to a version of its Promise.

    It has the labels of the request, but for those that ask for a run.

    Source: Kratix, ResourceBinding.
    """
    known = {key: value for key, value in labels.items() if key not in _ASKING}
    own = {keys.PROMISE_NAME: request.promise, keys.RESOURCE_NAME: request.name}
    return {
        "apiVersion": API_VERSION,
        "kind": "ResourceBinding",
        "metadata": {
            "name": compose(request.promise, request.name),
            "namespace": request.namespace,
            "labels": {**known, **own},
        },
        "spec": {
            "version": version,
            "promiseRef": {"name": request.promise},
            "resourceRef": {"name": request.name, "namespace": request.namespace},
        },
    }


class Versions(NamedTuple):
    """What is known of the versions that a request has, or is to have."""

    latest: str
    """Of the Promise."""
    bound: str = ""
    """What the binding names: empty where there is none yet."""
    applied: str = ""
    """What the binding says that the request has."""
    shown: str = ""
    """What the request itself says that it has."""


def version_to_run(versions: Versions) -> str:
    """Return the version whose pipelines are run for a request.

    Source: Kratix, resolution of a PromiseRevision.
    """
    bound = versions.latest if versions.bound == LATEST else versions.bound
    return bound or versions.shown or versions.latest


def version_to_delete(versions: Versions) -> str:
    """Return the version whose pipeline is run before a request goes: the one that it has.

    Source: Kratix, resolution of a PromiseRevision.
    """
    return versions.shown or versions.applied or versions.latest
