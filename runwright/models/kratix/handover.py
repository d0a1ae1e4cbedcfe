"""What the pod of a pipeline hands over when it is done, and what is made of that."""

from datetime import timedelta
from typing import Any, Final

from runwright.models.base import Message
from runwright.models.kratix.approvals import PipelineApproval

HANDOVER_KEY: Final = "handover"
"""The key of a ConfigMap that has the text of a handover."""


class WorkflowControl(Message):
    """Whether a pipeline asks to be run again before any later one is."""

    suspend: bool = False
    message: str = ""
    retry_after: timedelta | None = None
    """None: when somebody says so."""
    approval: PipelineApproval | None = None
    """Who may say so; None: nothing was written of that."""

    @property
    def holds(self) -> bool:
        """Whether no later pipeline may start."""
        return self.suspend or self.retry_after is not None


class Stored(Message):
    """Where the rest of a handover is that was too long for a pod's last word."""

    config_map: str
    """Its name; it is in the namespace of the pod, with the text under `HANDOVER_KEY`."""
    digest: str
    """SHA-256 of that text, in hexadecimal digits."""


class Handover(Message):
    """The last word of a pod: what its steps left, as they wrote it.

    Either all of it, or where it is: our pods store it wherever there are files, of which some may
    be secret, for a last word stands in the pod's status and in the history of its run.
    """

    status: str = ""
    """The text of `status.yaml`."""
    control: str = ""
    """That of `workflow-control.yaml`."""
    selectors: str = ""
    """That of `destination-selectors.yaml`."""
    files: dict[str, str] = {}
    """By their paths below the output folder; compressed by gzip, in base64."""
    stored: Stored | None = None


class Collected(Message):
    """What was made of the handover of a pod."""

    control: WorkflowControl = WorkflowControl()
    status: dict[str, Any] = {}
    """The fields that the pipeline adds to the status of its parent."""
    problem: str = ""
    """Why the pipeline failed although its Job succeeded; empty: it did not."""
    warning: str = ""
    """What of it was passed over, and why."""
