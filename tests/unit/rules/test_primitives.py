"""What gates and sleeps read from their arguments."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.errors import TemplateError
from runwright.rules.bubustack.primitives import Timing, sleep_duration, timing_of
from tests.unit.rules.states import NOW


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Timing()),
        ({"timeout": "1h"}, Timing(timeout=timedelta(hours=1))),
        ({"timeout": "", "onTimeout": ""}, Timing()),
        ({"timeout": None, "onTimeout": None}, Timing()),
        ({"onTimeout": "fail"}, Timing()),
        (
            {"timeout": "1s", "onTimeout": "skip"},
            Timing(timeout=timedelta(seconds=1), on_timeout="skip"),
        ),
    ],
)
def test_a_gate_waits_as_long_as_it_says(given: dict[str, Any], expected: Timing) -> None:
    assert timing_of(given) == expected


def test_a_gate_without_a_timeout_has_no_deadline() -> None:
    """Upstream's default of a day is read for gates of a kind that does not exist."""
    assert Timing().deadline(NOW) is None
    assert Timing(timeout=timedelta(hours=1)).deadline(NOW) == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [({"duration": "1m30s"}, 90), ({}, 0), ({"duration": ""}, 0), ({"duration": None}, 0)],
)
def test_case_22_a_sleep_lasts_as_long_as_it_says(given: dict[str, Any], seconds: int) -> None:
    assert sleep_duration(given) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        ("soon", '"soon" is not a duration'),
        (30, '"30" is not a duration'),
        (True, '"True" is not a duration'),
        ("0s", '"0s" is not a positive duration'),
        ("-5s", '"-5s" is not a positive duration'),
    ],
)
def test_a_template_that_came_to_no_duration_is_named_with_its_field(
    duration: object, said: str
) -> None:
    with pytest.raises(TemplateError, match=rf"with\.duration: {said}"):
        sleep_duration({"duration": duration})
    with pytest.raises(TemplateError, match=rf"with\.timeout: {said}"):
        timing_of({"timeout": duration})


def test_a_template_that_came_to_no_known_word_is_refused() -> None:
    with pytest.raises(TemplateError, match=r"with\.onTimeout: 'wait' is neither"):
        timing_of({"onTimeout": "wait"})
