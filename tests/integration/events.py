"""What the events of a workflow tell a test."""

from collections.abc import Sequence
from typing import Final

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

_TASKS: Final = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    }
)


def has_passed_all_on(events: Sequence[HistoryEvent]) -> bool:
    """Return whether a workflow has heeded each of its signals, and sent all those of its own."""
    kinds = [one.event_type for one in events]
    sent = kinds.count(EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED)
    arrived = kinds.count(EventType.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED)
    failed = kinds.count(EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED)
    # One that comes while a task is under way is not in the history before that task is over.
    tasks = [one for one in kinds if one in _TASKS]
    heeded = not tasks or tasks[-1] == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    return heeded and sent == arrived + failed
