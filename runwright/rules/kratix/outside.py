"""What is written about a parent whose entity does not exist, or cannot speak for itself.

Each function returns the conditions that its status is to have, None where it has them already.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from runwright.models.kratix import ConditionType, Reason
from runwright.models.metadata import Condition, ConditionStatus
from runwright.rules.kratix.conditions import available, reconciled, with_conditions
from runwright.rules.kratix.restoring import conditions_of
from runwright.rules.wording import excerpt

_LONGEST: Final = 2048
_STUCK: Final = " (its workflow is stuck: "


def refused(status: Mapping[str, Any], problems: str, now: datetime) -> list[dict[str, Any]] | None:
    """Return what a Promise says that cannot be read."""
    condition = available(Reason.PROMISE_UNAVAILABLE)
    text = excerpt(f"{condition.message}: {problems}", _LONGEST)
    return _changed(status, condition.model_copy(update={"message": text}), now)


def stuck(status: Mapping[str, Any], problem: str, now: datetime) -> list[dict[str, Any]] | None:
    """Return what a parent says whose entity's code fails again and again."""
    before = _reconciled(status)
    text = excerpt(f"{_plain(before.message)}{_STUCK}{problem}", _LONGEST - 1) + ")"
    return _changed(status, before.model_copy(update={"message": text}), now)


def recovered(status: Mapping[str, Any], now: datetime) -> list[dict[str, Any]] | None:
    """Return what a parent says once its entity's code works again."""
    before = _reconciled(status)
    return _changed(status, before.model_copy(update={"message": _plain(before.message)}), now)


def says_stuck(message: str) -> bool:
    """Return whether a message says that a workflow is stuck."""
    return _STUCK in message


def _plain(message: str) -> str:
    return message.partition(_STUCK)[0]


def _reconciled(status: Mapping[str, Any]) -> Condition:
    type_ = ConditionType.RECONCILED
    found = next((one for one in conditions_of(status) if one.type == type_), None)
    pending = reconciled(Reason.WORKFLOW_PENDING)
    return found or pending.model_copy(update={"status": ConditionStatus.UNKNOWN})


def _changed(
    status: Mapping[str, Any], condition: Condition, now: datetime
) -> list[dict[str, Any]] | None:
    known = conditions_of(status)
    conditions = with_conditions(known, now.replace(microsecond=0), condition)
    if list(conditions) == known:
        return None
    return [one.model_dump(mode="json", exclude_none=True) for one in conditions]
