"""Durations that must not be below 0, wherever one may say how a step is executed."""

from collections.abc import Iterator
from datetime import timedelta

from runwright.errors import Problem
from runwright.models.bubustack import (
    ExecutionOverrides,
    ExecutionPolicy,
    RetryPolicy,
    TemplateExecutionPolicy,
)
from runwright.models.durations import format_duration


def negative(duration: timedelta | None, path: str) -> Iterator[Problem]:
    """Yield that a duration is below 0."""
    if duration is not None and duration < timedelta(0):
        yield Problem(path, f'must not be less than 0, is "{format_duration(duration)}"')


def negative_delays(policy: RetryPolicy | None, path: str) -> Iterator[Problem]:
    """Yield the delays below 0 of a retry policy."""
    if policy is not None:
        yield from negative(policy.delay, f"{path}.delay")
        yield from negative(policy.max_delay, f"{path}.maxDelay")


def negative_in_execution(
    said: ExecutionOverrides | ExecutionPolicy | None, path: str
) -> Iterator[Problem]:
    """Yield the timeout and delays below 0 of a level."""
    if said is not None:
        yield from negative(said.timeout, f"{path}.timeout")
        yield from negative_delays(said.retry, f"{path}.retry")


def negative_in_advice(advice: TemplateExecutionPolicy | None, path: str) -> Iterator[Problem]:
    """Yield the timeout and delays below 0 that a template recommends."""
    if advice is not None:
        yield from negative(advice.timeout, f"{path}.timeout")
    if advice is not None and advice.retry is not None:
        retry = f"{path}.retry"
        yield from negative(advice.retry.recommended_base_delay, f"{retry}.recommendedBaseDelay")
        yield from negative(advice.retry.recommended_max_delay, f"{retry}.recommendedMaxDelay")
