"""Metrics that are kept, to be read by a test."""

from datetime import timedelta
from typing import Final

from runwright.models.metrics import METRICS, Counter, Gauge, Histogram, Metric

Sample = tuple[str, frozenset[tuple[str, str]]]
"""A name, and labels with their values."""
_KNOWN: Final = frozenset(METRICS)


class MemoryMetrics:
    """The port Metrics, for one process; what is not among the metrics of a worker is refused."""

    def __init__(self) -> None:
        self._values: dict[Sample, float] = {
            _sample(one, {}): 0.0 for one in METRICS if isinstance(one, Counter) and not one.labels
        }

    def count(self, counter: Counter, **labels: str) -> None:
        """Add one to the counter with those labels."""
        sample = _sample(counter, labels)
        self._values[sample] = self._values.get(sample, 0.0) + 1

    def set(self, gauge: Gauge, value: float, **labels: str) -> None:
        """Set the gauge with those labels."""
        self._values[_sample(gauge, labels)] = max(value, 0.0)

    def observe(self, histogram: Histogram, took: timedelta, **labels: str) -> None:
        """Add a duration to the histogram with those labels."""
        sample = _sample(histogram, labels)
        self._values[sample] = self._values.get(sample, 0.0) + max(took.total_seconds(), 0.0)

    def value(self, metric: Metric, **labels: str) -> float | None:
        """Return a count, a gauge, or the seconds of all durations; None: nothing was told."""
        return self._values.get(_sample(metric, labels))


def _sample(metric: Metric, labels: dict[str, str]) -> Sample:
    if metric not in _KNOWN or labels.keys() != set(metric.labels):
        message = f"metric {metric.name} is not one with the labels {', '.join(labels)}"
        raise ValueError(message)
    return metric.name, frozenset(labels.items())
