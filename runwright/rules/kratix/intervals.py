"""When a workflow is run anew although nothing changed, and how long a pipeline may take.

Source: Kratix, periodic reconciliation.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from runwright.models.durations import parse_duration
from runwright.models.kratix import ConditionType, ParentState, PromiseSpec, Reason
from runwright.models.kratix.keys import RECONCILIATION_INTERVAL
from runwright.models.metadata import ConditionStatus

SHORTEST_INTERVAL: Final = timedelta(minutes=1)
DEFAULT_INTERVAL: Final = timedelta(hours=10)


def interval_of(
    annotations: Mapping[str, str],
    spec: PromiseSpec,
    default: timedelta = DEFAULT_INTERVAL,
) -> timedelta:
    """Return the interval that holds for a Promise and the requests for it.

    The annotation wins if it can be read and is long enough; then the spec; then the platform's.

    Source: Kratix, interval of a PromiseRevision.
    """
    annotated = _annotated(annotations.get(RECONCILIATION_INTERVAL, ""))
    config = spec.workflows.config
    in_spec = config.reconciliation_interval if config else None
    return annotated or in_spec or default


def _annotated(text: str) -> timedelta | None:
    try:
        interval = parse_duration(text)
    except ValueError:
        return None
    return interval if interval >= SHORTEST_INTERVAL else None


def limit_of(text: str) -> timedelta:
    """Return how long the Job of a pipeline may take, by what its annotation says.

    Raises:
        ValueError: it is no Go duration, or not longer than nothing.
    """
    limit = parse_duration(text)
    if limit <= timedelta():
        message = f'must be longer than nothing, is "{text}"'
        raise ValueError(message)
    return limit


def due_at(
    state: ParentState, interval: timedelta, *, reconcile_after_failure: bool
) -> datetime | None:
    """Return when the configure workflow is due again; None: not by itself.

    It is counted from its last end, whatever happened to the worker since.
    """
    over = state.condition(ConditionType.CONFIGURE_WORKFLOW_COMPLETED)
    if over is None or over.last_transition_time is None:
        return None
    failed = over.reason == Reason.CONFIGURE_WORKFLOW_FAILED
    if over.status is ConditionStatus.TRUE or (failed and reconcile_after_failure):
        return over.last_transition_time + interval
    return None
