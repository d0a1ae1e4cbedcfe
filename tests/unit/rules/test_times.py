"""Moments and durations as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from runwright.rules.times import lasting, moment


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "0ms"),
        (timedelta(seconds=-1), "0ms"),
        (timedelta(milliseconds=350), "350ms"),
        (timedelta(seconds=1), "1s"),
        (timedelta(seconds=4.25), "4.2s"),
        (timedelta(seconds=59.9), "59s"),
        (timedelta(seconds=60), "1m"),
        (timedelta(seconds=65), "1m 5s"),
        (timedelta(hours=1, seconds=5), "1h"),
        (timedelta(hours=2, minutes=3, seconds=4), "2h 3m"),
        (timedelta(days=3, hours=2, minutes=1), "3d 2h"),
    ],
    ids=str,
)
def test_a_duration_has_its_two_largest_units(duration: timedelta, text: str) -> None:
    assert lasting(duration) == text


def test_a_moment_is_told_in_the_readers_zone_with_the_date_on_another_day() -> None:
    zone = timezone(timedelta(hours=2), "CEST")
    now = datetime(2026, 5, 4, 0, 30, tzinfo=zone)

    assert moment(datetime(2026, 5, 3, 22, 5, tzinfo=UTC), now) == "00:05:00 CEST"
    assert moment(datetime(2026, 5, 3, 21, 5, tzinfo=UTC), now) == "2026-05-03 23:05:00 CEST"
