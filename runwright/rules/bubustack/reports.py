"""How a task ended in its own words: what its pod wrote into the status of its StepRun.

An SDK writes the end of a step there itself, before its container ends. That is the result: what
the container comes to afterwards changes nothing.

Source: BubuStack, SDK writer contract and SDK-first rule. There a failure that an SDK reports is
never tried again; here it is judged by its exit class like any other.
"""

import json
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from runwright.models.bubustack import ExitClass, Phase, StructuredError, StructuredErrorType
from runwright.models.tasks import TIMED_OUT_CODE, OutcomeReason, TaskOutcome
from runwright.rules.bubustack.tasks import MAX_OUTPUT
from runwright.rules.kubernetes import advice
from runwright.rules.kubernetes.diagnosis import said
from runwright.rules.kubernetes.fields import Object, field, moment, text
from runwright.rules.outputs import OutputError, carried

_LONGEST: Final = 2048
"""Characters of a message."""
_MOST_DETAILS: Final = 8 * 1024
"""Bytes of JSON that an error's details may take: they travel with the run's state."""
_DONE: Final = frozenset({Phase.SUCCEEDED, Phase.SKIPPED})
_STOPPED: Final = frozenset({Phase.CANCELED, Phase.FINISHED, Phase.ABORTED})


def reported(status: Object, max_output: int = MAX_OUTPUT) -> TaskOutcome | None:
    """Return the outcome that the status of a StepRun reports; None where it reports no end.

    Whatever is written there is read: a phase that is none is no report, a field of the wrong
    type is taken for missing, and only an output that is none fails a success.
    """
    phase = _phase(status)
    if phase is None:
        return None
    if phase in _DONE:
        return _success(status, max_output)
    if phase in _STOPPED:
        return _outcome(status, _Told(OutcomeReason.STOPPED, f"the task reported {phase}"))
    reason = OutcomeReason.TIMED_OUT if phase is Phase.TIMEOUT else OutcomeReason.EXITED
    error = _error(field(status, "error"))
    said_last = text(status, "lastFailureMsg") or (error.message if error else "")
    told = _Told(
        reason,
        said_last or f"the task reported {phase}",
        _exit_code(status, error, TIMED_OUT_CODE if phase is Phase.TIMEOUT else None),
        _exit_class(status, error),
    )
    dumped = error.model_dump(mode="json", exclude_none=True) if error else None
    return _outcome(status, told, error=dumped)


class _Told(NamedTuple):
    reason: OutcomeReason
    message: str = ""
    exit_code: int | None = None
    exit_class: str | None = None


def _outcome(
    status: Object,
    told: _Told,
    *,
    output: dict[str, Any] | None = None,
    error: dict[str, Any] | None = None,
) -> TaskOutcome:
    found = _ADVICE.get(told.reason)
    return TaskOutcome(
        succeeded=output is not None,
        reason=told.reason,
        message=told.message[:_LONGEST],
        exit_code=told.exit_code,
        output=output,
        exit_class=told.exit_class,
        error=error,
        pod=text(status, "podName") or None,
        started_at=moment(status, "startedAt"),
        finished_at=moment(status, "finishedAt"),
        diagnosis=said(found, told.message) if found else None,
    )


def _phase(status: Object) -> Phase | None:
    """Return the phase, if it is one that nothing follows."""
    try:
        phase = Phase(text(status, "phase"))
    except ValueError:
        return None
    return phase if phase.is_terminal else None


def _success(status: Object, max_output: int) -> TaskOutcome:
    """Return a success with its output; none at all is {}."""
    given = field(status, "output")
    try:
        output = {} if given is None else carried(given)
        size = len(json.dumps(output, ensure_ascii=False).encode())
    except (OutputError, ValueError) as error:
        fault = f"status.output {error if isinstance(error, OutputError) else 'is no JSON'}"
        return _outcome(status, _Told(OutcomeReason.OUTPUT_INVALID, fault, 0))
    if size > max_output:
        message = f"status.output has {size} bytes, {max_output} are allowed"
        return _outcome(status, _Told(OutcomeReason.OUTPUT_TOO_LARGE, message, 0))
    return _outcome(status, _Told(OutcomeReason.COMPLETED, exit_code=0), output=output)


def _error(given: Any) -> StructuredError | None:
    """Return the error as far as it can be read, without details that are too long to carry."""
    try:
        error = StructuredError.model_validate(given)
    except ValidationError:
        message = text(given, "message")
        kind = StructuredErrorType.UNKNOWN
        return StructuredError(type=kind, message=message[:_LONGEST]) if message else None
    details = error.details if _size_of(error.details) <= _MOST_DETAILS else None
    return error.model_copy(update={"message": error.message[:_LONGEST], "details": details})


def _size_of(value: object) -> int:
    return len(json.dumps(value))


def _exit_code(status: Object, error: StructuredError | None, default: int | None) -> int | None:
    code = field(status, "exitCode")
    if isinstance(code, int) and not isinstance(code, bool):
        return code
    return error.exit_code if error and error.exit_code is not None else default


def _exit_class(status: Object, error: StructuredError | None) -> str | None:
    """Return what the task said about trying again: a word, or whether the error may pass."""
    if word := text(status, "exitClass") or text(field(status, "error"), "exitClass"):
        return word
    if error is None or error.retryable is None:
        return None
    return ExitClass.RETRY if error.retryable else ExitClass.TERMINAL


_ADVICE: Final = {
    OutcomeReason.EXITED: advice.EXIT,
    OutcomeReason.TIMED_OUT: advice.DEADLINE,
    OutcomeReason.OUTPUT_INVALID: advice.OUTPUT._replace(resolution="report one JSON object"),
    OutcomeReason.OUTPUT_TOO_LARGE: advice.OUTPUT_SIZE,
}
