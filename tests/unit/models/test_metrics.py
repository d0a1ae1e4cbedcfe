"""The names of metrics, which dashboards and alarms are made of."""

import re

import pytest

from runwright.models import metrics
from runwright.models.metrics import METRICS, Counter, Gauge, Histogram, Metric

each = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)


def test_every_metric_is_listed_once() -> None:
    defined = [one for one in vars(metrics).values() if isinstance(one, Metric)]

    assert list(METRICS) == defined
    assert len({one.name for one in METRICS}) == len(METRICS)


@each
def test_a_name_says_whose_it_is_and_what_kind(metric: Metric) -> None:
    """As Prometheus' conventions have it: a counter ends with `_total`, a time with its unit."""
    assert re.fullmatch(r"runwright(_[a-z]+)+", metric.name)
    assert isinstance(metric, Counter | Gauge | Histogram)
    assert metric.name.endswith("_total") == isinstance(metric, Counter)
    assert not isinstance(metric, Histogram) or metric.name.endswith("_seconds")


@each
def test_a_meaning_is_a_sentence_that_a_table_can_hold(metric: Metric) -> None:
    assert metric.meaning.endswith(".")
    assert "|" not in metric.meaning


@each
def test_the_buckets_of_a_histogram_are_in_their_order(metric: Metric) -> None:
    bounds = metric.bounds if isinstance(metric, Histogram) else ()

    assert list(bounds) == sorted(set(bounds))
    assert bool(bounds) == isinstance(metric, Histogram)
