"""Logs as people read them, and as what collects them does."""

import json
import logging
import sys
from datetime import timedelta
from typing import Any

import pytest

from runwright.cli.log_lines import JsonFormatter, LineFormatter


class Mute:
    """Something that cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


def record(message: str = "worker serves", **extra: Any) -> logging.LogRecord:
    """Return the record of an event at half past midnight, seven milliseconds and a bit."""
    made = logging.LogRecord("runwright.worker", logging.INFO, "", 0, message, (), None)
    made.created, made.msecs = 1_767_227_400.0078, 7.8
    vars(made).update(extra)
    return made


def failed(error: Exception, **extra: Any) -> logging.LogRecord:
    """Return the record of an event that comes with an exception."""
    try:
        raise error
    except type(error):
        made = record("look failed", **extra)
        made.exc_info = sys.exc_info()
    return made


def test_an_event_is_an_object_of_one_line() -> None:
    line = JsonFormatter().format(record(action="worker_started", tasks=3, job=("shop", "web")))

    assert json.loads(line) == {
        "time": "2026-01-01T00:30:00.007Z",
        "level": "INFO",
        "logger": "runwright.worker",
        "message": "worker serves",
        "action": "worker_started",
        "tasks": 3,
        "job": ["shop", "web"],
    }
    assert "\n" not in line


def test_what_belongs_to_a_message_is_put_into_it() -> None:
    made = record("task ended: %s")
    made.args = ("Completed",)

    assert json.loads(JsonFormatter().format(made))["message"] == "task ended: Completed"


def test_an_exception_is_a_text_of_the_event() -> None:
    event = json.loads(JsonFormatter().format(failed(ValueError("not a\nnumber"), job="web")))

    assert event["message"] == "look failed"
    assert event["exception"].startswith("Traceback (most recent call last):\n")
    assert event["exception"].endswith("ValueError: not a\nnumber")
    assert event["job"] == "web"


def test_a_stack_is_a_text_of_the_event() -> None:
    made = record()
    made.stack_info = "Stack (most recent call last):\n  here"

    assert json.loads(JsonFormatter().format(made))["stack"].endswith("\n  here")


def test_no_field_takes_the_place_of_what_every_event_has() -> None:
    event = json.loads(JsonFormatter().format(record(time="noon", level=3)))

    assert (event["time"], event["level"]) == ("2026-01-01T00:30:00.007Z", "INFO")
    assert (event["time_"], event["level_"]) == ("noon", 3)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (timedelta(seconds=5), "0:00:05"),
        ({"grace": timedelta(seconds=5)}, {"grace": "0:00:05"}),
        (float("nan"), "nan"),
        ({("shop", "web"): 1}, "{('shop', 'web'): 1}"),
        (Mute(), "<Mute>"),
        ([Mute()], "<list>"),
        (None, None),
    ],
    ids=["duration", "nested", "no number", "key", "mute", "mute within", "nothing"],
)
def test_a_field_that_json_does_not_have_costs_no_event(value: object, told: object) -> None:
    event = json.loads(JsonFormatter().format(record(value=value, action="told")))

    assert event["value"] == told
    assert (event["message"], event["action"]) == ("worker serves", "told")


def test_a_field_that_holds_itself_costs_no_event() -> None:
    ring: list[object] = []
    ring.append(ring)

    event = json.loads(JsonFormatter().format(record(ring=ring)))

    assert event["ring"] == "[[...]]"


def test_a_line_can_be_written_by_a_terminal_of_any_encoding() -> None:
    line = JsonFormatter().format(record("Grüße \ud800", who="Zoë"))

    assert line.isascii()
    assert json.loads(line)["who"] == "Zoë"


def test_a_line_for_people_has_its_fields_behind_it() -> None:
    line = LineFormatter().format(record(action="worker_started", tasks=3, job=("shop", "web")))

    assert line.endswith(".007 INFO runwright.worker: worker serves action=worker_started tasks=3")


def test_a_line_for_people_is_one_line_with_its_traceback_too() -> None:
    line = LineFormatter().format(failed(ValueError("no"), action="look_failed"))

    assert "\n" not in line
    assert "\\nTraceback (most recent call last):\\n" in line
    assert line.endswith("ValueError: no action=look_failed")
