"""What the metrics of the tests find wrong."""

import pytest

from adapters.memory.metrics import MemoryMetrics
from runwright.models.metrics import API_REQUESTS, LEADER, Counter


@pytest.mark.parametrize(
    "labels", [{}, {"verb": "get"}, {"verb": "get", "kind": "Job", "code": "200", "name": "web"}]
)
def test_a_label_too_few_or_too_many_is_refused(labels: dict[str, str]) -> None:
    """It would make another series, which nobody looks for."""
    with pytest.raises(ValueError, match=r"^metric runwright_api_requests_total is not one with"):
        MemoryMetrics().count(API_REQUESTS, **labels)


def test_a_metric_that_is_not_listed_is_refused() -> None:
    """What is listed is what is documented."""
    with pytest.raises(ValueError, match=r"^metric runwright_other_total is not one with"):
        MemoryMetrics().count(Counter("runwright_other_total", "Of another kind."))


def test_what_was_never_told_has_no_value() -> None:
    assert MemoryMetrics().value(LEADER) is None
