"""Which version of its Promise a request gets, and how it comes from one to another.

Source: Kratix, PromiseRevision and ResourceBinding.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from runwright.models.kratix import (
    API_VERSION,
    LATEST,
    NOT_SET,
    BindingStrategy,
    ConditionType,
    Parent,
    Promise,
    Reason,
    ResourceBinding,
    ResourceBindingStatus,
    keys,
)
from runwright.models.metadata import Condition, ConditionStatus
from runwright.models.objects import Manifest
from runwright.rules.kratix.conditions import with_conditions
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


def first_version(strategy: BindingStrategy, latest: str) -> str:
    """Return the version that a new binding names."""
    return LATEST if strategy is BindingStrategy.FLOATING else latest


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


def wants_upgrade(binding: ResourceBinding, versions: Versions) -> bool:
    """Return whether the pipelines are to be run for another version than the request has.

    Those that failed are not run again for the same version, unless the binding is labelled so.
    Requests for a Promise without a version are passed over, and those that have none yet.

    Source: Kratix, binding controller.
    """
    desired = version_to_run(versions)
    if NOT_SET in {desired, versions.shown} or not versions.shown:
        return False
    if binding.metadata.labels.get(keys.MANUAL_RECONCILIATION) == keys.ON:
        return True
    failed = binding.status.failed_version if binding.status else None
    return desired not in {versions.shown, failed}


def upgrade_started(
    status: ResourceBindingStatus, version: str, now: datetime
) -> ResourceBindingStatus:
    """Return the status of a binding while its request comes to another version.

    Tools look for the version behind the word: upstream reads it there too.
    """
    text = f"Upgrading to version {version}"
    condition = _upgraded(ConditionStatus.UNKNOWN, Reason.UPGRADE_IN_PROGRESS, text)
    return _with(status, condition, now, failed_version=None)


def upgrade_succeeded(
    status: ResourceBindingStatus, version: str, now: datetime
) -> ResourceBindingStatus:
    """Return the status of a binding whose request has a version; of the first nothing is said."""
    if status.last_applied_version is None:
        return status.model_copy(update={"last_applied_version": version, "failed_version": None})
    text = f"The request has version {version}"
    condition = _upgraded(ConditionStatus.TRUE, Reason.UPGRADE_COMPLETE, text)
    return _with(status, condition, now, last_applied_version=version, failed_version=None)


def upgrade_failed(
    status: ResourceBindingStatus, version: str, message: str, now: datetime
) -> ResourceBindingStatus:
    """Return the status of a binding whose request could not come to a version, and why."""
    condition = _upgraded(ConditionStatus.FALSE, Reason.UPGRADE_FAILED, message)
    return _with(status, condition, now, failed_version=version)


def _upgraded(status: ConditionStatus, reason: Reason, message: str) -> Condition:
    type_ = ConditionType.UPGRADE_SUCCEEDED
    return Condition(type=type_, status=status, reason=reason, message=message)


def _with(
    status: ResourceBindingStatus, condition: Condition, now: datetime, **update: str | None
) -> ResourceBindingStatus:
    conditions = with_conditions(status.conditions, now, condition)
    return status.model_copy(update={**update, "conditions": conditions})
