"""How much runs think at a time, counted where it is done: time would tell of the machine."""

import time
from collections.abc import Iterable
from typing import Any, Final

from temporalio.api.history.v1 import HistoryEvent
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails

from adapters.temporal.standings import failure_of_code
from runwright.rules import effort
from runwright.worker import WORKFLOW_RUNNER

_TAKEN_FOR_STUCK: Final = "TMPRL1101"
"""What the SDK calls the failure of a task that took too long, as all may on a busy machine."""
_SECONDS: Final = 2
"""That it has."""


class Efforts:
    """Notes the steps that each workflow task of a worker takes from now on.

    Not those of one that the SDK broke off for its time: what else wakes in it is for nothing.
    """

    def __init__(self) -> None:
        self.taken: list[int] = []
        self._create = WORKFLOW_RUNNER.create_instance

    def create_instance(self, details: WorkflowInstanceDetails) -> WorkflowInstance:
        """Return a workflow whose tasks are noted."""
        instance = self._create(details)
        activate = instance.activate

        def noted(act: Any) -> Any:
            before, since = effort.noted(), time.monotonic()
            try:
                return activate(act)
            finally:
                if time.monotonic() - since < _SECONDS:
                    self.taken.append(effort.noted() - before)

        vars(instance)["activate"] = noted
        return instance


def failures_in(events: Iterable[HistoryEvent]) -> list[str]:
    """Return what a run's code failed of, but for having been taken for stuck."""
    failures = (failure_of_code([event]) for event in events)
    return [failure for failure in failures if failure and _TAKEN_FOR_STUCK not in failure]
