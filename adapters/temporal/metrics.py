"""Our metrics, beside those of Temporal's SDK and at the same address."""

from datetime import timedelta

from temporalio.runtime import Runtime

from runwright.models.metrics import METRICS, Counter, Gauge, Histogram


class TemporalMetrics:
    """The port Metrics, over a Temporal runtime; one that has no metrics drops all that it is told.

    A value below 0, which only clocks that differ can make, counts as 0. Counters without labels
    are there from the start: the first event would be no increase otherwise.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime  # whose address is closed as soon as nobody holds it
        meter = runtime.metric_meter
        self._counters = {
            one.name: meter.create_counter(one.name, one.meaning)
            for one in METRICS
            if isinstance(one, Counter)
        }
        self._gauges = {
            one.name: meter.create_gauge_float(one.name, one.meaning)
            for one in METRICS
            if isinstance(one, Gauge)
        }
        self._histograms = {
            one.name: meter.create_histogram_float(one.name, one.meaning)
            for one in METRICS
            if isinstance(one, Histogram)
        }
        for one in METRICS:
            if isinstance(one, Counter) and not one.labels:
                self._counters[one.name].add(0)

    def count(self, counter: Counter, **labels: str) -> None:
        """Add one to the counter with those labels."""
        self._counters[counter.name].add(1, labels)

    def set(self, gauge: Gauge, value: float, **labels: str) -> None:
        """Set the gauge with those labels."""
        self._gauges[gauge.name].set(max(value, 0.0), labels)

    def observe(self, histogram: Histogram, took: timedelta, **labels: str) -> None:
        """Add a duration to the histogram with those labels."""
        self._histograms[histogram.name].record(max(took.total_seconds(), 0.0), labels)
