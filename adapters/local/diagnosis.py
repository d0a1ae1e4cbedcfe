"""What a failed local process tells a person: what went wrong, and what would mend it."""

from typing import Final, NamedTuple

from runwright.models.tasks import Diagnosis, OutcomeReason

_LOG: Final = "read the log of this try"


class _Advice(NamedTuple):
    category: str
    summary: str
    resolution: str


_BY_REASON: Final = {
    OutcomeReason.EXITED: _Advice("exit", "the command failed", _LOG),
    OutcomeReason.TIMED_OUT: _Advice(
        "deadline",
        "the command took longer than it may",
        "raise its timeout, or see in the log what it was waiting for",
    ),
    OutcomeReason.STOPPED: _Advice("stopped", "the task was told to stop", ""),
    OutcomeReason.LOST: _Advice(
        "lost",
        "the process that looked after the task died, so nobody saw how it ended",
        "see whether the machine was restarted or ran out of memory; "
        "run it again if it may run twice",
    ),
    OutcomeReason.COMMAND_NOT_STARTED: _Advice(
        "command",
        "the command could not be started",
        "correct the command, or install it where the worker runs",
    ),
    OutcomeReason.OUTPUT_INVALID: _Advice(
        "output",
        "the command succeeded but what it wrote is no output",
        "write one JSON object, in UTF-8, to the file that RUNWRIGHT_OUTPUT names",
    ),
    OutcomeReason.OUTPUT_TOO_LARGE: _Advice(
        "output",
        "the command succeeded but wrote more output than a run may carry",
        "write less, or write it elsewhere and put only a reference into the output",
    ),
}
_KILLED: Final = _Advice(
    "killed",
    "the command was killed from outside, or ended as if it had been",
    "on Linux memory is lacking most often: see the system's log for an out-of-memory kill, and "
    "give the task less to do at once; else see in the log what ended with that exit code",
)
_KILLED_CODE: Final = 137


def diagnose(reason: OutcomeReason, exit_code: int | None, message: str) -> Diagnosis | None:
    """Return the diagnosis of how a task ended; None for a success."""
    advice = _BY_REASON.get(reason)
    if advice is None:
        return None
    if reason is OutcomeReason.EXITED and exit_code == _KILLED_CODE:
        advice = _KILLED
    return Diagnosis(
        category=advice.category,
        summary=advice.summary,
        detail=message,
        resolution=advice.resolution,
    )
