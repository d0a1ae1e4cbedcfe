"""What the events of a workflow tell a test."""

from collections.abc import Sequence

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent


def has_passed_all_on(events: Sequence[HistoryEvent]) -> bool:
    """Return whether a workflow has heeded each of its signals, and sent all those of its own."""
    kinds = [one.event_type for one in events]
    sent = kinds.count(EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED)
    arrived = kinds.count(EventType.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED)
    failed = kinds.count(EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED)
    told = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    since_then = kinds[len(kinds) - kinds[::-1].index(told) :] if told in kinds else None
    heeded = since_then is None or EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED in since_then
    return heeded and sent == arrived + failed
