"""Who may let a suspended pipeline go on, and until when."""

from enum import StrEnum

from runwright.models.durations import GoDuration
from runwright.models.gates import Approval


class OnDeadline(StrEnum):
    """What becomes of a pipeline that nobody decided about in time."""

    FAIL = "fail"
    RESUME = "resume"


class PipelineApproval(Approval):
    """The policy of the gate in front of a suspended pipeline.

    It stands in the annotation `runwright.dev/approval` of the pipeline, or below `approval` in
    what the pipeline leaves.
    """

    deadline: GoDuration | None = None
    """Counted from the suspension; None: it waits for ever."""
    on_deadline: OnDeadline = OnDeadline.FAIL
