"""The conditions of Kratix's kinds, with the reasons and messages that its users look for.

Source: Kratix, conditions.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from runwright.models.kratix import ConditionType, Reason, Work
from runwright.models.metadata import Condition, ConditionStatus
from runwright.rules.wording import excerpt, listed

_LONGEST: Final = 2048
"""Characters of a message."""
_TRUE, _FALSE, _UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN


def _condition(
    type_: ConditionType, status: ConditionStatus, reason: Reason, message: str
) -> Condition:
    return Condition(type=type_, status=status, reason=reason, message=excerpt(message, _LONGEST))


IN_PROGRESS: Final = _condition(
    ConditionType.CONFIGURE_WORKFLOW_COMPLETED,
    _FALSE,
    Reason.PIPELINES_IN_PROGRESS,
    "Pipelines are still in progress",
)
COMPLETED: Final = _condition(
    ConditionType.CONFIGURE_WORKFLOW_COMPLETED,
    _TRUE,
    Reason.PIPELINES_EXECUTED_SUCCESSFULLY,
    "Pipelines completed",
)
DELETE_FAILED: Final = _condition(
    ConditionType.DELETE_WORKFLOW_COMPLETED,
    _FALSE,
    Reason.DELETE_WORKFLOW_FAILED,
    "The Delete Pipeline has failed",
)
DELETE_SUSPENDED: Final = _condition(
    ConditionType.DELETE_WORKFLOW_COMPLETED,
    _FALSE,
    Reason.DELETE_WORKFLOW_SUSPENDED,
    "The delete workflow is suspended",
)
PROMISE_CANNOT_FULFIL: Final = _condition(
    ConditionType.PROMISE_AVAILABLE,
    _FALSE,
    Reason.PROMISE_REQUIREMENTS_NOT_INSTALLED,
    "Promise Requirements are not installed",
)
PROMISE_CAN_FULFIL: Final = _condition(
    ConditionType.PROMISE_AVAILABLE,
    _TRUE,
    Reason.PROMISE_AVAILABLE,
    "Promise Requirements are met",
)


def configure_failed(pipeline: str) -> Condition:
    """Return that a pipeline failed and the configure workflow with it."""
    return _condition(
        ConditionType.CONFIGURE_WORKFLOW_COMPLETED,
        _FALSE,
        Reason.CONFIGURE_WORKFLOW_FAILED,
        f"A Configure Pipeline has failed: {pipeline}",
    )


def reconciled(reason: Reason) -> Condition:
    """Return whether a parent is as it should be, by why it is or is not."""
    status, message = _RECONCILED[reason]
    return _condition(ConditionType.RECONCILED, status, reason, message)


_RECONCILED: Final = {
    Reason.WORKFLOW_PENDING: (_UNKNOWN, "Pending"),
    Reason.WORKS_PENDING: (_UNKNOWN, "Pending"),
    Reason.UNPAUSED: (_UNKNOWN, "Pending"),
    Reason.PAUSED_RECONCILIATION: (_UNKNOWN, "Paused"),
    Reason.WORKFLOW_SUSPENDED: (_UNKNOWN, "Suspended"),
    Reason.CONFIGURE_WORKFLOW_FAILED: (_FALSE, "Failing"),
    Reason.WORKS_FAILING: (_FALSE, "Failing"),
    Reason.RECONCILED: (_TRUE, "Reconciled"),
}


def available(reason: Reason) -> Condition:
    """Return whether a Promise can fulfil requests, by why it can or cannot."""
    status, message = _AVAILABLE[reason]
    return _condition(ConditionType.AVAILABLE, status, reason, message)


_AVAILABLE: Final = {
    Reason.PROMISE_AVAILABLE: (_TRUE, "Ready to fulfil resource requests"),
    Reason.PROMISE_UNAVAILABLE: (_FALSE, "Cannot fulfil resource requests"),
    Reason.PAUSED_RECONCILIATION: (_FALSE, "Paused"),
    Reason.WORKFLOW_SUSPENDED: (_FALSE, "Suspended"),
}


AFTER_A_PAUSE: Final = frozenset({Reason.PAUSED_RECONCILIATION, Reason.UNPAUSED})
"""What a parent says of itself that is paused, or was and has not run since."""


def works_succeeded(works: Iterable[Work]) -> Condition:
    """Return what became of the Works of a parent: the worst there is; of none, success."""
    found: dict[Reason, list[str]] = {}
    for work in works:
        found.setdefault(_reason_of(work), []).append(work.metadata.name)
    for reason, status, text in _WORST_FIRST:
        if names := sorted(found.get(reason, ())):
            return _condition(
                ConditionType.WORKS_SUCCEEDED, status, reason, f"{text}: {listed(names)}"
            )
    return _condition(
        ConditionType.WORKS_SUCCEEDED, _TRUE, Reason.WORKS_SUCCEEDED, "There are no works"
    )


_WORST_FIRST: Final = (
    (Reason.WORKS_FAILING, _FALSE, "Works that could not be written"),
    (Reason.WORKS_PENDING, _UNKNOWN, "Works that are not written yet"),
    (Reason.WORKS_MISPLACED, _FALSE, "Works at a destination that no longer matches"),
    (Reason.WORKS_SUCCEEDED, _TRUE, "Works that are written"),
)
_BY_MESSAGE: Final = {
    "Failing": Reason.WORKS_FAILING,
    "Misplaced": Reason.WORKS_MISPLACED,
}


def _reason_of(work: Work) -> Reason:
    conditions = work.status.conditions if work.status else ()
    ready = next((one for one in conditions if one.type == "Ready"), None)
    if ready is None:
        return Reason.WORKS_PENDING
    if ready.status is _TRUE:
        return Reason.WORKS_SUCCEEDED
    return _BY_MESSAGE.get(ready.message, Reason.WORKS_PENDING)


def reconciled_by_works(works: Condition) -> Condition:
    """Return whether a parent is as it should be whose workflow is complete.

    Upstream does not say it of misplaced Works. They will not be right by themselves, so that
    counts as failing here.
    """
    if works.status is _TRUE:
        return reconciled(Reason.RECONCILED)
    is_pending = works.status is _UNKNOWN
    return reconciled(Reason.WORKS_PENDING if is_pending else Reason.WORKS_FAILING)


def with_conditions(
    before: Iterable[Condition], now: datetime, *new: Condition
) -> tuple[Condition, ...]:
    """Return the conditions with new ones in the place of those of their type, or behind them.

    A condition that says the same as before keeps its time.

    Source: Kratix, condition helper of resource requests.
    """
    found = {one.type: one for one in before}
    for one in new:
        old = found.get(one.type)
        kept = old.last_transition_time if old and _says_the_same(old, one) else None
        found[one.type] = one.model_copy(
            update={"last_transition_time": kept or one.last_transition_time or now}
        )
    return tuple(found.values())


def _says_the_same(one: Condition, other: Condition) -> bool:
    return (one.status, one.reason, one.message) == (other.status, other.reason, other.message)
