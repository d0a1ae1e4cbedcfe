"""Whether a Promise can fulfil requests.

Upstream says no while the Promise's own workflow runs, which stops every request with it. Here a
Promise that could fulfil requests still can; only what holds it back for good says otherwise.

Source: Kratix, Promise configure workflow; conditions.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from runwright.models.kratix import (
    Availability,
    ConditionType,
    Installed,
    ParentState,
    Reason,
    RequiredPromiseStatus,
)
from runwright.models.metadata import Condition, ConditionStatus
from runwright.rules.kratix.conditions import available
from runwright.rules.kratix.triggers import Hold, Move
from runwright.rules.wording import excerpt, listed

_LONGEST: Final = 2048
_HELD: Final = {
    Hold.PAUSED: Reason.PAUSED_RECONCILIATION,
    Hold.SUSPENDED: Reason.WORKFLOW_SUSPENDED,
}


class Requirement(StrEnum):
    """How a required Promise was found."""

    INSTALLED = "Requirement installed"
    NOT_INSTALLED = "Requirement not installed"
    OTHER_VERSION = "Requirement not installed at the specified version"
    NOT_AVAILABLE = "Requirement not available"


def unfulfilled(required: Iterable[RequiredPromiseStatus]) -> tuple[RequiredPromiseStatus, ...]:
    """Return the required Promises that are not as they must be."""
    return tuple(one for one in required if one.state != Requirement.INSTALLED)


def said_of(lacking: Iterable[RequiredPromiseStatus]) -> str:
    """Return which Promises are lacked, and how each was found, for people."""
    return listed(f"{one.name} ({one.state or 'unknown'})" for one in lacking)


def is_fulfilled(installed: Installed) -> bool:
    """Return whether nothing has to be looked at again that the installation lacked."""
    return installed.is_served and not unfulfilled(installed.required)


def requirements_fulfilled(installed: Installed) -> Condition | None:
    """Return whether the required Promises are there; None: nothing is required."""
    if not installed.required:
        return None
    lacking = unfulfilled(installed.required)
    if not lacking:
        return FULFILLED
    only_unavailable = all(one.state == Requirement.NOT_AVAILABLE for one in lacking)
    reason = (
        Reason.REQUIREMENTS_NOT_AVAILABLE if only_unavailable else Reason.REQUIREMENTS_NOT_INSTALLED
    )
    told = f"Requirements not fulfilled: {said_of(lacking)}"
    return _requirements(ConditionStatus.FALSE, reason, told)


def shows_lack(state: ParentState) -> bool:
    """Return whether a Promise shows that it lacks one that it requires, or required."""
    shown = state.condition(ConditionType.REQUIREMENTS_FULFILLED)
    return shown is not None and shown.status is not ConditionStatus.TRUE


def _requirements(status: ConditionStatus, reason: Reason, message: str) -> Condition:
    type_ = ConditionType.REQUIREMENTS_FULFILLED
    text = excerpt(message, _LONGEST)
    return Condition(type=type_, status=status, reason=reason, message=text)


FULFILLED: Final = _requirements(
    ConditionStatus.TRUE, Reason.REQUIREMENTS_INSTALLED, "Requirements fulfilled"
)


def availability(
    state: ParentState, installed: Installed, move: Move | None, hold: Hold | None
) -> Condition:
    """Return whether a Promise can fulfil requests, at what is to be done for it now.

    While its workflow runs, or failed, that is what it was before; None for the move is that
    nothing was decided, because of what `installed` says.
    """
    if hold is not None and hold in _HELD:
        return available(_HELD[hold])
    if problems := installed.problems:
        text = excerpt(f"Cannot fulfil resource requests: {'; '.join(problems)}", _LONGEST)
        condition = available(Reason.PROMISE_UNAVAILABLE)
        return condition.model_copy(update={"message": text})
    if unfulfilled(installed.required) or not installed.is_served:
        return available(Reason.PROMISE_UNAVAILABLE)
    if move is Move.REST:
        return available(Reason.PROMISE_AVAILABLE)
    before = state.condition(ConditionType.AVAILABLE)
    was = before is not None and before.status is ConditionStatus.TRUE
    return available(Reason.PROMISE_AVAILABLE if was else Reason.PROMISE_UNAVAILABLE)


def in_one_word(state: ParentState) -> Availability:
    """Return whether a Promise shows that it can fulfil requests."""
    found = state.condition(ConditionType.AVAILABLE)
    is_true = found is not None and found.status is ConditionStatus.TRUE
    return Availability.AVAILABLE if is_true else Availability.UNAVAILABLE
