"""Which logs of tasks outlive the pods that wrote them."""

from enum import StrEnum

from runwright.models.tasks import TaskOutcome


class KeepLogs(StrEnum):
    """The logs of which tries are kept."""

    FAILED = "failed"
    """Of those that did not succeed: the next try takes the place of their pods."""
    ALL = "all"
    NONE = "none"

    def keeps(self, outcome: TaskOutcome) -> bool:
        """Return whether the log of a try that ended so is kept."""
        if self is KeepLogs.FAILED:
            return not outcome.succeeded
        return self is KeepLogs.ALL
