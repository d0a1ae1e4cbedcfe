"""What the end of a process and the file that it wrote mean for its task."""

from datetime import datetime
from typing import Any, NamedTuple

from adapters.local.diagnosis import diagnose
from runwright.models.base import WireModel
from runwright.models.tasks import OutcomeReason, TaskOutcome
from runwright.rules.outputs import OutputError, read_output


class End(WireModel):
    """How the supervisor saw the task end; it knows nothing of outputs."""

    reason: OutcomeReason
    exit_code: int | None = None
    message: str = ""
    started_at: datetime | None = None
    """When the command was started; None where it never was, or nobody knows."""
    finished_at: datetime | None = None


class OutputFile(NamedTuple):
    """What lies where the task was to write its output."""

    size: int
    """Bytes."""
    content: bytes
    """All of it, if it is not larger than allowed."""
    is_readable: bool = True
    """Whether it is a plain file that may be read."""


def judge(end: End, output: OutputFile | None, max_output: int) -> TaskOutcome:
    """Return the outcome: success takes exit code 0 and an output without fault, or none.

    `max_output` counts the bytes of the file. No message quotes the output or the log, for both
    may hold secrets.
    """
    if end.reason is not OutcomeReason.COMPLETED:
        return _outcome(end, end.reason, end.message)
    if output is None:
        return _outcome(end, end.reason, output={})
    if output.size > max_output:
        message = f"output.json has {output.size} bytes, {max_output} are allowed"
        return _outcome(end, OutcomeReason.OUTPUT_TOO_LARGE, message)
    try:
        return _outcome(end, end.reason, output=_read(output))
    except OutputError as error:
        return _outcome(end, OutcomeReason.OUTPUT_INVALID, f"output.json {error}")


def without_output(outcome: TaskOutcome) -> TaskOutcome:
    """Return what to report of a success whose output cannot be carried to the run."""
    message = "output.json cannot be carried to the run"
    return outcome.model_copy(
        update={
            "succeeded": False,
            "reason": OutcomeReason.OUTPUT_INVALID,
            "message": message,
            "output": None,
            "diagnosis": diagnose(OutcomeReason.OUTPUT_INVALID, outcome.exit_code, message),
        }
    )


def _outcome(
    end: End, reason: OutcomeReason, message: str = "", output: dict[str, Any] | None = None
) -> TaskOutcome:
    return TaskOutcome(
        succeeded=output is not None,
        reason=reason,
        message=message,
        exit_code=end.exit_code,
        output=output,
        started_at=end.started_at,
        finished_at=end.finished_at,
        diagnosis=diagnose(reason, end.exit_code, message),
    )


def _read(output: OutputFile) -> dict[str, Any]:
    if not output.is_readable:
        message = "is not a plain file that can be read"
        raise OutputError(message)
    try:
        return read_output(output.content)
    except OutputError as error:
        message = f"({output.size} bytes) {error}"
        raise OutputError(message) from error
