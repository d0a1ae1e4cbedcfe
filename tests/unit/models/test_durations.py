"""Durations as Go writes them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from runwright.models.durations import GoDuration, format_duration, parse_duration


class Limits(BaseModel):
    """A model with a duration."""

    timeout: GoDuration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0", timedelta(0)),
        ("+0", timedelta(0)),
        ("0s", timedelta(0)),
        ("30s", timedelta(seconds=30)),
        ("5m", timedelta(minutes=5)),
        ("1h30m", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        (".5s", timedelta(milliseconds=500)),
        ("1.s", timedelta(seconds=1)),
        ("250ms", timedelta(milliseconds=250)),
        ("3us", timedelta(microseconds=3)),
        ("3µs", timedelta(microseconds=3)),
        ("3μs", timedelta(microseconds=3)),
        ("1ns1000ns", timedelta(microseconds=1)),
        ("-1m30s", -timedelta(seconds=90)),
        ("+1s", timedelta(seconds=1)),
        ("1s1h", timedelta(seconds=3601)),
    ],
)
def test_every_form_that_go_reads_is_read(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "5", "s", ".s", "1d", "1h 30m", " 1s", "1s\n", "1,5s", "--1s", "1m-30s", "PT5S"]
)
def test_what_go_refuses_is_refused_by_its_text(text: str) -> None:
    """A bare number above all: nobody knows its unit."""
    with pytest.raises(ValueError, match="is not a duration such as"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["99999999999999h", f"{'9' * 1_000_001}h"], ids=["2^63", "10^6"])
def test_a_duration_that_no_clock_reaches_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is too long a duration") as refused:
        parse_duration(text)

    assert len(str(refused.value)) < 100


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(microseconds=1), "1µs"),
        (timedelta(microseconds=1500), "1.5ms"),
        (timedelta(milliseconds=250), "250ms"),
        (timedelta(seconds=1.5), "1.5s"),
        (timedelta(seconds=10), "10s"),
        (timedelta(minutes=5), "5m0s"),
        (timedelta(hours=1), "1h0m0s"),
        (timedelta(days=1, seconds=90), "24h1m30s"),
        (-timedelta(seconds=90), "-1m30s"),
        (-timedelta(microseconds=7), "-7µs"),
    ],
)
def test_a_duration_is_written_as_go_writes_it(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


@given(st.timedeltas(timedelta(days=-100_000), timedelta(days=100_000)))
def test_what_is_written_is_read_back_to_the_microsecond(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


def test_a_field_is_text_on_the_wire_and_a_timedelta_in_python() -> None:
    limits = Limits.model_validate({"timeout": "90s"})

    assert limits.timeout == timedelta(seconds=90)
    assert limits.model_dump_json() == '{"timeout":"1m30s"}'
    assert Limits(timeout=timedelta(seconds=90)) == limits


@pytest.mark.parametrize("value", [5, 1.5, True, None, {}, "5", "soon"])
def test_a_field_refuses_what_is_not_a_duration(value: object) -> None:
    """On its own pydantic would read 5 as seconds."""
    with pytest.raises(ValidationError, match="is not a duration such as"):
        Limits.model_validate({"timeout": value})


def test_a_schema_shows_a_text() -> None:
    schema = Limits.model_json_schema()

    assert schema["properties"]["timeout"]["type"] == "string"
