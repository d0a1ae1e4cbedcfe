"""What the primitives of a Story read from their `with`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Literal, NamedTuple

from runwright.errors import OffloadedError, TemplateError
from runwright.models.base import Message
from runwright.models.bubustack import Phase
from runwright.models.durations import parse_duration
from runwright.rules import templates
from runwright.rules.wording import listed, written

POLL_INTERVAL: Final = timedelta(seconds=5)
"""Of a wait that says nothing else."""
_MOST_LOOKS: Final = 50


class Timing(Message):
    """How long a gate or a wait waits, and what follows."""

    timeout: timedelta | None = None
    """None: it waits as long as the run."""
    on_timeout: Literal["fail", "skip"] = "fail"
    poll_interval: timedelta = POLL_INTERVAL

    def deadline(self, since: datetime) -> datetime | None:
        """Return until when it waits."""
        return since + self.timeout if self.timeout else None

    def next_look(self, since: datetime, now: datetime) -> datetime:
        """Return when to look again at what changes by itself.

        Each look leaves a few events in a history that is not endless: whoever waits for long looks
        no more often than after a fiftieth of that.
        """
        return now + max(self.poll_interval, (now - since) / _MOST_LOOKS)


def timing_of(given: Mapping[str, Any]) -> Timing:
    """Return the timing of a gate or a wait from its resolved `with`.

    Raises:
        TemplateError: a template came to something that is no duration, or no known word.
    """
    timeout = _duration(given, "timeout")
    interval = _duration(given, "pollInterval") or POLL_INTERVAL
    match given.get("onTimeout") or "fail":
        case "fail":
            return Timing(timeout=timeout, poll_interval=interval)
        case "skip":
            return Timing(timeout=timeout, poll_interval=interval, on_timeout="skip")
        case other:
            message = f'with.onTimeout: {other!r} is neither "fail" nor "skip"'
            raise TemplateError(message)


class Look(NamedTuple):
    """What a condition came to."""

    holds: bool
    changes_by_itself: bool
    """Whether it read the clock or drew by chance: it may hold later although nothing happened."""
    trouble: str = ""
    """Why it could not be evaluated."""

    @property
    def message(self) -> str:
        """What a step says that waits for it."""
        return self.awaiting("")

    def awaiting(self, lacks: str) -> str:
        """Return what a step says that waits for it; `lacks` is what there is not yet, if known."""
        if not self.trouble:
            return "Waiting for condition."
        why = lacks or self.trouble
        return f"Waiting for condition, which for now cannot be evaluated: {why}"


def look(until: Any, scope: Mapping[str, Any], now: datetime, random: Random) -> Look:
    """Return what the condition of a wait comes to; one that cannot be evaluated does not hold.

    Raises:
        OffloadedError: it looks into what lies in a store.

    Source: BubuStack, wait primitive.
    """
    try:
        return Look(_holds(until, scope), changes_by_itself=False)
    except OffloadedError:
        raise
    except TemplateError as error:
        timeless = str(error)
    try:
        return Look(_holds(until, scope, now, random), changes_by_itself=True)
    except OffloadedError:
        raise
    except TemplateError as error:
        # With time and chance it came further: it lacked them before anything else.
        trouble = str(error)
        return Look(holds=False, changes_by_itself=trouble != timeless, trouble=trouble)


def _holds(
    until: Any,
    scope: Mapping[str, Any],
    now: datetime | None = None,
    random: Random | None = None,
) -> bool:
    return templates.truth(until, scope, now=now, random=random)


class Stop(NamedTuple):
    """A step that ends the list of steps that it is in."""

    step: str
    phase: Phase
    message: str

    @property
    def is_failure(self) -> bool:
        """Whether something is to be mended."""
        return self.phase in {Phase.FAILED, Phase.TIMEOUT, Phase.ABORTED}


def stop_of(step: str, given: Mapping[str, Any]) -> Stop:
    """Return what a stop step asks for, from its resolved `with`.

    Raises:
        TemplateError: a template came to a phase in which nothing ends.

    Source: BubuStack, stop primitive, as its documentation has it (upstream's changes nothing).
    """
    phase = given.get("phase") or Phase.SUCCEEDED
    ends = [end.value for end in Phase if end.is_terminal]
    if phase not in ends:
        message = f"with.phase: {written(phase)} is none of {listed(ends, 'and')}"
        raise TemplateError(message)
    said = given.get("message")
    told = said if isinstance(said, str) and said else f"Stopped by step {step}."
    return Stop(step, Phase(phase), told)


def concurrency_of(given: Mapping[str, Any]) -> int | None:
    """Return how many branches of a block may run at once, from its resolved `with`; None: all.

    Raises:
        TemplateError: a template came to something that is no such number.
    """
    bound = given.get("concurrency")
    if bound is None:
        return None
    if not isinstance(bound, int) or isinstance(bound, bool) or bound < 1:
        message = f"with.concurrency: {written(bound)} is no number of branches from 1"
        raise TemplateError(message)
    return bound


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
