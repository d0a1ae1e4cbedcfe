"""How the Promises that another one requires are found, and which ones require it.

Source: Kratix, required Promises; Promise status.
"""

from collections.abc import Iterable

from runwright.models.kratix import (
    PromiseSummary,
    RequiredBy,
    RequiredPromise,
    RequiredPromiseStatus,
)
from runwright.rules.kratix.availability import Requirement
from runwright.rules.kratix.kept import KeptPromise


def requirement(required: RequiredPromise, found: KeptPromise | None) -> RequiredPromiseStatus:
    """Return how a required Promise was found; None: there is none of that name."""
    state = _state(required, found)
    return RequiredPromiseStatus(name=required.name, version=required.version, state=state)


def requirers(name: str, promises: Iterable[KeptPromise]) -> tuple[RequiredBy, ...]:
    """Return which of these Promises require the one of that name, in the order of their names.

    Deviation: one that goes, or requires it no more, is left out; upstream keeps it for good.
    """
    found = sorted((one for one in promises if not one.object.is_deleted), key=_name)
    return tuple(
        RequiredBy(
            promise=PromiseSummary(name=one.object.name, version=one.promise_version),
            required_version=required.version,
        )
        for one in found
        for required in one.requires
        if required.name == name
    )


def _state(required: RequiredPromise, found: KeptPromise | None) -> Requirement:
    if found is None or found.object.is_deleted:
        return Requirement.NOT_INSTALLED
    if required.version not in {None, found.promise_version}:
        return Requirement.OTHER_VERSION
    return Requirement.INSTALLED if found.is_available else Requirement.NOT_AVAILABLE


def _name(promise: KeptPromise) -> str:
    return promise.object.name
