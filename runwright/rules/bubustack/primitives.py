"""What the primitives of a Story read from their `with`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from runwright.errors import TemplateError
from runwright.models.base import Message
from runwright.models.durations import parse_duration


class GateTiming(Message):
    """How long a gate waits, and what follows."""

    timeout: timedelta | None = None
    """None: it waits as long as the run."""
    on_timeout: Literal["fail", "skip"] = "fail"

    def deadline(self, opened_at: datetime) -> datetime | None:
        """Return when the gate that opens now closes."""
        return opened_at + self.timeout if self.timeout else None


def gate_timing(given: Mapping[str, Any]) -> GateTiming:
    """Return the timing of a gate from its resolved `with`.

    Raises:
        TemplateError: a template came to something that is no duration, or no known word.
    """
    timeout = _duration(given, "timeout")
    match given.get("onTimeout") or "fail":
        case "fail":
            return GateTiming(timeout=timeout)
        case "skip":
            return GateTiming(timeout=timeout, on_timeout="skip")
        case other:
            message = f'with.onTimeout: {other!r} is neither "fail" nor "skip"'
            raise TemplateError(message)


def sleep_duration(given: Mapping[str, Any]) -> timedelta:
    """Return how long a sleep lasts, from its resolved `with`; nothing said is no time at all.

    Raises:
        TemplateError: a template came to something that is no positive duration.
    """
    return _duration(given, "duration") or timedelta(0)


def _duration(given: Mapping[str, Any], field: str) -> timedelta | None:
    value = given.get(field)
    if value is None or value == "":
        return None
    try:
        duration = parse_duration(value if isinstance(value, str) else repr(value))
    except ValueError as error:
        message = f"with.{field}: {error}"
        raise TemplateError(message) from error
    if duration <= timedelta(0):
        message = f'with.{field}: "{value}" is not a positive duration'
        raise TemplateError(message)
    return duration
