"""How the Promises that another one requires are found.

Source: Kratix, required Promises.
"""

from runwright.models.kratix import (
    Availability,
    Promise,
    RequiredPromise,
    RequiredPromiseStatus,
)
from runwright.rules.kratix.availability import Requirement
from runwright.rules.kratix.bindings import promise_version


def requirement(required: RequiredPromise, found: Promise | None) -> RequiredPromiseStatus:
    """Return how a required Promise was found; None: there is none of that name."""
    state = _state(required, found)
    return RequiredPromiseStatus(name=required.name, version=required.version, state=state)


def _state(required: RequiredPromise, found: Promise | None) -> Requirement:
    if found is None or found.metadata.deletion_timestamp is not None:
        return Requirement.NOT_INSTALLED
    if required.version not in {None, promise_version(found)}:
        return Requirement.OTHER_VERSION
    status = found.status.status if found.status else None
    is_available = status is Availability.AVAILABLE
    return Requirement.INSTALLED if is_available else Requirement.NOT_AVAILABLE
