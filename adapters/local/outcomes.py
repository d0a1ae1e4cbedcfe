"""What the end of a process and the file that it wrote mean for its task."""

import json
import math
from datetime import datetime
from typing import Any, Final, NamedTuple, NoReturn

from adapters.local.diagnosis import diagnose
from runwright.models.base import WireModel
from runwright.models.tasks import OutcomeReason, TaskOutcome
from runwright.rules.shapes import is_deeper_than

_KINDS: Final[dict[type, str]] = {  # of JSON, all but the object
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    type(None): "null",
}


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


_DEEPEST: Final = 128
"""As deep as templates reach; serializers give up not far beyond."""


class _OutputError(ValueError):
    """The output is not what it must be; says why without quoting it."""


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
        return _outcome(end, end.reason, output=_parse(output))
    except _OutputError as error:
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


def _parse(output: OutputFile) -> dict[str, Any]:
    if not output.is_readable:
        message = "is not a plain file that can be read"
        raise _OutputError(message)
    try:
        value = json.loads(
            output.content.decode(), parse_constant=_refuse, parse_float=_finite_float
        )
        json.dumps(value, ensure_ascii=False).encode()  # refuses halves of surrogate pairs
    except _OutputError:
        raise
    except (ValueError, RecursionError) as error:
        message = f"({output.size} bytes) {_fault(error)}"
        raise _OutputError(message) from error
    if (kind := _kind(value)) is not None:
        message = f"({output.size} bytes) holds {kind}, not an object"
        raise _OutputError(message)
    if is_deeper_than(_DEEPEST, value):
        message = f"({output.size} bytes) is nested more than {_DEEPEST} deep"
        raise _OutputError(message)
    parsed: dict[str, Any] = value
    return parsed


def _kind(value: object) -> str | None:
    return _KINDS.get(type(value))


def _fault(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8: byte {error.start} cannot be read"
    if isinstance(error, UnicodeEncodeError):
        return "holds half of a surrogate pair, which is no character"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return "holds a number with too many digits"


def _refuse(constant: str) -> NoReturn:
    message = f"holds {constant}, which is no JSON"
    raise _OutputError(message)


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        message = "holds a number that is too large"
        raise _OutputError(message)
    return number
