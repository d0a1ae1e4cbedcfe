"""What every implementation of the port Metrics promises."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from adapters.memory.metrics import MemoryMetrics
from adapters.temporal.metrics import TemporalMetrics
from adapters.temporal.telemetry import runtime_telling
from runwright.models.metrics import (
    LEADER,
    LOOP_LAG,
    QUEUE_LENGTH,
    RUNS_STARTED,
    TASK_OUTCOMES,
    TASK_REPORT,
    Histogram,
    Metric,
)
from tests.scraping import free_address, page_of, read

Told = Callable[..., Awaitable[float | None]]
"""Asked with a metric and labels, what was told of it; the sum of a histogram."""
Measured = tuple[MemoryMetrics | TemporalMetrics, Told]


@pytest.fixture(params=["memory", "temporal"])
def measured(request: pytest.FixtureRequest) -> Measured:
    """The metrics, and how to read them."""
    if request.param == "memory":
        return _in_memory()
    return _scraped()


def _in_memory() -> tuple[MemoryMetrics, Told]:
    metrics = MemoryMetrics()

    async def told(metric: Metric, **labels: str) -> float | None:
        return metrics.value(metric, **labels)

    return metrics, told


def _scraped() -> tuple[TemporalMetrics, Told]:
    address = free_address()
    runtime = runtime_telling(logging.getLogger("temporal"), address)

    async def told(metric: Metric, **labels: str) -> float | None:
        name = f"{metric.name}_sum" if isinstance(metric, Histogram) else metric.name
        return read(await page_of(address)).get((name, frozenset(labels.items())))

    return TemporalMetrics(runtime), told


async def test_a_counter_counts_for_each_of_its_labels(measured: Measured) -> None:
    metrics, told = measured

    metrics.count(TASK_OUTCOMES, reason="Exited")
    metrics.count(TASK_OUTCOMES, reason="Exited")
    metrics.count(TASK_OUTCOMES, reason="Completed")

    assert await told(TASK_OUTCOMES, reason="Exited") == 2
    assert await told(TASK_OUTCOMES, reason="Completed") == 1
    assert await told(TASK_OUTCOMES, reason="Lost") is None


async def test_a_counter_without_labels_is_there_before_it_counts(measured: Measured) -> None:
    """The first event would be no increase to who asks for increases."""
    metrics, told = measured

    assert await told(RUNS_STARTED) == 0
    metrics.count(RUNS_STARTED)

    assert await told(RUNS_STARTED) == 1


async def test_a_gauge_is_what_it_was_set_to_last(measured: Measured) -> None:
    metrics, told = measured
    assert await told(LEADER) is None

    metrics.set(LEADER, 1)
    metrics.set(LEADER, 0)
    metrics.set(LOOP_LAG, 0.25)
    metrics.set(QUEUE_LENGTH, 3, queue="job")

    assert await told(LEADER) == 0
    assert await told(LOOP_LAG) == 0.25
    assert await told(QUEUE_LENGTH, queue="job") == 3


async def test_a_histogram_adds_durations(measured: Measured) -> None:
    metrics, told = measured

    metrics.observe(TASK_REPORT, timedelta(milliseconds=250))
    metrics.observe(TASK_REPORT, timedelta(seconds=2))

    assert await told(TASK_REPORT) == 2.25


async def test_clocks_that_differ_make_no_time_that_is_negative(measured: Measured) -> None:
    """A pod that ends in the future of its observer is one that ended now."""
    metrics, told = measured

    metrics.observe(TASK_REPORT, timedelta(seconds=-2))
    metrics.set(LOOP_LAG, -1)

    assert await told(TASK_REPORT) == 0
    assert await told(LOOP_LAG) == 0
